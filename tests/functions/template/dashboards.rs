//! The dashboards: one per function, with existing metrics only.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::telemetry::LogEntry;

use super::{
    FUNCTIONS, Template,
    alarm::ALARM,
    metrics::{self, Watched},
};

/// How wide CloudWatch's grid is.
const COLUMNS: u64 = 24;

/// Of what Lambda and SQS keep, a person wants to see this.
const BESIDES: [&str; 6] = [
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesVisible",
    "Errors",
    "Throttles",
    "Url5xxCount",
    "UrlRequestLatency",
];

/// A function's dashboard, as CloudWatch gets it.
fn dashboard(logical_id: &str) -> Value {
    let monitoring = Template::read().monitoring(logical_id);
    let body = monitoring.resolved(&monitoring.resource("Dashboard")["DashboardBody"]);
    serde_json::from_str(&body).unwrap()
}

fn widgets(dashboard: &Value, kind: &str) -> Vec<Value> {
    let all = dashboard["widgets"].as_array().unwrap().iter();
    all.filter(|widget| widget["type"] == kind).cloned().collect()
}

/// What the widgets show, written out: a dot repeats what stands above it, three all of it.
fn shown(dashboard: &Value) -> BTreeSet<Watched> {
    let mut shown = BTreeSet::new();
    for widget in widgets(dashboard, "metric") {
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
            let [namespace, name, key, value] = &above[..] else { panic!("{metric}") };
            let dimensions = vec![(key.clone(), value.clone())];
            let (namespace, name) = (namespace.clone(), name.clone());
            shown.insert(Watched { namespace, name, dimensions });
        }
    }
    shown
}

#[test]
fn dashboard_shows_exactly_the_counted_metrics() {
    for (name, logical_id, ..) in FUNCTIONS {
        let shown = shown(&dashboard(logical_id));
        let unknown: Vec<_> = shown.difference(&metrics::all(name, logical_id)).cloned().collect();
        assert_eq!(unknown, [], "{name}");
        let missing: Vec<_> = metrics::counted(name).difference(&shown).cloned().collect();
        assert_eq!(missing, [], "{name}");
        let names: BTreeSet<_> = shown.iter().map(|watched| watched.name.as_str()).collect();
        assert!(BESIDES.iter().all(|besides| names.contains(besides)), "{name}: {names:?}");
    }
}

#[test]
fn dashboard_shows_dead_letters_separately_from_the_queue() {
    for (name, logical_id, ..) in FUNCTIONS {
        let queues: BTreeSet<_> = shown(&dashboard(logical_id))
            .into_iter()
            .filter(|watched| watched.name == "ApproximateNumberOfMessagesVisible")
            .map(|watched| watched.dimensions[0].1.clone())
            .collect();
        let both = ["Queue", "DeadLetters"].map(|part| format!("{logical_id}{part}.QueueName"));
        assert_eq!(queues, both.into(), "{name}");
    }
}

#[test]
fn dashboard_starts_with_the_alarm_states() {
    let monitoring = Template::of_file("monitoring.yaml");
    let arns: BTreeSet<_> =
        monitoring.all(ALARM).iter().map(|alarm| format!("${{{alarm}.Arn}}")).collect();
    for (name, logical_id, ..) in FUNCTIONS {
        let [states] = &widgets(&dashboard(logical_id), "alarm")[..] else { panic!("{name}") };
        assert_eq!(states["y"], 0);
        let listed = states["properties"]["alarms"].as_array().unwrap().iter();
        let listed: BTreeSet<_> = listed.map(|arn| arn.as_str().unwrap().to_owned()).collect();
        assert_eq!(listed, arns, "{name}");
    }
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
    for (name, logical_id, ..) in FUNCTIONS {
        let [causes] = &widgets(&dashboard(logical_id), "log")[..] else { panic!("{name}") };
        let query = causes["properties"]["query"].as_str().unwrap();
        let parts: Vec<_> = query.split(" | ").collect();
        assert_eq!(parts[0], format!("SOURCE '{logical_id}Logs'"));
        let fields = parts[1].strip_prefix("fields @timestamp, ").unwrap();
        for field in fields.split(", ") {
            assert!(line.get(field).is_some(), "{field}");
        }
    }
}

#[test]
fn dashboard_widgets_do_not_overlap() {
    let dashboard = dashboard("MandrillWelcome");
    let mut taken = BTreeSet::new();
    for widget in dashboard["widgets"].as_array().unwrap() {
        let side = |name: &str| widget[name].as_u64().unwrap();
        assert!(side("x") + side("width") <= COLUMNS, "{widget}");
        for x in side("x")..side("x") + side("width") {
            for y in side("y")..side("y") + side("height") {
                assert!(taken.insert((x, y)), "{widget} lies over another");
            }
        }
    }
}
