//! `mandrill-webhook`: makes the webhook at Mandrill that calls `mandrill-inbound`, with every event
//! named, and keeps its key. <https://mailchimp.com/developer/transactional/api/webhooks/add-webhook/>

mod api;
mod arguments;
mod instructions;
#[cfg(feature = "aws")]
mod secret;

use std::{env, process::ExitCode};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use secrecy::{ExposeSecret, SecretString};
use shared::{config::Endpoint, http::Client, mailchimp, secrets::is_placeholder};

pub use self::instructions::put_key;
#[cfg(not(feature = "aws"))]
use self::{api::Webhook, arguments::DEFAULT_EVENTS};
#[cfg(feature = "aws")]
pub(crate) use self::{
    api::Webhook,
    arguments::{DEFAULT_EVENTS, is_placeholder_url},
};
use self::{
    api::{Api, Change},
    arguments::{EVENTS, fit_url},
    instructions::instructions,
};
use crate::{command::Done, confirm::confirm, exit::InvalidInput, output};

/// There is no flag for it: a process list would show it.
pub(crate) const MANDRILL_API_KEY: &str = "MANDRILL_API_KEY";

/// The root of Mandrill's API.
pub(crate) const DEFAULT_URL: &str = "https://mandrillapp.com/api/1.0";

/// The name of the key in the secret.
#[cfg(feature = "aws")]
pub(crate) const FIELD: &str = "webhook_key";

const EXAMPLES: &str = "\
Examples:
  # print how to make the webhook
  ory-actions mandrill-webhook --url \"$MANDRILL_INBOUND_URL\"

  # make it, or find it, and put its key into the secret of the function
  MANDRILL_API_KEY=… cargo run --features aws -- mandrill-webhook \\
    --url \"$MANDRILL_INBOUND_URL\" --secret-id \"$MANDRILL_WEBHOOK_SECRET_ID\" --apply

MANDRILL_API_KEY is a Mandrill API key. Neither it nor the key of the webhook is
printed. After a reset of the key in Mandrill, run the command again.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MandrillWebhook {
    /// The URL of the function, exactly as `MANDRILL_WEBHOOK_URL` has it: <https://….on.aws/>
    #[arg(long)]
    url: String,
    /// The events that the webhook reports, separated by commas.
    #[arg(long, value_name = "EVENTS", value_delimiter = ',', default_values = DEFAULT_EVENTS, value_parser = events())]
    events: Vec<String>,
    /// Make the webhook, or give the one with this URL these events; asks first.
    #[arg(long)]
    apply: bool,
    /// Do not ask.
    #[arg(long, requires = "apply")]
    yes: bool,
    /// The name or ARN of the secret for the key of the webhook. A build with `--features aws` puts it
    /// there; any other prints the command.
    #[arg(long, value_name = "ID")]
    secret_id: Option<String>,
    /// The root of the Mandrill API.
    #[arg(long, value_name = "URL", env = "MANDRILL_URL", default_value = DEFAULT_URL)]
    mandrill_url: String,
}

fn events() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(EVENTS.map(mandrill_inbound::event::Kind::word))
}

/// Why the account cannot be reached. No message holds the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum Unfit {
    #[error("{MANDRILL_API_KEY} is not set; set it to a Mandrill API key")]
    NoKey,
    #[error("{MANDRILL_API_KEY} is not a Mandrill API key")]
    OtherProduct,
    #[error("--mandrill-url: not an https URL")]
    Url,
}

/// Each of them signs with a key of its own.
#[derive(Debug, thiserror::Error)]
#[error(
    "Mandrill has {0} webhooks with this URL, each with a key of its own; delete all but one \
     (Settings, Webhooks)"
)]
struct Ambiguous(usize);

impl MandrillWebhook {
    pub(crate) async fn run(self) -> Done {
        let url = fit_url(&self.url).map_err(InvalidInput::new)?;
        let root =
            Endpoint::parse(&self.mandrill_url).ok_or_else(|| InvalidInput::new(Unfit::Url))?;
        let secret = self.secret_id.as_deref();
        if !self.apply {
            output::line(instructions(root.as_str(), url, &self.events, secret))?;
            output::note("note: Nothing was sent. To make the webhook, add --apply.");
            return Ok(ExitCode::SUCCESS);
        }
        let key = key().map_err(InvalidInput::new)?;
        let client = Client::new()?;
        let api = Api { http: &client, root, key: &key };
        let mut with_url = api.webhooks().await?;
        with_url.retain(|webhook| webhook.url == url);
        if with_url.len() > 1 {
            return Err(Ambiguous(with_url.len()).into());
        }
        let found = with_url.pop();
        let change = match &found {
            Some(webhook) => Change::of(webhook, &self.events),
            None => Some(Change::add(url, &self.events)),
        };
        if let Some(change) = &change {
            let call = api.root.join(change.method);
            output::line(format_args!("POST {call}\n{:#}\n", change.fields))?;
            if !self.yes && !confirm().await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        let webhook = match (change, found) {
            (Some(change), _) => api.make(&change).await?,
            (None, Some(found)) => found,
            // Where none is found, there is a change.
            (None, None) => return Ok(ExitCode::FAILURE),
        };
        let Webhook { id, events, .. } = &webhook;
        output::line(format_args!(
            "Webhook {id} is there, with the events {}.",
            events.join(", ")
        ))?;
        let is_kept = self.keep_key(&webhook, &client).await?;
        if !is_kept {
            let put = put_key(api.root.as_str(), url, secret);
            output::line(format_args!(
                "\nTo put its key into the secret of the function:\n\n{put}"
            ))?;
        }
        output::note(format_args!(
            "note: Deploy with the parameter MandrillWebhookUrl set to exactly this URL."
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// Puts the key of the webhook into its secret; false if somebody else has to.
    #[cfg(feature = "aws")]
    async fn keep_key(
        &self,
        webhook: &Webhook,
        client: &Client,
    ) -> Result<bool, Box<dyn std::error::Error>> {
        let Some(id) = &self.secret_id else { return Ok(false) };
        let secret = secret::Secret::at(id, client).await;
        let current = secret.key().await?;
        // The same key as a new version would push out the previous one.
        if current.is_some_and(|key| key.expose_secret() == webhook.auth_key.expose_secret()) {
            output::line("The secret has its key.")?;
            return Ok(true);
        }
        output::line(format_args!("Its key becomes the current version of the secret {id}."))?;
        if !self.yes && !confirm().await? {
            return Ok(false);
        }
        secret.put(&webhook.auth_key).await?;
        output::line("The key is in the secret. The function reads it within 5 minutes.")?;
        Ok(true)
    }

    /// A build without the AWS SDK cannot.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "as in the other build")]
    async fn keep_key(&self, _: &Webhook, _: &Client) -> Result<bool, Box<dyn std::error::Error>> {
        Ok(false)
    }
}

/// The key in the environment.
pub(crate) fn from_environment() -> Option<SecretString> {
    env::var(MANDRILL_API_KEY).ok().filter(|key| !key.is_empty()).map(SecretString::from)
}

fn key() -> Result<SecretString, Unfit> {
    let key = from_environment().ok_or(Unfit::NoKey)?;
    let is_other = |key: &str| is_placeholder(key) || mailchimp::is_key(key);
    if is_other(key.expose_secret()) { Err(Unfit::OtherProduct) } else { Ok(key) }
}
