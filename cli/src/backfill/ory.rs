//! Ory's admin API: where it is, and with which token.

use std::{env, sync::Arc, time::Duration};

use super::function::Deployed;
use clap::Args;
use secrecy::SecretString;
use shared::{
    aws::Aws,
    clock::SystemClock,
    config::Endpoint,
    secrets::{ApiKey, AwsSecrets, Cached, KeyProblem, Product, Ttl},
};

/// There is no flag for it: a process list would show it.
const ORY_ACCESS_TOKEN: &str = "ORY_ACCESS_TOKEN";

/// The variables of a function that calls Ory.
const ORY_URL: &str = "ORY_URL";
const ORY_SECRET_ID: &str = "ORY_SECRET_ID";

/// A run may take days, and the token may be rotated meanwhile.
const TTL: Ttl = Ttl(Duration::from_mins(5));

/// Where Ory is.
#[derive(Args)]
#[command(next_help_heading = "Ory")]
pub(super) struct OryArguments {
    /// The root of Ory's admin API, without /admin (default: that of the function).
    #[arg(long, value_name = "URL", env = ORY_URL)]
    ory_url: Option<String>,
    /// The secret with Ory's token, if `ORY_ACCESS_TOKEN` is not set (default: that of the
    /// function).
    #[arg(long, value_name = "ID")]
    ory_secret: Option<String>,
}

/// Ory cannot be reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoOry {
    #[error(
        "it is not known where Ory is: the function has no ORY_URL. Give the root of the admin API \
         with --ory-url"
    )]
    Nowhere,
    #[error("--ory-url: wanted an https URL, or a loopback one")]
    Url,
}

/// A token cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("no token for Ory from {place}")]
pub(super) struct NoToken {
    place: String,
    source: KeyProblem,
}

/// How Ory is told who calls.
pub(super) enum Token {
    /// From the environment.
    Given(SecretString),
    /// From a secret.
    Secret(String, Box<ApiKey>),
    /// A self-hosted Ory asks for none.
    None,
}

impl OryArguments {
    /// The root of the admin API.
    pub(super) fn endpoint(&self, deployed: &Deployed) -> Result<Endpoint, NoOry> {
        let url = self.given_url().map(str::to_owned).or_else(|| deployed.variable(ORY_URL));
        let url = url.ok_or(NoOry::Nowhere)?;
        Endpoint::parse(&url).ok_or(NoOry::Url)
    }

    fn given_url(&self) -> Option<&str> {
        self.ory_url.as_deref().filter(|url| !url.is_empty())
    }

    /// The secret with the token. That of the function goes to the Ory of the function only.
    fn secret_id(&self, deployed: &Deployed) -> Option<String> {
        let is_its_own =
            self.given_url().is_none_or(|url| deployed.env.optional(ORY_URL) == Some(url));
        let of_function = || deployed.variable(ORY_SECRET_ID).filter(|_| is_its_own);
        self.ory_secret.clone().or_else(of_function)
    }

    /// The token.
    pub(super) fn token(&self, deployed: &Deployed, aws: &Aws) -> Token {
        if let Some(token) = env::var(ORY_ACCESS_TOKEN).ok().filter(|token| !token.is_empty()) {
            return Token::Given(token.into());
        }
        match self.secret_id(deployed) {
            Some(id) => {
                let (store, clock) = (Arc::new(AwsSecrets::new(aws)), Arc::new(SystemClock));
                let secret = Cached::current(id.clone(), store, clock, TTL);
                Token::Secret(id, Box::new(ApiKey::new(secret, "access_token", Product::Ory)))
            }
            None => Token::None,
        }
    }
}

impl Token {
    /// The token itself; empty for none.
    pub(super) async fn get(&self) -> Result<SecretString, NoToken> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Secret(id, key) => {
                let place = || format!("the secret {id}");
                key.get().await.map_err(|source| NoToken { place: place(), source })
            }
            Self::None => Ok(SecretString::default()),
        }
    }

    /// Where it comes from, for whoever has to replace it.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Given(_) => format!("the variable {ORY_ACCESS_TOKEN}"),
            Self::Secret(id, _) => format!("the secret {id}"),
            Self::None => format!("nowhere: set {ORY_ACCESS_TOKEN}, or --ory-secret"),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::config::Environment;

    use super::*;

    #[test]
    fn token_of_the_function_goes_to_its_own_ory_only() {
        let own = "https://ory.example";
        let deployed = Deployed {
            name: "welcome".to_owned(),
            handler: "mandrill-welcome".to_owned(),
            env: Environment::of([(ORY_URL, own), (ORY_SECRET_ID, "secret")]),
        };
        let table = [
            (None, None, Some("secret")),
            (Some(""), None, Some("secret")),
            (Some(own), None, Some("secret")),
            (Some("https://other.example"), None, None),
            (Some("https://other.example"), Some("given"), Some("given")),
        ];
        for (url, secret, expected) in table {
            let [ory_url, ory_secret] = [url, secret].map(|text| text.map(str::to_owned));
            let arguments = OryArguments { ory_url, ory_secret };
            assert_eq!(arguments.secret_id(&deployed).as_deref(), expected, "{url:?} {secret:?}");
        }
    }
}
