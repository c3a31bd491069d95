//! The functions as a run deploys them.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use shared::{
    accept::ORY_LIMIT,
    config::Environment,
    function::Function,
    key::FunctionArn,
    lambda::{LAMBDA_TIMEOUT, StartError},
    settings::{Ports, RecordSettings, Settings as Common},
};

use crate::{chance::Chance, fault::Fault, mailchimp::LISTS};

/// What callers present, first, and after a rotation; and what unauthenticated callers do.
pub(crate) const CALLER_SECRET: &str = "simulated-caller-secret";
pub(crate) const NEXT_SECRET: &str = "simulated-caller-secret-rotated";
pub(crate) const UNKNOWN_SECRET: &str = "simulated-unknown-secret";
/// What vendors take, and what they do not.
pub(crate) const VENDOR_KEY: &str = "simulated-vendor-key";
pub(crate) const WRONG_KEY: &str = "simulated-wrong-key";

/// The URL of Mandrill's webhook, which is signed.
pub(crate) const MANDRILL_HOOK: &str = "https://mandrill-inbound.test/";

/// For how long `mandrill-inbound` may work on a call.
const MANDRILL_LIMIT: Duration = Duration::from_secs(10);

/// The names of the secrets.
pub(crate) const CALLERS: &str = "caller";
const VENDORS: &str = "vendor";

/// The line by which the shipped template names a key of its own.
const NAMED: &str = "[if std.get(ctx.identity, 'id') != null then 'idempotency_key']";
const UNNAMED: &str = "[if false then 'idempotency_key']";

/// Tells Segment of whom Mailchimp knows by an address alone.
const BY_ADDRESS: &str = include_str!("by_address.jsonnet");

/// Keeps the consent to each list apart, and since when it is given.
const BY_LIST: &str = include_str!("by_list.jsonnet");

/// The line by which the shipped template names a person to Segment.
const USER: &str = "userId: ctx.identity.id";
const NO_USER: &str = "userId: ''";

/// The shipped template, and a tag.
const TAGGED: &str =
    "local shipped = SHIPPED; function(ctx) shipped(ctx) + {tags: {customer: true}}";

/// A template that somebody deploys, and soon mends.
const BROKEN: &str = "function(ctx) error 'this is a mistake'";

/// A reply that changes nothing.
const REPLY: &str = "function(ctx, outcome) null";

/// Which function.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Which {
    Mandrill,
    Segment,
    Mailchimp,
    Subscribe,
    MandrillEvents,
}

impl Which {
    /// Those whose events are planned, and that which is told of mails.
    pub(crate) const OF_EVENTS: [Self; 4] =
        [Self::Mandrill, Self::Segment, Self::Mailchimp, Self::MandrillEvents];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mandrill => mandrill_welcome::NAME,
            Self::Segment => segment_identify::NAME,
            Self::Mailchimp => mailchimp_inbound::NAME,
            Self::Subscribe => mailchimp_subscribe::NAME,
            Self::MandrillEvents => mandrill_inbound::NAME,
        }
    }

    pub(crate) fn arn(self) -> FunctionArn {
        FunctionArn::new(&format!("arn:aws:lambda:eu-central-1:1:function:{}", self.name()))
    }

    /// How long its caller may wait for an answer inline.
    pub(crate) fn limit(self) -> Duration {
        match self {
            Self::Mandrill | Self::Segment | Self::Subscribe => ORY_LIMIT,
            Self::Mailchimp => mailchimp_inbound::MAILCHIMP_LIMIT,
            Self::MandrillEvents => MANDRILL_LIMIT,
        }
    }

    /// How long Lambda lets it run, as `template.yaml` has it.
    pub(crate) fn timeout(self) -> Duration {
        match self {
            Self::Subscribe => mailchimp_subscribe::TIMEOUT,
            _ => LAMBDA_TIMEOUT,
        }
    }

    /// How many deliveries there are at once at most, as `template.yaml` has it.
    pub(crate) fn most_at_once(self) -> usize {
        if self == Self::Subscribe { 2 } else { usize::MAX >> 3 }
    }
}

