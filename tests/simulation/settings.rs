//! The functions as a run deploys them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{
    accept::ORY_LIMIT,
    config::Environment,
    key::FunctionArn,
    lambda::{Function, StartError},
    settings::Ports,
};

use crate::chance::Chance;

/// What callers present.
pub(crate) const CALLER_SECRET: &str = "simulated-caller-secret";
/// What vendors take, and what they do not.
pub(crate) const VENDOR_KEY: &str = "simulated-vendor-key";
pub(crate) const WRONG_KEY: &str = "simulated-wrong-key";

/// The names of the secrets.
pub(crate) const CALLERS: &str = "caller";
const VENDORS: &str = "vendor";

/// The line by which the shipped template names a key of its own.
const NAMED: &str = "[if get(ctx.identity, 'id') != null then 'idempotency_key']";
const UNNAMED: &str = "[if false then 'idempotency_key']";

/// Tells Segment of whom Mailchimp knows by an address alone.
const BY_ADDRESS: &str = "function(ctx)
  local data = ctx.event.data;
  local address = std.get(data, 'old_email', std.get(data, 'email'));
  if std.startsWith(address, 'test-') then error 'cancel: a test account'
  else { segment: { userId: address, traits: { told: ctx.event.type } } }";

/// Keeps the consent to each list apart, and since when it is given.
const BY_LIST: &str = include_str!("by_list.jsonnet");

/// A reply that changes nothing.
const REPLY: &str = "function(ctx, outcome) null";

/// Which function.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Which {
    Mandrill,
    Segment,
    Mailchimp,
}

impl Which {
    pub(crate) const ALL: [Self; 3] = [Self::Mandrill, Self::Segment, Self::Mailchimp];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mandrill => mandrill_welcome::NAME,
            Self::Segment => segment_identify::NAME,
            Self::Mailchimp => mailchimp_inbound::NAME,
        }
    }

    pub(crate) fn arn(self) -> FunctionArn {
        FunctionArn::new(&format!("arn:aws:lambda:eu-central-1:1:function:{}", self.name()))
    }

    /// How long its caller may wait for an answer in line.
    pub(crate) fn limit(self) -> std::time::Duration {
        match self {
            Self::Mandrill | Self::Segment => ORY_LIMIT,
            Self::Mailchimp => mailchimp_inbound::MAILCHIMP_LIMIT,
        }
    }

    /// Whether it claims each event.
    pub(crate) fn has_claims(self) -> bool {
        self == Self::Mandrill
    }
}

/// What mailchimp-inbound does with its events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Inbound {
    /// It tells Segment, and no Ory.
    ByAddress,
    /// What the shipped template says.
    Shipped,
    /// Each list has a consent of its own, in the metadata.
    ByList,
}

impl Inbound {
    /// Whether Ory is there to be told.
    pub(crate) fn has_ory(self) -> bool {
        self != Self::ByAddress
    }

    /// Whether the template cancels what is about such an address.
    pub(crate) fn cancels(self, address: &str) -> bool {
        self != Self::Shipped && address.starts_with("test-")
    }

    /// Where an identity has what is written of a list's consent.
    pub(crate) fn place(self, list: &str) -> Option<String> {
        match self {
            Self::ByAddress => None,
            Self::Shipped => Some("/traits/consent/newsletter".to_owned()),
            Self::ByList => Some(format!("/metadata_public/mailchimp/{list}")),
        }
    }

    /// The consent that an identity has given.
    pub(crate) fn consent(self, list: &str, identity: &Value) -> Value {
        let place = self.place(list).unwrap_or_default();
        let at = |path: &str| identity.pointer(path).cloned().unwrap_or_default();
        match self {
            Self::ByList => json!([at(&format!("{place}/consent")), at(&format!("{place}/since"))]),
            _ => at(&place),
        }
    }

    fn variables(self) -> Vec<(&'static str, String)> {
        let template = match self {
            Self::ByAddress => Some(("TEMPLATE", encoded(BY_ADDRESS))),
            Self::Shipped => None,
            Self::ByList => Some(("TEMPLATE", encoded(BY_LIST))),
        };
        let ory = [("ORY_URL", "https://ory.test"), ("ORY_SECRET_ID", VENDORS)];
        let ory = ory.map(|(name, value)| (name, value.to_owned()));
        template.into_iter().chain(ory.into_iter().filter(|_| self.has_ory())).collect()
    }
}

/// How one function is deployed.
pub(crate) struct Settings {
    pub(crate) which: Which,
    pub(crate) has_queue: bool,
    pub(crate) has_reply: bool,
    /// Whether its template names its own key.
    pub(crate) is_named: bool,
    pub(crate) inbound: Inbound,
    vendor_timeout_ms: usize,
}

impl Settings {
    pub(crate) fn draw(which: Which, chance: &Chance) -> Self {
        Self {
            which,
            has_queue: chance.is(0.75),
            has_reply: which == Which::Mandrill && chance.is(0.3),
            is_named: which == Which::Mandrill && chance.is(0.5),
            inbound: [Inbound::Shipped, Inbound::ByList, Inbound::ByAddress]
                [chance.number(0..5).min(chance.number(0..3))],
            vendor_timeout_ms: [15_000, 3_000, 30_000][chance.number(0..3)],
        }
    }

    /// Starts the function in a sandbox.
    pub(crate) fn start(&self, ports: &Ports) -> Arc<dyn Function> {
        let env = Environment::of(self.variables());
        let built: Result<_, StartError> = match self.which {
            Which::Mandrill => mandrill_welcome::build(&env, ports),
            Which::Segment => segment_identify::build(&env, ports),
            Which::Mailchimp => mailchimp_inbound::build(&env, ports),
        };
        built.expect("a function that starts")
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("WEBHOOK_SECRET_ID", CALLERS.to_owned()),
            ("MANDRILL_SECRET_ID", VENDORS.to_owned()),
            ("MANDRILL_URL", "https://mandrill.test/api/1.0".to_owned()),
            ("SEGMENT_SECRET_ID", VENDORS.to_owned()),
            ("SEGMENT_URL", "https://segment.test/v1".to_owned()),
            ("RECORDS_TABLE", "records".to_owned()),
            ("VENDOR_TIMEOUT_MS", self.vendor_timeout_ms.to_string()),
            ("LOG_LEVEL", "error".to_owned()),
        ];
        if self.has_queue {
            all.push(("QUEUE_URL", "https://queue.test/".to_owned()));
        }
        if self.has_reply {
            all.push(("REPLY_TEMPLATE", encoded(REPLY)));
        }
        match self.which {
            Which::Mandrill if !self.is_named => {
                let shipped = mandrill_welcome::shipped_template();
                all.push(("TEMPLATE", encoded(&shipped.code().replace(NAMED, UNNAMED))));
            }
            Which::Mailchimp => all.extend(self.inbound.variables()),
            _ => {}
        }
        all
    }
}

fn encoded(template: &str) -> String {
    format!("base64://{}", STANDARD.encode(template))
}
