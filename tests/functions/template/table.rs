//! The table of records.

use std::time::Duration;

use shared::idempotency::{KEY_ATTRIBUTE, TTL_ATTRIBUTE};
use yaml_serde::Value;

use super::{Template, live::Live, queues::dead_letters_are_kept, relays};

/// The table's name in the template.
pub(super) const RECORDS: &str = "Records";

/// Whose records it keeps. Segment knows an event by its id, and drops the second one itself.
const KEEPERS: [&str; 4] = [
    mandrill_welcome::NAME,
    mailchimp_inbound::NAME,
    mailchimp_subscribe::NAME,
    mandrill_inbound::NAME,
];

/// A relay does only if it holds calls in doubt.
fn keeps(template: &Template, name: &str) -> bool {
    if name == relay::NAME { relays::holds(template) } else { KEEPERS.contains(&name) }
}

#[test]
fn functions_with_an_idempotency_store_use_the_table() {
    for template in Template::deployments() {
        for (name, logical_id, ..) in template.functions() {
            let table = template.variables(logical_id).remove("RECORDS_TABLE");
            assert_eq!(table.as_deref(), keeps(&template, name).then_some(RECORDS), "{name}");
        }
    }
}

#[test]
fn table_has_the_attributes_written_by_the_code() {
    Template::each().iter().for_each(has_the_attributes);
}

fn has_the_attributes(template: &Template) {
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
    for template in Template::each() {
        let table = template.resource(RECORDS);
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        let resource = &template.0["Resources"][RECORDS];
        assert_eq!(table["DeletionProtectionEnabled"], true);
        // CloudFormation cannot take back a protected table of a deployment that fails.
        assert_eq!(resource["DeletionPolicy"], "Retain");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain");
    }
}

/// One that an earlier stack left behind.
#[test]
fn existing_table_stands_in_for_an_own_one() {
    for template in Template::each_with_all_parts() {
        stands_in(&template.with(&[("ExistingRecordsTable", "records-of-before")]));
    }
}

fn stands_in(template: &Template) {
    let live = Live::of(template);
    assert!(!live.resources.contains_key(RECORDS));
    let arn =
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/records-of-before";
    for (name, logical_id, ..) in template.functions().filter(|it| keeps(template, it.0)) {
        let variables = template.variables(logical_id);
        assert_eq!(variables["RECORDS_TABLE"], "records-of-before", "{name}");
        let role = live.resource(&format!("{logical_id}Role"));
        let policy = serde_json::to_string(&role["Policies"]).unwrap();
        assert!(policy.contains(&format!("\"{arn}\"")), "{name}: {policy}");
    }
    assert_eq!(live.outputs["RecordsTable"]["Value"], "records-of-before");
}

#[test]
fn record_lifetime_exceeds_two_dead_letter_retentions() {
    let hours = |value: &Value| Duration::from_hours(value.as_u64().unwrap());
    for (template, (_, logical_id, ..)) in Template::with_functions() {
        let ttl = &template.0["Parameters"]["RecordTtlHours"];
        let kept = dead_letters_are_kept(&template, logical_id);
        assert!(hours(&ttl["Default"]) > 2 * kept);
        assert!(hours(&ttl["MinValue"]) >= 2 * kept);
    }
}
