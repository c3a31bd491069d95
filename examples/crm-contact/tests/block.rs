//! The block for `template.yaml`: added to the end of its resources, together with its outputs, it
//! is complete and sets what the function reads.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use shared::{aws::Aws, config::Environment, http::Client, settings::Ports, telemetry::Sink};
use yaml_serde::Value;

const TEMPLATE: &str = include_str!("../../../template.yaml");
const BLOCK: &str = include_str!("../block.yaml");
const OUTPUTS: &str = include_str!("../outputs.yaml");

/// The template with the block. A duplicate name is an error.
fn together() -> Value {
    let (resources, outputs) = TEMPLATE.split_once("\nOutputs:\n").unwrap();
    let whole = format!("{resources}\n{BLOCK}\nOutputs:\n{outputs}{OUTPUTS}");
    yaml_serde::from_str(&whole).unwrap()
}

/// The names and types that belong to the function in a part of the template.
fn parts_of(function: &str, part: &Value) -> BTreeMap<String, Option<String>> {
    let all = part.as_mapping().unwrap().iter();
    let parts = all.filter_map(|(name, value)| {
        let name = name.as_str()?;
        let kind = value["Type"].as_str().map(str::to_owned);
        name.contains(function).then(|| (name.replace(function, ""), kind))
    });
    parts.collect()
}

#[test]
fn template_block_has_the_same_parts_as_segment_identify() {
    let template = together();
    for part in ["Resources", "Outputs"] {
        let parts = parts_of("CrmContact", &template[part]);
        assert!(parts.len() > 1, "{part}");
        assert_eq!(parts, parts_of("SegmentIdentify", &template[part]), "{part}");
    }
}

#[test]
fn every_environment_variable_of_the_function_is_set_and_read() {
    let template = together();
    let all = &template["Globals"]["Function"]["Environment"]["Variables"];
    let own = &template["Resources"]["CrmContact"]["Properties"]["Environment"]["Variables"];
    let names = [all, own].into_iter().flat_map(|names| names.as_mapping().unwrap().keys());
    let names: BTreeSet<_> = names.map(|name| name.as_str().unwrap().to_owned()).collect();

    let client = Client::new().unwrap();
    let ports = Ports::on_aws(&Aws::at("http://127.0.0.1:1", &client), client, Sink::Nowhere);
    let env = Environment::of([("WEBHOOK_SECRET_ID", "webhook"), ("CRM_SECRET_ID", "crm")]);
    assert!(crm_contact::build(&env, &ports).is_ok());
    assert_eq!(env.asked(), names);
}
