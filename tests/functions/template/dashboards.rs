//! The dashboard of a stack, with existing metrics only.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::telemetry::LogEntry;

use super::{
    FUNCTIONS, Template,
    alarm::Alarm,
    live::Live,
    metrics::{self, Watched},
};

/// How wide CloudWatch's grid is.
const COLUMNS: u64 = 24;

/// What a function has of its own: the states of its alarms, and five charts.
const WIDGETS_OF_A_FUNCTION: usize = 6;

/// What a relay has between its alarms and its causes.
const CHARTS_OF_A_RELAY: usize = 2;

/// Of what Lambda and SQS keep, a person wants to see this.
const BESIDES: [&str; 6] = [
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesVisible",
    "Errors",
    "Throttles",
    "Url5xxCount",
    "UrlRequestLatency",
];

/// The dashboard as CloudWatch gets it.
fn dashboard(template: &Template) -> Value {
    let live = Live::of(template);
    let body = live.resource("Dashboard")["DashboardBody"].as_str().unwrap();
    serde_json::from_str(body).unwrap()
}

/// The widgets of one kind whose titles begin like this.
fn widgets(template: &Template, kind: &str, title: &str) -> Vec<Value> {
    let dashboard = dashboard(template);
    let all = dashboard["widgets"].as_array().unwrap().iter();
    let of_kind = all.filter(|widget| widget["type"] == kind);
    let titled =
        of_kind.filter(|widget| widget["properties"]["title"].as_str().unwrap().starts_with(title));
    titled.cloned().collect()
}

/// A reference, as the lists of metrics have it.
fn resource(value: &str) -> String {
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.filter(|name| !name.starts_with("AWS::")).unwrap_or(value).to_owned()
}

/// What the widgets show, written out: a dot repeats what stands above it, three all of it.
fn shown(template: &Template, function: &str) -> BTreeSet<Watched> {
    let mut shown = BTreeSet::new();
    for widget in widgets(template, "metric", function) {
        let mut above: Vec<String> = Vec::new();
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            let texts: Vec<_> =
                metric.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            if texts != ["..."] {
                let written = |(n, text): (usize, &&str)| match *text {
                    "." => above[n].clone(),
                    text => text.to_owned(),
                };
                above = texts.iter().enumerate().map(written).collect();
            }
            let [namespace, name, dimensions @ ..] = &above[..] else { panic!("{metric}") };
            let pairs = dimensions.chunks(2).map(|pair| (pair[0].clone(), resource(&pair[1])));
            let dimensions = pairs.collect();
            let (namespace, name) = (namespace.clone(), name.clone());
            shown.insert(Watched { namespace, name, dimensions });
        }
    }
    shown
}

#[test]
fn dashboard_shows_exactly_the_counted_metrics() {
    let [_, template] = Template::read_both();
    for (name, logical_id, ..) in FUNCTIONS {
        let shown = shown(&template, name);
        let unknown: Vec<_> = shown.difference(&metrics::all(name, logical_id)).cloned().collect();
        assert_eq!(unknown, [], "{name}");
        let missing: Vec<_> = metrics::counted(name).difference(&shown).cloned().collect();
        assert_eq!(missing, [], "{name}");
        let names: BTreeSet<_> = shown.iter().map(|watched| watched.name.as_str()).collect();
        assert!(BESIDES.iter().all(|besides| names.contains(besides)), "{name}: {names:?}");
    }
}

/// Less than of the other functions: what became of the events, and where they are.
#[test]
fn dashboard_of_a_relay_shows_existing_metrics_and_all_outcomes_of_the_others() {
    let charts = |template: &Template, title: &str| {
        let shown = shown(template, title).into_iter();
        shown.map(|watched| watched.name).collect::<BTreeSet<_>>()
    };
    let [main, relay] = Template::each_with_all_parts();
    let shown = shown(&relay, relay::NAME);
    assert!(shown.is_subset(&metrics::all(relay::NAME, "Relay")), "{shown:#?}");
    let outcomes = charts(&relay, "relay: outcomes");
    assert_eq!(outcomes, charts(&main, "segment-identify: outcomes"));
}

