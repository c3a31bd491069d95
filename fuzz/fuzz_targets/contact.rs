//! The output of a mailchimp-subscribe template.
//!
//! Checks: a contact has one address; its state and its `ORY_ID` are never the template's; the
//! evidence of an opt-in is one that Mailchimp accepts; and nothing else changes.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use mailchimp_subscribe::TemplateOutput;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const STATES: [&str; 2] = ["status", "status_if_new"];

fuzz_target!(|result: &[u8]| {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(result) else { return };
    let Ok(output) = TemplateOutput::read(given.clone()) else { return };
    let address = output.address.as_str();
    assert_eq!(address.matches('@').count(), 1);
    assert!(!address.chars().any(|one| one.is_whitespace() || one.is_control() || one == ','));

    let mut member = given["member"].as_object().expect("a contact").clone();
    assert!(STATES.iter().all(|key| !given.contains_key(*key) && !member.contains_key(*key)));
    let fields = member.get("merge_fields").and_then(Value::as_object);
    assert!(fields.is_none_or(|fields| !fields.contains_key("ORY_ID")));
    assert_eq!(member.remove("email_address"), Some(json!(address)));
    assert_eq!(member, output.fields);
    assert_eq!(json!(output.consent), *given.get("consent").unwrap_or(&Value::Null));
    let tags = given.get("tags").filter(|tags| !tags.is_null());
    assert_eq!(json!(output.tags), *tags.unwrap_or(&json!({})));

    for (key, value) in &output.signup {
        let value = value.as_str().expect("a text");
        match key.as_str() {
            "ip_signup" => assert!(value.parse::<IpAddr>().is_ok(), "{value}"),
            "timestamp_signup" => assert!(OffsetDateTime::parse(value, &Rfc3339).is_ok()),
            other => panic!("{other}"),
        }
    }
});
