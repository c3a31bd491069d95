//! Messages of a reply template.

use crate::{Findings, Rule, Severity, template::Reading};

/// A type that Kratos does not know.
pub(crate) static MESSAGE_TYPE: Rule = Rule {
    name: "message-type",
    severity: Severity::Error,
    happens: "The message stops the flow and is shown as `info`: Kratos knows only `error` as an \
              error and takes any other word, `validation` of Ory's own document and `success` \
              too, for `info`. Words beside `error`, `info` and `success` are a fault in our \
              functions.",
    mend: "Write `type: 'error'`; `type: 'info'` where it is meant.",
    claim: "H10; selfservice/hook/web_hook.go, parseWebhookResponse; \
            tests/real/kratos/before_saving.rs",
};

/// Words that mean what they say.
const KEPT: [&str; 2] = ["error", "info"];

/// Checks the types of messages.
pub(crate) fn check(reading: &Reading, path: &str, found: &mut Findings) {
    for kind in reading.message_types.iter().filter(|kind| !KEPT.contains(&kind.word.as_str())) {
        found.add_at(&MESSAGE_TYPE, path, kind.place, format!("It is `{}`.", kind.word));
    }
}
