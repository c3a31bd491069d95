//! The outputs: `ory-actions doctor` finds a deployed stack by them.

use ory_actions::doctor::Stack;

use super::{Template, referred};

/// The part that is the version itself.
const LITERAL: &str = "StackVersion";

/// The part that is a resource or a parameter: a table of an earlier stack is one, too.
const EITHER: &str = "RecordsTable";

/// The parts that no parameter of a deployment changes.
const NO_OUTPUT: [&str; 1] = ["SegmentCdnUrl"];

#[test]
fn outputs_have_the_names_that_doctor_expects() {
    let [main, relay] = Template::each().map(|template| template.0["Outputs"].clone());
    let output = |part: &str| if main[part].is_null() { &relay[part] } else { &main[part] };
    let parts = serde_json::to_value(Stack::default()).unwrap();
    for part in NO_OUTPUT {
        assert!(output(part).is_null(), "{part} is an output");
    }
    for part in parts.as_object().unwrap().keys().filter(|part| !NO_OUTPUT.contains(&part.as_str()))
    {
        if part == LITERAL {
            continue;
        }
        if part == EITHER {
            assert!(!output(part).is_null(), "{part} is no output");
            continue;
        }
        let value = referred(&output(part)["Value"]);
        let resource = part.trim_end_matches("Id").trim_end_matches("Arn");
        let parameter = part.trim_start_matches("Relay");
        let known = [part.as_str(), resource, parameter, &format!("{part}.FunctionUrl")];
        assert!(known.contains(&value.as_str()), "{part}: {value}");
    }
}

#[test]
fn version_is_that_of_the_crates() {
    for template in Template::each() {
        let version = super::plain(&template.0["Outputs"][LITERAL]["Value"]);
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}

/// `ory-actions template pack` says which parameter takes a template.
#[test]
fn packed_templates_have_parameters() {
    let [main, relay] = Template::each();
    for (_, parameter) in ory_actions::template::PARAMETERS {
        assert!(main.0["Parameters"][parameter]["Default"].is_string(), "{parameter}");
    }
    let parameter = ory_actions::template::RELAY_PARAMETER;
    assert!(relay.0["Parameters"][parameter]["Default"].is_string(), "{parameter}");
    let all = main.0["Parameters"].as_mapping().unwrap().keys();
    let of_templates = all.filter(|name| super::plain(name).ends_with("Template")).count();
    assert_eq!(of_templates, ory_actions::template::PARAMETERS.len());
}
