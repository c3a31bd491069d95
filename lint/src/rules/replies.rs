//! Messages of a reply template.

use crate::{Example, Findings, Rule, Severity, template::Reading};

/// A type that Kratos does not know.
pub(crate) static MESSAGE_TYPE: Rule = Rule {
    name: "message-type",
    severity: Severity::Error,
    title: "The type of a message is unknown to Kratos",
    description: "The message stops the flow and is shown as `info`. Kratos takes every type \
                  except `error` for `info`, including `validation` from the Ory documentation, \
                  and `success`. Our functions reject types other than `error`, `info` and \
                  `success`.",
    help: "Use `type: 'error'`, or `type: 'info'` if that is intended.",
    example: Some(Example::reply(
        r"
            function(ctx, outcome) {
              messages: [{ instance_ptr: '#/traits/email', messages: [{ id: 1, text: 'x', type: 'validation' }] }],
            }
        ",
        r"
            function(ctx, outcome) {
              messages: [{ instance_ptr: '#/traits/email', messages: [{ id: 1, text: 'x', type: 'error' }] }],
            }
        ",
    )),
    source: "docs/kratos.md (messages-stop); ory/kratos selfservice/hook/web_hook.go, parseWebhookResponse; \
             tests/real/kratos/before_saving.rs",
};

/// Words with their literal meaning.
const KEPT: [&str; 2] = ["error", "info"];

/// Checks the types of messages.
pub(crate) fn check(reading: &Reading, path: &str, found: &mut Findings) {
    for kind in reading.message_types.iter().filter(|kind| !KEPT.contains(&kind.word.as_str())) {
        found.add_at(&MESSAGE_TYPE, path, kind.place, format!("The type is `{}`.", kind.word));
    }
}
