//! `error "cancel"`: which errors Kratos treats as one.

use crate::{
    Example, Findings, Place, Rule, Severity,
    template::{Certainty, ErrorText, Reading},
};

/// An error that cancels by accident.
pub(crate) static CANCELS_BY_ACCIDENT: Rule = Rule {
    name: "cancels-by-accident",
    severity: Severity::Warning,
    title: "An error cancels the webhook by accident",
    description: "The webhook is silently cancelled. Kratos searches the full text of every error \
                  for `RUNTIME ERROR: cancel`, so every error text that begins with `cancel` \
                  cancels, also that of an assertion.",
    help: "Begin an error text with another word. To cancel, use `error 'cancel'` or `error \
           'cancel: REASON'`. Do not begin an error text with data from a user.",
    example: Some(Example::template(
        "function(ctx) if ctx.flow.type == 'api' then error 'cancellation failed' else { id: ctx.flow.id }",
        "function(ctx) if ctx.flow.type == 'api' then error 'failed to cancel' else { id: ctx.flow.id }",
    )),
    source: "docs/kratos.md (cancel); ory/kratos request/builder.go, addJSONBody; \
             tests/real/kratos/cancel.rs; docs/jsonnet.md",
};

/// An error that looks like a cancel and is none.
pub(crate) static DOES_NOT_CANCEL: Rule = Rule {
    name: "does-not-cancel",
    severity: Severity::Error,
    title: "An error that looks like a cancel does not cancel",
    description: "The flow fails: Kratos cancels only if the error text begins with `cancel` in \
                  lower case.",
    help: "Use `error 'cancel'` or `error 'cancel: REASON'`.",
    example: Some(Example::template(
        "function(ctx) if ctx.flow.type == 'api' then error 'Cancel' else { id: ctx.flow.id }",
        "function(ctx) if ctx.flow.type == 'api' then error 'cancel' else { id: ctx.flow.id }",
    )),
    source: "docs/kratos.md (cancel); ory/kratos request/builder.go, addJSONBody; \
             tests/real/kratos/cancel.rs",
};

/// A template that does nothing but cancel.
pub(crate) static ALWAYS_CANCELS: Rule = Rule {
    name: "always-cancels",
    severity: Severity::Warning,
    title: "A template always cancels its webhook",
    description: "The webhook is never called: whatever `ctx` is, the only result of the template \
                  is `error 'cancel'`. The flow goes on, and no error is shown.",
    help: "Return what the webhook should receive, and cancel only in a branch of an `if`. If the \
           webhook is not needed, remove it.",
    example: Some(Example::template(
        "function(ctx) error 'cancel'",
        "function(ctx) if ctx.flow.type == 'api' then error 'cancel' else { id: ctx.flow.id }",
    )),
    source: "docs/kratos.md (cancel); ory/kratos request/builder.go, addJSONBody; \
             tests/real/kratos/cancel.rs",
};

const CANCEL: &str = "cancel";
/// What Kratos searches for.
const SEARCHED: &str = "RUNTIME ERROR: cancel";

/// Checks the texts of errors and assertions.
pub(crate) fn check(reading: &Reading, path: &str, found: &mut Findings) {
    for error in &reading.errors {
        match judge(error) {
            Judgement::Fine => {}
            Judgement::Cancels(why) => {
                found.add_at(&CANCELS_BY_ACCIDENT, path, error.place, why);
            }
            Judgement::DoesNot => found.add_at(&DOES_NOT_CANCEL, path, error.place, ""),
        }
    }
    let only = &reading.only_errors;
    if let Some(first) = only.first()
        && only.iter().all(|place| cancels_on_purpose(reading, *place))
    {
        found.add_at(&ALWAYS_CANCELS, path, *first, "");
    }
}

fn cancels_on_purpose(reading: &Reading, place: Place) -> bool {
    let mut errors = reading.errors.iter().filter(|error| error.place == place);
    errors.any(|error| match &error.text {
        Certainty::Whole(text) | Certainty::Begins(text) => {
            text.starts_with(CANCEL) && matches!(judge(error), Judgement::Fine)
        }
        Certainty::FromCtx(_) | Certainty::Unknown => false,
    })
}

enum Judgement {
    Fine,
    Cancels(String),
    DoesNot,
}

fn judge(error: &ErrorText) -> Judgement {
    match &error.text {
        Certainty::Unknown => Judgement::Fine,
        Certainty::FromCtx(path) => {
            Judgement::Cancels(format!("The error text is the value of `{path}`."))
        }
        Certainty::Begins(text) if text.starts_with(CANCEL) && !error.is_assertion => {
            Judgement::Fine
        }
        Certainty::Whole(text) | Certainty::Begins(text) => of_text(text, error.is_assertion),
    }
}

fn of_text(text: &str, is_assertion: bool) -> Judgement {
    let rest = text.strip_prefix(CANCEL);
    let goes_on = rest.is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    if rest.is_some() && is_assertion {
        Judgement::Cancels(format!("The assertion fails with `{text}`."))
    } else if goes_on || (rest.is_none() && text.contains(SEARCHED)) {
        Judgement::Cancels(format!("The error text is `{text}`."))
    } else if rest.is_none() && text.trim().to_lowercase().starts_with(CANCEL) {
        Judgement::DoesNot
    } else {
        Judgement::Fine
    }
}