/// What mailchimp-inbound does with its events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Inbound {
    /// It calls Segment, but not Ory.
    ByAddress,
    /// What the shipped template says.
    Shipped,
    /// Each list has a consent of its own, in the metadata.
    ByList,
}

impl Inbound {
    /// Whether Ory is configured.
    pub(crate) fn has_ory(self) -> bool {
        self != Self::ByAddress
    }

    /// Whether the template cancels what is about such an address.
    pub(crate) fn cancels(self, address: &str) -> bool {
        self != Self::Shipped && address.starts_with("test-")
    }

    /// Where an identity has the consent to a list; the shipped template has one for all lists.
    pub(crate) fn consent_path(self, list: &str) -> Option<String> {
        match self {
            Self::ByAddress => None,
            Self::Shipped => Some("/traits/consent/newsletter".to_owned()),
            Self::ByList => Some(format!("/metadata_public/mailchimp/{list}/consent")),
        }
    }

    /// Where an identity has the address that bounced.
    pub(crate) fn bounced_path(self, list: &str) -> Option<String> {
        match self {
            Self::ByAddress => None,
            Self::Shipped => Some("/metadata_public/mailchimp/undeliverable".to_owned()),
            Self::ByList => Some(format!("/metadata_public/mailchimp/{list}/bounced")),
        }
    }

    /// Under which name Segment receives it.
    pub(crate) fn consent_trait(self, list: &str) -> String {
        match self {
            Self::ByList => format!("newsletter_{list}"),
            Self::ByAddress | Self::Shipped => "newsletterConsent".to_owned(),
        }
    }

    fn template(self) -> Option<&'static str> {
        match self {
            Self::ByAddress => Some(BY_ADDRESS),
            Self::Shipped => None,
            Self::ByList => Some(BY_LIST),
        }
    }

    fn ory(self) -> impl Iterator<Item = (&'static str, String)> {
        let ory = [("ORY_URL", "https://ory.test"), ("ORY_SECRET_ID", VENDORS)];
        let ory = ory.map(|(name, value)| (name, value.to_owned()));
        ory.into_iter().filter(move |_| self.has_ory())
    }
}

/// What an operator decides about an audience that follows people.
#[derive(Clone, Copy, Default)]
pub(crate) struct Following {
    opt_in: Option<&'static str>,
    unverified: Option<&'static str>,
    not_opted_in: Option<&'static str>,
    has_tags: bool,
    /// Whether a backfill reads identities again.
    reads_again: bool,
}

impl Following {
    fn draw(chance: &Chance) -> Self {
        Self {
            opt_in: [None, Some("list"), Some("confirm"), Some("trust")][chance.number(0..4)],
            unverified: [None, Some("wait"), Some("confirm")][chance.number(0..3)],
            not_opted_in: [None, Some("skip"), Some("transactional")][chance.number(0..3)],
            has_tags: chance.is(0.3),
            reads_again: chance.is(0.7),
        }
    }

    fn variables(self) -> impl Iterator<Item = (&'static str, String)> {
        let all = [
            ("OPT_IN", self.opt_in),
            ("UNVERIFIED", self.unverified),
            ("NOT_OPTED_IN", self.not_opted_in),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())))
    }
}

/// How one function is deployed.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Settings {
    pub(crate) which: Which,
    pub(crate) has_queue: bool,
    pub(crate) has_table: bool,
    pub(crate) has_reply: bool,
    /// Whether its template names its own key, and whether the one that is deployed later does.
    pub(crate) is_named: bool,
    pub(crate) is_named_later: bool,
    /// Whether the Segment part of the template that is deployed later is unfit.
    pub(crate) is_unfit_later: bool,
    /// How long a record lives.
    pub(crate) record_ttl: Duration,
    pub(crate) inbound: Inbound,
    /// Whether people are on two lists.
    pub(crate) has_two_lists: bool,
    vendor_timeout_ms: usize,
    following: Following,
}

