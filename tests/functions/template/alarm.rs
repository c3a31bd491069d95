//! An alarm, wherever it stands, and what it watches.

use yaml_serde::Value;

use super::{
    Template,
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

    /// All that are deployed with all parts.
    pub(super) fn all() -> Vec<Self> {
        Template::each_with_all_parts().iter().flat_map(Self::all_in).collect()
    }

    /// Those of a template, and of what is nested in it.
    pub(super) fn all_in(template: &Template) -> Vec<Self> {
        let functions = template.all_functions().iter();
        let within: Vec<_> =
            functions.map(|(_, logical_id, ..)| template.monitoring(logical_id)).collect();
        within.iter().chain([template]).flat_map(Self::in_template).collect()
    }

    /// Those of a template that watch the stack as a whole.
    pub(super) fn of_the_stack(template: &Template) -> Vec<Self> {
        let is_of_a_function = |alarm: &Self| {
            let functions = template.all_functions();
            functions.iter().any(|(name, ..)| alarm.name.starts_with(&format!("{STACK}-{name}-")))
        };
        Self::all_in(template).into_iter().filter(|alarm| !is_of_a_function(alarm)).collect()
    }

    pub(super) fn of(function: &str) -> Vec<Self> {
        let begins = format!("{STACK}-{function}-");
        Self::all().into_iter().filter(|alarm| alarm.name.starts_with(&begins)).collect()
    }

    pub(super) fn named(function: &str, end: &str) -> Self {
        Self::of_name(Self::all(), &format!("{STACK}-{function}-{end}"))
    }

    /// One of a template that watches the stack as a whole.
    pub(super) fn named_of_the_stack(template: &Template, end: &str) -> Self {
        Self::of_name(Self::all_in(template), &format!("{STACK}-{end}"))
    }

    fn of_name(all: Vec<Self>, name: &str) -> Self {
        let mut named = all.into_iter().filter(|alarm| alarm.name == name);
        let alarm = named.next().unwrap_or_else(|| panic!("no alarm {name}"));
        assert!(named.next().is_none(), "two alarms {name}");
        alarm
    }

    /// What it watches, the alarm's own metric first.
    pub(super) fn watches(&self) -> Vec<Watched> {
        let several = self.queries().into_iter().map(|query| &query["MetricStat"]["Metric"]);
        let metrics: Vec<_> = several.filter(|metric| !metric.is_null()).collect();
        let metrics = if metrics.is_empty() { vec![&self.properties] } else { metrics };
        metrics.into_iter().map(|metric| self.watched(metric)).collect()
    }

    /// Which statistic of each metric it watches.
    pub(super) fn statistics(&self) -> Vec<String> {
        let stats = self.queries().into_iter().map(|query| &query["MetricStat"]["Stat"]);
        let stats: Vec<_> = stats.filter(|stat| !stat.is_null()).map(plain).collect();
        if stats.is_empty() { vec![plain(&self.properties["Statistic"])] } else { stats }
    }

    /// What it computes its value from, if that is not one metric.
    pub(super) fn queries(&self) -> Vec<&Value> {
        let all = self.properties["Metrics"].as_sequence().into_iter().flatten();
        let chosen = all.map(|query| self.template.chosen(query));
        chosen.filter(|query| query.is_mapping()).collect()
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
