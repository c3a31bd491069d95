//! Whether Ory still has the identity.

use std::{env, sync::Arc, time::Duration};

use clap::Args;
use shared::{
    budget::Budget,
    clock::SystemClock,
    config::Endpoint,
    deliver::VendorClient,
    ory::{Admin, Ory},
    secrets::{ApiKey, Cached, MemorySecrets, Product, SecretStore, Ttl},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::stack::Stack;

/// There is no flag for it: a process list would show it.
const ORY_ACCESS_TOKEN: &str = "ORY_ACCESS_TOKEN";

/// The setting with the root of the admin API, and that with the secret of its token.
const ORY_URL: &str = "ORY_URL";
const ORY_SECRET_ID: &str = "ORY_SECRET_ID";

/// The functions that know where Ory is.
const KNOWING: [&str; 3] =
    [mailchimp_inbound::NAME, mailchimp_subscribe::NAME, mandrill_inbound::NAME];

/// All calls together. One takes much less.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than the command asks.
const TTL: Ttl = Ttl(Duration::from_mins(5));

/// Where Ory's admin API is, unless the functions know it.
#[derive(Args)]
pub(super) struct OryArguments {
    /// The root of the Ory admin API, without `/admin` (default: that of the stack). `ORY_ACCESS_TOKEN`
    /// holds its token; a self-hosted Ory needs none.
    #[arg(long, value_name = "URL", env = ORY_URL)]
    ory_url: Option<String>,
}

/// Why a person is not erased.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "Ory still has the identity {0}, and would cause new events. Delete it first: ory delete \
         identity {0}. To keep it in Ory, add --keep-identity"
    )]
    StillThere(Uuid),
    #[error(
        "cannot tell whether Ory still has the identity: {0}. To go on all the same, add --keep-identity"
    )]
    Unknown(String),
}

impl OryArguments {
    /// Makes sure that Ory has no such identity.
    pub(super) async fn check_gone(self, stack: &Stack, identity: Uuid) -> Result<(), Refusal> {
        let client = self.client(stack)?;
        let now = OffsetDateTime::now_utc();
        let budget = Budget::inline(PATIENCE, now, now + PATIENCE);
        let admin = Admin { client: &client, budget: &budget };
        match admin.identity(identity).await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(Refusal::StillThere(identity)),
            Err(report) => Err(Refusal::Unknown(report.outcome.cause().unwrap_or_default())),
        }
    }

    fn client(self, stack: &Stack) -> Result<VendorClient<Ory>, Refusal> {
        let mut knowing = KNOWING.into_iter().filter_map(|name| stack.function(name));
        let knowing = knowing.find(|live| live.setting(ORY_URL).is_some());
        let of_stack = |name| knowing.and_then(|live| live.setting(name)).map(str::to_owned);
        let token = env::var(ORY_ACCESS_TOKEN).ok().filter(|token| !token.is_empty());
        // The token of the stack goes to the Ory of the stack only.
        let secret_id = if self.ory_url.is_some() { None } else { of_stack(ORY_SECRET_ID) };
        let unknown = || Refusal::Unknown(format!("{ORY_URL} is not set"));
        let url = self.ory_url.or_else(|| of_stack(ORY_URL)).ok_or_else(unknown)?;
        let unusable = || Refusal::Unknown(format!("{ORY_URL} is no https URL"));
        let endpoint = Endpoint::parse(&url).ok_or_else(unusable)?;
        let key = match (token, secret_id) {
            (Some(token), _) => {
                let typed = MemorySecrets::default();
                typed.put(ORY_ACCESS_TOKEN, &token);
                key(ORY_ACCESS_TOKEN.to_owned(), Arc::new(typed))
            }
            (None, Some(id)) => key(id, Arc::new(stack.secrets())),
            (None, None) => ApiKey::none(Product::Ory),
        };
        let vendor = Ory { endpoint, http: stack.http.clone() };
        Ok(VendorClient { vendor, key: Arc::new(key), timeout: PATIENCE })
    }
}

fn key(id: String, store: Arc<dyn SecretStore>) -> ApiKey {
    let secret = Cached::current(id, store, Arc::new(SystemClock), TTL);
    ApiKey::new(secret, "access_token", Product::Ory)
}