/// Which template is deployed when a sandbox starts.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Deployed {
    pub(crate) is_later: bool,
    pub(crate) is_broken: bool,
}

impl Settings {
    pub(crate) fn draw(which: Which, chance: &Chance) -> Self {
        // It does not start without a queue and a table.
        let needs_both = which == Which::MandrillEvents;
        let has_queue = chance.is(0.75) || needs_both;
        let is_named = which == Which::Mandrill && chance.is(0.5);
        let is_renamed = which == Which::Mandrill && chance.has(Fault::RenamedKey, 0.08);
        let inbound = [Inbound::Shipped, Inbound::ByList, Inbound::ByAddress]
            [chance.number(0..5).min(chance.number(0..3))];
        let is_unfit_later = which == Which::Mailchimp
            && inbound == Inbound::Shipped
            && chance.has(Fault::UnfitSegment, 0.01);
        let lacks_table = chance.has(Fault::NoTable, 0.2);
        let hours = if chance.has(Fault::ShortLived, 0.08) { 1 } else { 720 };
        let settings = Self {
            which,
            has_queue,
            has_table: !lacks_table || needs_both,
            has_reply: which == Which::Mandrill && chance.is(0.3),
            is_named,
            is_named_later: is_named != is_renamed,
            is_unfit_later,
            record_ttl: Duration::from_hours(hours),
            inbound,
            has_two_lists: inbound == Inbound::ByList || chance.has(Fault::TwoLists, 0.15),
            vendor_timeout_ms: [15_000, 3_000, 2_000, 23_000][chance.number(0..4)],
            following: Following::default(),
        };
        // Whoever deploys it without one finds out that it does not start.
        Self { has_table: settings.has_table || !settings.may_start(), ..settings }
    }

    /// How a function is deployed in the loop between Ory and an audience.
    pub(crate) fn draw_following(which: Which, chance: &Chance) -> Self {
        let hours = if chance.has(Fault::ShortLived, 0.08) { 1 } else { 720 };
        let most = if which == Which::Subscribe { 35_000 } else { 15_000 };
        Self {
            which,
            has_queue: chance.is(0.85),
            has_table: true,
            has_reply: false,
            is_named: false,
            is_named_later: false,
            is_unfit_later: false,
            record_ttl: Duration::from_hours(hours),
            inbound: Inbound::Shipped,
            has_two_lists: false,
            vendor_timeout_ms: [most, most, 3_000, 10_000][chance.number(0..4)],
            following: Following::draw(chance),
        }
    }

    /// Whether a backfill reads identities again.
    pub(crate) fn reads_again(&self) -> bool {
        self.following.reads_again
    }

    /// Whether somebody whose address is not verified is to be asked for confirmation.
    pub(crate) fn asks_unverified(&self) -> bool {
        self.following.unverified == Some("confirm")
    }

    /// Whether somebody who opts in with a verified address is subscribed at once, in an audience
    /// that has double opt-in or not.
    pub(crate) fn subscribes_at_once(&self, double_opt_in: bool) -> bool {
        match self.following.opt_in {
            Some("trust") => true,
            Some("confirm") => false,
            _ => !double_opt_in,
        }
    }

    /// Whether the function starts as far as its table goes: with a queue, it needs one.
    fn may_start(&self) -> bool {
        let env = Environment::of(self.variables(Deployed { is_later: false, is_broken: false }));
        let settings = Common::from_env(&env).expect("settings that can be used");
        RecordSettings::from_env(&env, &settings).is_ok()
    }

    /// Whether the function does without a table, as documented: it has no queue.
    pub(crate) fn does_without_table(&self) -> bool {
        !self.has_table && !self.has_queue
    }

