//! All metrics: those of the code and those of AWS.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use shared::{
    clock::SystemClock,
    telemetry::{EventLog, LogEntry, LogLevel, Metric, Sink},
};

/// What AWS keeps of a queue and of a function with a URL, of what is watched here.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html>
const OF_A_QUEUE: [&str; 3] = [
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesVisible",
];
const OF_A_FUNCTION: [&str; 4] = ["Errors", "Throttles", "Url5xxCount", "UrlRequestLatency"];

/// The stack, as a template has it.
pub(super) const STACK: &str = "${AWS::StackName}";

/// A metric as CloudWatch tells it from others.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Watched {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Names and values.
    pub(super) dimensions: Vec<(String, String)>,
}

impl Watched {
    fn new(namespace: &str, name: &str, dimension: (&str, &str)) -> Self {
        let (key, value) = dimension;
        let dimensions = vec![(key.to_owned(), value.to_owned())];
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }
}

/// What a function counts, as it stands in its lines: for itself, and for the stack.
fn described(function: &'static str) -> [BTreeSet<Watched>; 2] {
    let line = a_line_with_all_metrics(function);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
    let sets: Vec<_> = directives
        .map(|described| {
            let sets = described["Dimensions"].as_array().unwrap();
            let [dimensions] = &sets[..] else { panic!("one set of dimensions") };
            let dimensions = dimensions.as_array().unwrap().iter().map(text);
            let dimensions: Vec<_> =
                dimensions.map(|key| (key.clone(), text(&line[&key]))).collect();
            let namespace = text(&described["Namespace"]);
            let metrics = described["Metrics"].as_array().unwrap().iter();
            let of_name = |metric: &Value| Watched {
                namespace: namespace.clone(),
                name: text(&metric["Name"]),
                dimensions: dimensions.clone(),
            };
            metrics.map(of_name).collect()
        })
        .collect();
    sets.try_into().unwrap()
}

/// What is counted of a function.
pub(super) fn counted(function: &'static str) -> BTreeSet<Watched> {
    let [of_function, _] = described(function);
    of_function
}

/// What is counted of the stack as a whole.
pub(super) fn of_the_stack() -> BTreeSet<Watched> {
    let [_, of_the_stack] = described(super::FUNCTIONS[0].0);
    of_the_stack
}

/// All that there is of a function.
pub(super) fn all(function: &'static str, logical_id: &str) -> BTreeSet<Watched> {
    let queues = ["Queue", "DeadLetters"].map(|part| format!("{logical_id}{part}.QueueName"));
    let of_queues = queues.iter().flat_map(|queue| {
        OF_A_QUEUE.map(|name| Watched::new("AWS/SQS", name, ("QueueName", queue)))
    });
    let of_lambda =
        OF_A_FUNCTION.map(|name| Watched::new("AWS/Lambda", name, ("FunctionName", logical_id)));
    counted(function).into_iter().chain(of_queues).chain(of_lambda).collect()
}

fn a_line_with_all_metrics(function: &'static str) -> Value {
    let lines = Arc::new(Mutex::default());
    let sink = Sink::Memory(Arc::clone(&lines));
    let mut entry = LogEntry::default();
    for metric in Metric::ALL {
        entry.count(*metric);
    }
    EventLog::new(STACK, function, LogLevel::Info, Arc::new(SystemClock), sink).write(&entry);
    let mut lines = lines.lock().unwrap();
    lines.remove(0)
}
