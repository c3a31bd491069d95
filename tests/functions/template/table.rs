//! The table of records.

use std::time::Duration;

use serde_yaml_ng::Value;
use shared::idempotency::{KEY_ATTRIBUTE, TTL_ATTRIBUTE};

use super::{FUNCTIONS, Template, queues::dead_letters_are_kept};

/// The table's name in the template.
pub(super) const RECORDS: &str = "Records";

/// Whose records it keeps. Segment knows an event by its id, and drops the second one itself.
const KEEPERS: [&str; 2] = [mandrill_welcome::NAME, mailchimp_inbound::NAME];

#[test]
fn functions_with_an_idempotency_store_use_the_table() {
    let template = Template::read();
    for (name, logical_id, ..) in FUNCTIONS {
        let table = template.variables(logical_id).remove("RECORDS_TABLE");
        assert_eq!(table.as_deref(), KEEPERS.contains(&name).then_some(RECORDS), "{name}");
    }
}

#[test]
fn table_has_the_attributes_written_by_the_code() {
    let template = Template::read();
    let table = template.resource(RECORDS);
    let key = |list: &str, property: &str, value: &str| {
        let list = table[list].as_sequence().unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0]["AttributeName"], KEY_ATTRIBUTE);
        assert_eq!(list[0][property], value);
    };
    key("KeySchema", "KeyType", "HASH");
    key("AttributeDefinitions", "AttributeType", "S");
    let ttl = &table["TimeToLiveSpecification"];
    assert_eq!(ttl["AttributeName"], TTL_ATTRIBUTE);
    assert_eq!(ttl["Enabled"], true);
}

#[test]
fn table_is_on_demand_backed_up_and_retained_on_deletion() {
    let template = Template::read();
    let table = template.resource(RECORDS);
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    let resource = &template.0["Resources"][RECORDS];
    assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(resource["UpdateReplacePolicy"], "Retain");
}

#[test]
fn record_lifetime_exceeds_two_dead_letter_retentions() {
    let template = Template::read();
    let ttl = &template.0["Parameters"]["RecordTtlHours"];
    let hours = |value: &Value| Duration::from_hours(value.as_u64().unwrap());
    for (_, logical_id, ..) in FUNCTIONS {
        let kept = dead_letters_are_kept(&template, logical_id);
        assert!(hours(&ttl["Default"]) > 2 * kept);
        assert!(hours(&ttl["MinValue"]) >= 2 * kept);
    }
}