    /// Whether another template is deployed in the run.
    pub(crate) fn changes_later(&self) -> bool {
        self.is_named != self.is_named_later || self.is_unfit_later
    }

    /// Starts the function in a sandbox.
    pub(crate) fn start(&self, deployed: Deployed, ports: &Ports) -> Arc<dyn Function> {
        let env = Environment::of(self.variables(deployed));
        let built: Result<_, StartError> = match self.which {
            Which::Mandrill => mandrill_welcome::build(&env, ports),
            Which::Segment => segment_identify::build(&env, ports),
            Which::Mailchimp => mailchimp_inbound::build(&env, ports),
            Which::Subscribe => mailchimp_subscribe::build(&env, ports),
            Which::MandrillEvents => mandrill_inbound::build(&env, ports),
        };
        built.expect("a function that starts")
    }

    fn variables(&self, deployed: Deployed) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("WEBHOOK_SECRET_ID", CALLERS.to_owned()),
            ("MANDRILL_WEBHOOK_SECRET_ID", CALLERS.to_owned()),
            ("MANDRILL_WEBHOOK_URL", MANDRILL_HOOK.to_owned()),
            ("MANDRILL_SECRET_ID", VENDORS.to_owned()),
            ("MANDRILL_URL", "https://mandrill.test/api/1.0".to_owned()),
            ("SEGMENT_SECRET_ID", VENDORS.to_owned()),
            ("SEGMENT_URL", "https://segment.test/v1".to_owned()),
            ("RECORD_TTL_HOURS", (self.record_ttl.as_secs() / 3600).to_string()),
            ("VENDOR_TIMEOUT_MS", self.vendor_timeout_ms.to_string()),
            ("MAILCHIMP_SECRET_ID", VENDORS.to_owned()),
            ("MAILCHIMP_LIST_ID", LISTS[0].to_owned()),
            ("MAILCHIMP_URL", "https://mailchimp.test/3.0".to_owned()),
            ("FROM_EMAIL", "welcome@example.com".to_owned()),
            ("LOG_LEVEL", "error".to_owned()),
        ];
        if self.has_table {
            all.push(("RECORDS_TABLE", "records".to_owned()));
        }
        if self.has_queue {
            all.push(("QUEUE_URL", "https://queue.test/".to_owned()));
        }
        if self.has_reply {
            all.push(("REPLY_TEMPLATE", encoded(REPLY)));
        }
        if self.which == Which::Mailchimp || self.following.reads_again {
            all.extend(self.inbound.ory());
        } else if self.which == Which::MandrillEvents {
            all.extend(Inbound::Shipped.ory());
        }
        all.extend(self.following.variables());
        all.extend(self.template(deployed).map(|code| ("TEMPLATE", encoded(&code))));
        all
    }

    fn template(&self, deployed: Deployed) -> Option<String> {
        if deployed.is_broken {
            return Some(BROKEN.to_owned());
        }
        let is_named = if deployed.is_later { self.is_named_later } else { self.is_named };
        match self.which {
            Which::Mandrill if !is_named => {
                let shipped = mandrill_welcome::shipped_template();
                assert!(shipped.code().contains(NAMED), "the shipped template names its key");
                Some(shipped.code().replace(NAMED, UNNAMED))
            }
            Which::Mailchimp if deployed.is_later && self.is_unfit_later => {
                Some(mailchimp_inbound::shipped_template().code().replace(USER, NO_USER))
            }
            Which::Mailchimp => self.inbound.template().map(str::to_owned),
            Which::Subscribe if self.following.has_tags => {
                let shipped = mailchimp_subscribe::shipped_template();
                Some(TAGGED.replace("SHIPPED", shipped.code()))
            }
            Which::Mandrill | Which::Segment | Which::Subscribe | Which::MandrillEvents => None,
        }
    }
}

fn encoded(template: &str) -> String {
    format!("base64://{}", STANDARD.encode(template))
}
