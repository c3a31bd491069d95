//! The output of a mailchimp-inbound template, over an identity: `{"identity": …, "result": …}`,
//! and `paths` if they are not the default ones.
//!
//! Checks: no path leaves the allow-list; what is left out of a patch would change nothing,
//! according to another implementation of JSON Patch; and Segment never sends Mailchimp what came
//! from it.
#![no_main]

use fakes::patched;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use shared::inbound::{Operation, PatchPaths, Pointer, TemplateOutput, effective};

const DEFAULT: &str = "/traits/consent/newsletter,/metadata_public/mailchimp";

fuzz_target!(|input: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Value>(input) else { return };
    let allowed = input["paths"].as_str().unwrap_or(DEFAULT);
    let Some(paths) = PatchPaths::parse(allowed) else { return };
    let Value::Object(result) = &input["result"] else { return };
    let Ok(result) = TemplateOutput::of(result.clone(), &paths) else { return };

    let allowed: Vec<_> = allowed.split(',').map(|path| canonical(path.trim())).collect();
    assert!(result.patch.iter().all(|operation| is_allowed(operation, &allowed)));
    if let Ok(Some(call)) = &result.segment {
        assert_eq!(call["integrations"]["MailChimp"], false);
    }

    let identity = &input["identity"];
    let left = effective(result.patch.clone(), identity, |_, _| true);
    let mut all = result.patch.iter();
    assert!(left.iter().all(|one| all.any(|other| other == one)), "not in their order");
    assert_eq!(effective(left.clone(), identity, |_, _| true), left);
    if let Ok(whole) = patched(&json!(result.patch), identity) {
        assert_eq!(patched(&json!(left), identity), Ok(whole));
    }
});

/// The canonical form.
fn canonical(path: &str) -> String {
    Pointer::try_from(path.to_owned()).expect("a pointer").into()
}

fn is_allowed(operation: &Operation, allowed: &[String]) -> bool {
    let operation = json!(operation);
    let path = operation["path"].as_str().expect("a path");
    let under = |at: &String| path.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'));
    allowed.iter().any(|at| path == at || under(at))
}
