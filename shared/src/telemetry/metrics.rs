//! Metrics in CloudWatch's embedded metric format: part of a log line, without a call of their own.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::iter;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

/// The namespace of all our metrics.
const NAMESPACE: &str = "OryActions";

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What is counted. The dimensions are the stack and the function.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Metric { $($(#[$doc])* $name,)* }

        impl Metric {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

metrics! {
    /// Events received: authenticated and well-formed.
    Received,
    /// Events enqueued.
    Enqueued,
    /// Events that a vendor has. A delivery that is tried later or is in doubt counts 0, so that
    /// a vendor that is down differs from one that has nothing to do.
    Delivered,
    /// Events that a vendor will never accept for this person.
    Rejected,
    /// Events deliberately not delivered.
    Skipped,
    /// Events that had been done before.
    Duplicate,
    /// Deliveries to be tried later.
    Retried,
    /// Deliveries that wait for an operator, backlogs at a vendor, unusable caller's secrets.
    Blocked,
    /// Deliveries in doubt.
    InDoubt,
    /// Faults of templates.
    TemplateFault,
    /// Callers that were rejected.
    Unauthorized,
    /// Answers with a status of 500 and above.
    ServerError,
    /// Mailchimp's events that fit no identity.
    Unmatched,
    /// Those of them that withdraw consent: an operator has to look.
    UnmatchedWithdrawal,
    /// Mailchimp's events that would have restored a consent which was withdrawn in Ory since.
    StaleConsent,
    /// People whom Mailchimp will not mail, whatever they say to us: a contact that bounced, or whose
    /// state or erasure forbids it.
    Compliance,
    /// Mailchimp's events of a list that is not accepted.
    ListNotAccepted,
    /// Mailchimp's events whose `ORY_ID` names somebody else than their address.
    IdentityMismatch,
    /// Mailchimp's events whose signature is too old.
    StaleSignature,
    /// How long a vendor took, in milliseconds.
    VendorLatency,
}

/// The metrics that are counted for the stack as a whole, too: one alarm then watches all functions.
/// CloudWatch bills each metric of each set of dimensions, so only what an alarm watches is here.
const OF_THE_STACK: [Metric; 4] =
    [Metric::Blocked, Metric::TemplateFault, Metric::Unauthorized, Metric::ServerError];

impl Metric {
    fn unit(self) -> &'static str {
        match self {
            Self::VendorLatency => "Milliseconds",
            _ => "Count",
        }
    }
}

/// Metrics as fields of a log line: a metric's name and its value, its last one if it has several.
pub(super) struct Values<'m>(pub(super) &'m [(Metric, f64)]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let Self(metrics) = self;
        let is_last = |index: usize, metric| metrics[index + 1..].iter().all(|it| it.0 != metric);
        let last = metrics.iter().enumerate().filter(|(index, it)| is_last(*index, it.0));
        json.collect_map(last.map(|(_, (metric, value))| (metric.name(), value)))
    }
}

/// Tells CloudWatch which fields of the line are metrics, and which its dimensions: the field `_aws`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description<'m> {
    timestamp: i64,
    cloud_watch_metrics: Directives<'m>,
}

impl<'m> Description<'m> {
    /// `None` without metrics.
    pub(super) fn of(metrics: &'m [(Metric, f64)], now: OffsetDateTime) -> Option<Self> {
        (!metrics.is_empty()).then(|| Self {
            timestamp: now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
            cloud_watch_metrics: Directives(metrics),
        })
    }
}

struct Directives<'m>(&'m [(Metric, f64)]);

impl Serialize for Directives<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let Self(metrics) = *self;
        let each = Directive::new(&["stack", "function"], Described { metrics, only: None });
        let of_the_stack = Described { metrics, only: Some(&OF_THE_STACK) };
        let has_some = of_the_stack.metrics().next().is_some();
        let stack = has_some.then(|| Directive::new(&["stack"], of_the_stack));
        json.collect_seq(iter::once(each).chain(stack))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'m> {
    namespace: &'static str,
    dimensions: [&'static [&'static str]; 1],
    metrics: Described<'m>,
}

impl<'m> Directive<'m> {
    fn new(dimensions: &'static [&'static str], metrics: Described<'m>) -> Self {
        Self { namespace: NAMESPACE, dimensions: [dimensions], metrics }
    }
}

/// The names and units of metrics, of all or only of some.
struct Described<'m> {
    metrics: &'m [(Metric, f64)],
    only: Option<&'static [Metric]>,
}

impl Described<'_> {
    fn metrics(&self) -> impl Iterator<Item = Metric> {
        let is_wanted = |metric: &Metric| self.only.is_none_or(|only| only.contains(metric));
        self.metrics.iter().map(|it| it.0).filter(is_wanted)
    }
}

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let described = |metric: Metric| Definition { name: metric.name(), unit: metric.unit() };
        json.collect_seq(self.metrics().map(described))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}
