//! The functions as a run deploys them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
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
  local address = ctx.event.data.email;
  if std.startsWith(address, 'test-') then error 'cancel: a test account'
  else { segment: { userId: address, traits: { newsletterConsent: true } } }";

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

    /// Whether it keeps records.
    pub(crate) fn has_records(self) -> bool {
        self != Self::Segment
    }
}

/// How one function is deployed.
pub(crate) struct Settings {
    pub(crate) which: Which,
    pub(crate) has_queue: bool,
    pub(crate) has_reply: bool,
    /// Whether its template names its own key.
    pub(crate) is_named: bool,
    vendor_timeout_ms: usize,
}

impl Settings {
    pub(crate) fn draw(which: Which, chance: &Chance) -> Self {
        Self {
            which,
            has_queue: chance.is(0.75),
            has_reply: which == Which::Mandrill && chance.is(0.3),
            is_named: which == Which::Mandrill && chance.is(0.5),
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
            Which::Mailchimp => all.push(("TEMPLATE", encoded(BY_ADDRESS))),
            _ => {}
        }
        all
    }
}

fn encoded(template: &str) -> String {
    format!("base64://{}", STANDARD.encode(template))
}
