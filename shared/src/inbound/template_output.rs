//! A template's output: changes to the identity, and a call to Segment.

use std::fmt;

use serde_json::{Value, json};

use super::patch::{self, Operation, PatchPaths};
use crate::{
    deliver::{InvalidOutput, Rendered},
    exact::may_be_rounded,
    outcome::Outcome,
    template::Template,
};

/// Segment's name for its Mailchimp destination, case-sensitive.
const MAILCHIMP_DESTINATION: &str = "MailChimp";

/// A template's output, checked.
#[derive(PartialEq)]
pub struct TemplateOutput {
    /// The changes to the identity.
    pub patch: Vec<Operation>,
    /// The call to Segment, or the rule that it breaks: that does not stop the patch to Ory.
    pub segment: Result<Option<Rendered>, &'static str>,
}

impl fmt::Debug for TemplateOutput {
    /// The call to Segment is a person's data: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}, calls Segment: {}",
            self.patch,
            self.segment.as_ref().is_ok_and(Option::is_some)
        )
    }
}

impl TemplateOutput {
    /// Reads the template's output.
    ///
    /// # Errors
    /// The outcome of an event whose template breaks a rule.
    pub(super) fn read(
        rendered: Rendered,
        paths: &PatchPaths,
        template: &Template,
    ) -> Result<Self, Outcome> {
        Self::of(rendered, paths).map_err(|rule| InvalidOutput::Rule(rule).outcome(template))
    }

    /// The same without a template.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn of(mut rendered: Rendered, paths: &PatchPaths) -> Result<Self, &'static str> {
        let patch = match rendered.remove("ory") {
            None | Some(Value::Null) => Vec::new(),
            Some(ory) if may_be_rounded(&ory) => {
                return Err("`ory` has a number that Jsonnet may have rounded");
            }
            Some(ory) => patch::read(ory, paths)?,
        };
        let segment = match rendered.remove("segment") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(call)) => without_echo(call).map(Some),
            Some(_) => Err("`segment` is not an object"),
        };
        if rendered.is_empty() {
            Ok(Self { patch, segment })
        } else {
            Err("the template output has fields other than `ory` and `segment`")
        }
    }
}

/// An event of a vendor does not reach an audience of Mailchimp through Segment: its destination
/// subscribes new addresses.
fn without_echo(mut call: Rendered) -> Result<Rendered, &'static str> {
    let integrations = call.entry("integrations").or_insert_with(|| json!({}));
    let integrations = integrations.as_object_mut().ok_or("`integrations` is not an object")?;
    integrations.insert(MAILCHIMP_DESTINATION.to_owned(), json!(false));
    Ok(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(result: Value) -> Result<TemplateOutput, &'static str> {
        let paths = PatchPaths::parse("/traits/consent/newsletter").unwrap();
        TemplateOutput::of(result.as_object().unwrap().clone(), &paths)
    }

    #[test]
    fn each_part_of_the_output_is_optional() {
        let nothing = TemplateOutput { patch: Vec::new(), segment: Ok(None) };
        for result in [json!({}), json!({"ory": null, "segment": null}), json!({"ory": {}})] {
            assert_eq!(read(result).unwrap(), nothing);
        }
        let add = json!({"op": "add", "path": "/traits/consent/newsletter", "value": true});
        let both = read(json!({"ory": {"patch": [add]}, "segment": {"userId": "u"}})).unwrap();
        assert_eq!(json!(both.patch), json!([add]));
        assert_eq!(both.segment.unwrap().unwrap()["userId"], "u");
    }

    #[test]
    fn mailchimp_events_are_not_sent_back_to_mailchimp() {
        for integrations in [json!({}), json!({"MailChimp": true}), json!({"All": true})] {
            let call = json!({"segment": {"integrations": integrations}});
            let segment = read(call).unwrap().segment.unwrap().unwrap();
            assert_eq!(segment["integrations"]["MailChimp"], false);
        }
    }

    #[test]
    fn invalid_call_does_not_prevent_the_patch() {
        for segment in [json!(5), json!({"integrations": []})] {
            let add = json!({"op": "add", "path": "/traits/consent/newsletter", "value": true});
            let result = read(json!({"ory": {"patch": [add]}, "segment": segment})).unwrap();
            assert_eq!((result.patch.len(), result.segment.is_err()), (1, true), "{segment}");
        }
    }

    #[test]
    fn invalid_output_is_refused() {
        for result in [
            json!({"ory": 5}),
            json!({"ory": {"patch": 5}}),
            json!({"ory": {"patch": [{
                "op": "add", "path": "/traits/consent/newsletter", "value": [1_u64 << 53],
            }]}}),
            json!({"other": 1}),
        ] {
            assert!(read(result.clone()).is_err(), "{result}");
        }
    }
}
