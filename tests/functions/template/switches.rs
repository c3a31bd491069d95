//! Each function can be off, and is gone then, with all that only it needs.

use std::collections::BTreeSet;

use yaml_serde::Value;

use super::{FUNCTIONS, OFF_BY_DEFAULT, Template, live::Live, plain};

/// Which functions are on, in every combination of at least one.
fn combinations() -> impl Iterator<Item = [bool; FUNCTIONS.len()]> {
    (1_usize..1 << FUNCTIONS.len()).map(|bits| std::array::from_fn(|n| bits & (1 << n) != 0))
}

fn with(template: Template, on: [bool; FUNCTIONS.len()]) -> Template {
    FUNCTIONS.into_iter().zip(on).fold(template, |template, ((_, logical_id, ..), on)| {
        let switch = format!("{logical_id}Enabled");
        template.with(&[(switch.as_str(), if on { "true" } else { "false" })])
    })
}

/// Each combination, as most deploy it and with all options; what is deployed, and what is off.
fn deployments() -> Vec<(Live, Vec<(&'static str, &'static str)>)> {
    let mut deployments = Vec::new();
    for on in combinations() {
        for template in Template::read_both() {
            let template = with(template, on);
            let off = FUNCTIONS.into_iter().zip(on).filter(|(_, on)| !on);
            let off = off.map(|((name, logical_id, ..), _)| (name, logical_id));
            deployments.push((Live::of(&template), off.collect()));
        }
    }
    assert_eq!(deployments.len(), 62);
    deployments
}

/// The same, and each preset of `relay.yaml`.
fn deployments_of_all() -> impl Iterator<Item = (Live, Vec<(&'static str, &'static str)>)> {
    let [_, relay] = Template::each_with_all_parts();
    let without_a_secret = Template::relay().with(&[("RelayAuth", "none")]);
    let relays = Template::relay_of_each_preset().into_iter().chain([relay, without_a_secret]);
    deployments().into_iter().chain(relays.map(|template| (Live::of(&template), Vec::new())))
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Sequence(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Mapping(pairs) => {
            for (name, value) in pairs {
                texts(name, found);
                texts(value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn nothing_is_left_of_a_function_that_is_off() {
    for (live, off) in deployments() {
        let mut found = Vec::new();
        texts(&Value::Mapping(live.resources.clone()), &mut found);
        texts(&Value::Mapping(live.outputs.clone()), &mut found);
        for (name, logical_id) in off {
            let left = found.iter().find(|text| text.contains(name) || text.contains(logical_id));
            assert_eq!(left, None, "{name} is off");
        }
    }
}

/// SAM makes a `…Url` for each function that is there.
#[test]
fn nothing_refers_to_what_is_not_deployed() {
    for (live, off) in deployments_of_all() {
        for name in &live.references {
            let there = live.resources.contains_key(name)
                || name.strip_suffix("Url").is_some_and(|id| live.resources.contains_key(id));
            assert!(there, "without {off:?}: {name}");
        }
    }
}

#[test]
fn every_secret_has_a_function_that_reads_it() {
    for (live, off) in deployments_of_all() {
        let mut read = Vec::new();
        for role in live.all("AWS::IAM::Role") {
            texts(live.resource(role), &mut read);
        }
        let read: BTreeSet<_> = read.into_iter().collect();
        for secret in live.all("AWS::SecretsManager::Secret") {
            assert!(read.contains(&format!("${{{secret}}}")), "without {off:?}: {secret}");
        }
    }
}

#[test]
fn most_functions_are_on_by_default_and_one_has_to_be() {
    let template = Template::read();
    for (name, logical_id, ..) in FUNCTIONS {
        let switch = &template.0["Parameters"][format!("{logical_id}Enabled").as_str()];
        let is_on = !OFF_BY_DEFAULT.contains(&name);
        assert_eq!(plain(&switch["Default"]), is_on.to_string(), "{name}");
    }
    let told = with(template, [false; FUNCTIONS.len()]).broken_rules();
    assert_eq!(told, ["Enable at least one function, or delete the stack."]);
}

#[test]
fn a_function_that_is_off_changes_nothing_for_the_others() {
    let without = Live::of(&Template::read());
    // What there is to know of the mails of the welcome, mandrill-inbound knows.
    for (switch, but) in [
        ("MailchimpSubscribeEnabled", None),
        ("MandrillInboundEnabled", Some("MandrillWelcomeRejectsAlarm")),
    ] {
        let with = Live::of(&Template::read().with(&[(switch, "true")]));
        for (id, resource) in &without.resources {
            // What all functions share names each of them.
            let is_shared = id == "Dashboard" || resource["Type"] == "AWS::Logs::QueryDefinition";
            let is_the_same = with.resources[id] == *resource;
            assert!(is_shared || is_the_same == (id.as_str() != but), "{id:?}");
        }
    }
}

#[test]
fn an_audience_is_asked_for_with_mailchimp_subscribe_only() {
    let broken = |parameters: &[_]| {
        Template::read().with(&[("FromEmail", "a@b")]).with(parameters).broken_rules()
    };
    let (on, list) = (("MailchimpSubscribeEnabled", "true"), ("MailchimpListId", "a6b5da1054"));
    let [told] = broken(&[on]).try_into().unwrap();
    assert!(told.contains("MailchimpListId"), "{told}");
    for parameters in [[].as_slice(), &[list], &[on, list]] {
        assert!(broken(parameters).is_empty(), "{parameters:?}");
    }
}

#[test]
fn the_sender_is_asked_for_with_the_welcome_only() {
    let off = Template::read().with(&[("MandrillWelcomeEnabled", "false")]);
    assert!(off.broken_rules().is_empty());
}
