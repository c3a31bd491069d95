//! What `template.yaml` and `relay.yaml` say about deliveries.

use std::{fs, time::Duration};

use yaml_serde::Value;

use crate::workspace::path;

/// A template.
pub(super) struct Template(Value);

/// How Lambda receives from the queue of a function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    /// Most events in one delivery, `BatchSize`.
    pub(super) batch: f64,
    /// Seconds that Lambda waits for a batch to fill, `MaximumBatchingWindowInSeconds`.
    pub(super) window: f64,
    /// Concurrent deliveries, `MaximumConcurrency`.
    pub(super) at_once: f64,
    /// How long a message stays in the queue before it is lost.
    pub(super) retention: Duration,
}

impl Template {
    pub(super) fn read(file: &str) -> Self {
        let text = fs::read_to_string(path(file)).expect("the template is there");
        Self(yaml_serde::from_str(&text).expect("the template is YAML"))
    }

    /// Of a function, by its name in the template.
    pub(super) fn mapping(&self, function: &str) -> Mapping {
        let resources = &self.0["Resources"];
        let delivery = &resources[function]["Properties"]["Events"]["Delivery"]["Properties"];
        let queue = &resources[format!("{function}Queue").as_str()]["Properties"];
        let kept =
            queue["MessageRetentionPeriod"].as_u64().expect("a queue says how long it keeps");
        Mapping {
            batch: number(&delivery["BatchSize"]),
            window: delivery["MaximumBatchingWindowInSeconds"].as_f64().unwrap_or_default(),
            at_once: number(&delivery["ScalingConfig"]["MaximumConcurrency"]),
            retention: Duration::from_secs(kept),
        }
    }

    /// Gigabytes of memory of each function.
    pub(super) fn memory(&self) -> f64 {
        number(&self.0["Parameters"]["MemorySize"]["Default"]) / 1024.0
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("the template has a number here")
}
