//! The saved queries of Logs Insights.

use serde_json::Value;
use shared::telemetry::LogEntry;

use super::{Template, live::Live, plain, referred};

const QUERY: &str = "AWS::Logs::QueryDefinition";

/// What an entry has besides the fields of ours: CloudWatch's own, and Lambda's.
const OTHERS: [&str; 5] = ["@timestamp", "@message", "function", "level", "record.status"];

/// Every field of an entry.
fn fields() -> Value {
    serde_json::to_value(LogEntry {
        event_id: Some(String::new()),
        trigger_id: Some(String::new()),
        identity_id: Some(String::new()),
        cause: Some(String::new()),
        status: Some(0),
        vendor_status: Some(0),
        attempt: Some(0),
        calls: Some(0),
        ..LogEntry::default()
    })
    .unwrap()
}

fn query(name: &str) -> String {
    plain(&Template::read().resource(name)["QueryString"])
}

#[test]
fn every_query_searches_all_functions() {
    for template in Template::each_with_all_parts() {
        let live = Live::of(&template);
        let functions = template.all_functions().iter();
        let groups: Vec<_> =
            functions.map(|(_, logical_id, ..)| format!("${{{logical_id}Logs}}")).collect();
        assert_eq!(live.all(QUERY).len(), 3);
        for query in live.all(QUERY) {
            let query = live.resource(query);
            let searched = query["LogGroupNames"].as_sequence().unwrap();
            let name = plain(&query["Name"]);
            assert_eq!(searched.iter().map(plain).collect::<Vec<_>>(), groups, "{name}");
            assert!(name.starts_with("${AWS::StackName}/"), "{name}");
        }
    }
}

#[test]
fn a_relay_has_the_queries_of_the_other_functions() {
    let [main, relay] = Template::each();
    assert_eq!(relay.all(QUERY), main.all(QUERY));
    for name in relay.all(QUERY) {
        for key in ["Name", "QueryString"] {
            let text = |template: &Template| referred(&template.resource(&name)[key]);
            assert_eq!(text(&relay), text(&main), "{name}: {key}");
        }
    }
}

#[test]
fn queries_show_existing_fields() {
    let known = fields();
    for name in Template::read().all(QUERY) {
        let query = query(&name);
        let shown = query.lines().next().unwrap().strip_prefix("fields ").unwrap();
        for field in shown.split(", ") {
            assert!(known.get(field).is_some() || OTHERS.contains(&field), "{name}: {field}");
        }
    }
}

/// An answer with which there is nothing left to do has one of these words.
#[test]
fn query_for_attention_leaves_out_only_what_is_fine() {
    let query = query("NotFineQuery");
    let (_, list) = query.split_once("outcome not in [").unwrap();
    let list: Vec<_> = list.split(']').next().unwrap().split(", ").collect();
    let fine =
        [r#""accepted""#, r#""delivered""#, r#""skipped""#, r#""duplicate""#, r#""validated""#];
    assert_eq!(list, fine);
}

#[test]
fn person_and_event_are_found_by_their_ids() {
    assert!(query("PersonQuery").contains(r#"filter identity_id like "IDENTITY-ID""#));
    let event = query("EventQuery");
    for field in ["event_id", "trigger_id"] {
        assert!(event.contains(&format!(r#"{field} = "EVENT-ID-OR-TRIGGER-ID""#)), "{event}");
    }
}
