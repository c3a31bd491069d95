//! Metrics in CloudWatch's embedded metric format: part of a log line, without a call of their own.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use serde_json::{Value, json};
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

/// Adds the metrics to a log entry.
pub(super) fn embed(line: &mut Value, metrics: &[(Metric, f64)], now: OffsetDateTime) {
    if metrics.is_empty() {
        return;
    }
    for (metric, value) in metrics {
        line[metric.name()] = json!(value);
    }
    let mut directives = vec![directive(&["stack", "function"], metrics.iter().map(|it| it.0))];
    let of_the_stack: Vec<_> =
        metrics.iter().map(|it| it.0).filter(|metric| OF_THE_STACK.contains(metric)).collect();
    if !of_the_stack.is_empty() {
        directives.push(directive(&["stack"], of_the_stack.into_iter()));
    }
    line["_aws"] = json!({
        "Timestamp": now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
        "CloudWatchMetrics": directives,
    });
}

/// Tells CloudWatch which fields of the line are metrics, and which its dimensions.
fn directive(dimensions: &[&str], metrics: impl Iterator<Item = Metric>) -> Value {
    let described: Vec<_> =
        metrics.map(|metric| json!({"Name": metric.name(), "Unit": metric.unit()})).collect();
    json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": described})
}
