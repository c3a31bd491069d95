//! An alarm, wherever it stands, and what it watches.

use serde_yaml_ng::Value;

use super::{
    FUNCTIONS, Template,
    metrics::{STACK, Watched},
    plain,
};

pub(super) const ALARM: &str = "AWS::CloudWatch::Alarm";

/// An alarm, and the template that it stands in.
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) properties: Value,
    pub(super) template: Template,
}

impl Alarm {
    /// All that a template has itself.
    fn in_template(template: &Template) -> impl Iterator<Item = Self> {
        template.all(ALARM).into_iter().map(|logical_id| {
            let properties = template.resource(&logical_id).clone();
            let name = template.resolved(&properties["AlarmName"]);
            Self { name, properties, template: template.clone() }
        })
    }

    /// All that are deployed.
    pub(super) fn all() -> Vec<Self> {
        let [_, template] = Template::read_both();
        let within = FUNCTIONS.map(|(_, logical_id, ..)| template.monitoring(logical_id));
        within.iter().chain([&template]).flat_map(Self::in_template).collect()
    }

    /// Those that watch the stack as a whole.
    pub(super) fn of_the_stack() -> Vec<Self> {
        let is_of_a_function = |alarm: &Self| {
            FUNCTIONS.iter().any(|(name, ..)| alarm.name.starts_with(&format!("{STACK}-{name}-")))
        };
        Self::all().into_iter().filter(|alarm| !is_of_a_function(alarm)).collect()
    }

    pub(super) fn of(function: &str) -> Vec<Self> {
        let begins = format!("{STACK}-{function}-");
        Self::all().into_iter().filter(|alarm| alarm.name.starts_with(&begins)).collect()
    }

    pub(super) fn named(function: &str, end: &str) -> Self {
        Self::of_name(&format!("{STACK}-{function}-{end}"))
    }

    /// One that watches the stack as a whole.
    pub(super) fn named_of_the_stack(end: &str) -> Self {
        Self::of_name(&format!("{STACK}-{end}"))
    }

    fn of_name(name: &str) -> Self {
        let mut named = Self::all().into_iter().filter(|alarm| alarm.name == name);
        let alarm = named.next().unwrap_or_else(|| panic!("no alarm {name}"));
        assert!(named.next().is_none(), "two alarms {name}");
        alarm
    }

    /// What it watches, the alarm's own metric first.
    pub(super) fn watches(&self) -> Vec<Watched> {
        let several = self.properties["Metrics"].as_sequence().into_iter().flatten();
        let metrics: Vec<_> = several
            .map(|query| &query["MetricStat"]["Metric"])
            .filter(|metric| !metric.is_null())
            .collect();
        let metrics = if metrics.is_empty() { vec![&self.properties] } else { metrics };
        metrics.into_iter().map(|metric| self.watched(metric)).collect()
    }

    /// Which statistic of each metric it watches.
    pub(super) fn statistics(&self) -> Vec<String> {
        let several = self.properties["Metrics"].as_sequence().into_iter().flatten();
        let stats = several.map(|query| &query["MetricStat"]["Stat"]);
        let stats: Vec<_> = stats.filter(|stat| !stat.is_null()).map(plain).collect();
        if stats.is_empty() { vec![plain(&self.properties["Statistic"])] } else { stats }
    }

    fn watched(&self, metric: &Value) -> Watched {
        let text = |value: &Value| self.template.resolved(value);
        let dimensions = metric["Dimensions"].as_sequence().unwrap().iter();
        Watched {
            namespace: text(&metric["Namespace"]),
            name: text(&metric["MetricName"]),
            dimensions: dimensions
                .map(|pair| (text(&pair["Name"]), text(&pair["Value"])))
                .collect(),
        }
    }
}
