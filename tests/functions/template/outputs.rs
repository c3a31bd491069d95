//! The outputs: `ory-actions doctor` finds a deployed stack by them.

use ory_actions::doctor::Stack;

use super::{Template, referred};

/// The parts that no parameter of a deployment changes, and those of mailchimp-subscribe, which the
/// template does not deploy yet.
const NO_OUTPUT: [&str; 5] = [
    "SegmentCdnUrl",
    "MailchimpUrl",
    "MailchimpSubscribeUrl",
    "MailchimpListId",
    "MailchimpSecretId",
];

#[test]
fn outputs_have_the_names_that_doctor_expects() {
    let outputs = &Template::read().0["Outputs"];
    let parts = serde_json::to_value(Stack::default()).unwrap();
    for part in NO_OUTPUT {
        assert!(outputs[part].is_null(), "{part} is an output");
    }
    for part in parts.as_object().unwrap().keys().filter(|part| !NO_OUTPUT.contains(&part.as_str()))
    {
        let value = referred(&outputs[part.as_str()]["Value"]);
        let resource = part.trim_end_matches("Id").trim_end_matches("Arn");
        assert!(value == resource || value == format!("{part}.FunctionUrl"), "{part}: {value}");
    }
}