#[test]
fn dashboard_shows_dead_letters_separately_from_the_queue() {
    for (template, (name, logical_id, ..)) in Template::with_functions_and_all_parts() {
        let queues: BTreeSet<_> = shown(&template, name)
            .into_iter()
            .filter(|watched| watched.name == "ApproximateNumberOfMessagesVisible")
            .map(|watched| watched.dimensions[0].1.clone())
            .collect();
        let both = ["Queue", "DeadLetters"].map(|part| format!("{logical_id}{part}.QueueName"));
        assert_eq!(queues, both.into(), "{name}");
    }
}

#[test]
fn dashboard_starts_with_the_alarm_states_and_shows_every_alarm() {
    for template in Template::each_with_all_parts() {
        assert_eq!(dashboard(&template)["widgets"][0]["type"], "alarm");
        let mut listed = BTreeSet::new();
        for widget in widgets(&template, "alarm", "") {
            for arn in widget["properties"]["alarms"].as_array().unwrap() {
                listed.insert(alarm_name(&template, arn.as_str().unwrap()));
            }
        }
        let all = Alarm::all_in(&template).into_iter().map(|alarm| alarm.name);
        assert_eq!(listed, all.collect());
    }
}

/// The name in an alarm's ARN, or of the alarm that a reference means.
fn alarm_name(template: &Template, arn: &str) -> String {
    let account = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:";
    if let Some(name) = arn.strip_prefix(account) {
        return name.to_owned();
    }
    let id = arn.strip_prefix("${").unwrap().strip_suffix(".Arn}").unwrap();
    template.resolved(&template.resource(id)["AlarmName"])
}

#[test]
fn dashboard_log_query_uses_existing_log_fields() {
    let line = LogEntry {
        event_id: Some(String::new()),
        cause: Some(String::new()),
        attempt: Some(1),
        ..LogEntry::default()
    };
    let line = serde_json::to_value(line).unwrap();
    for template in Template::each_with_all_parts() {
        let [causes] = &widgets(&template, "log", "")[..] else { panic!("one list of causes") };
        let query = causes["properties"]["query"].as_str().unwrap();
        let parts: Vec<_> = query.split(" | ").collect();
        let functions = template.all_functions().iter();
        let sources =
            functions.map(|(_, logical_id, ..)| format!("SOURCE '${{{logical_id}Logs}}'"));
        let sources: Vec<_> = sources.collect();
        assert_eq!(parts[..sources.len()], sources);
        let fields = parts[sources.len()].strip_prefix("fields @timestamp, function, ").unwrap();
        for field in fields.split(", ") {
            assert!(line.get(field).is_some(), "{field}");
        }
    }
}

/// Without positions, CloudWatch fills row after row.
#[test]
fn dashboard_fills_its_rows() {
    let [main, relay] = Template::each_with_all_parts();
    let expected = [1 + WIDGETS_OF_A_FUNCTION * FUNCTIONS.len() + 1, 1 + CHARTS_OF_A_RELAY + 1];
    for (template, expected) in [main, relay].iter().zip(expected) {
        let dashboard = dashboard(template);
        let widgets = dashboard["widgets"].as_array().unwrap();
        assert_eq!(widgets.len(), expected);
        let mut filled = 0;
        for widget in widgets {
            assert!(widget["x"].is_null() && widget["y"].is_null(), "{widget}");
            filled += widget["width"].as_u64().unwrap();
            assert!(filled <= COLUMNS, "{widget} starts a new row and leaves a gap");
            filled %= COLUMNS;
        }
        assert_eq!(filled, 0);
    }
}

/// The name of the partition is in the link, not in the name of the host alone.
#[test]
fn dashboard_link_is_that_of_the_partition() {
    Template::each().iter().for_each(links_to_the_partition);
}

fn links_to_the_partition(template: &Template) {
    let link = &template.0["Outputs"]["Dashboard"]["Value"];
    let Value::String(found) =
        serde_json::to_value(Live::of(template).outputs["Dashboard"]["Value"].clone()).unwrap()
    else {
        panic!("{link:?}")
    };
    assert!(
        found.starts_with("https://${AWS::Region}.console.aws.amazon.com/cloudwatch/"),
        "{found}"
    );
    let partitions = template.0["Mappings"]["Console"].as_mapping().unwrap();
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        assert!(partitions.contains_key(partition), "{partition}");
    }
}
