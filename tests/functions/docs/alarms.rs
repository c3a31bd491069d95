//! `docs/operations.md` documents every alarm.

use std::collections::BTreeSet;

use yaml_serde::Value;

use super::{read, rows, section};

/// The names of a template's alarms, without what stands for the stack and the function.
fn alarms_of(template: &str) -> Vec<String> {
    let template: Value = yaml_serde::from_str(&read(template)).unwrap();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let alarms = resources.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm");
    let name = |alarm: &Value| {
        let Value::Tagged(name) = &alarm["Properties"]["AlarmName"] else { panic!("{alarm:?}") };
        name.value.as_str().unwrap().rsplit_once("}-").unwrap().1.to_owned()
    };
    alarms.map(name).collect()
}

#[test]
fn every_alarm_is_documented_and_every_documented_alarm_exists() {
    let alarms: BTreeSet<_> = ["template.yaml", "relay.yaml", "monitoring.yaml"]
        .into_iter()
        .flat_map(alarms_of)
        .collect();
    let rows = rows(&section("docs/operations.md", "## When an alarm fires"));
    let documented: BTreeSet<_> =
        rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert!(alarms.len() > 10, "{alarms:?}");
    assert_eq!(documented, alarms);
    assert!(rows.iter().all(|row| row.len() == 3 && row.iter().all(|cell| !cell.is_empty())));
}
