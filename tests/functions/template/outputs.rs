//! The outputs: `ory-actions doctor` finds a deployed stack by them.

use ory_actions::doctor::Stack;

use super::{Template, referred};

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
