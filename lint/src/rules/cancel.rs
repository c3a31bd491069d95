//! `error "cancel"`: what Kratos takes for it.

use crate::{
    Findings, Rule, Severity,
    template::{Certainty, ErrorText, Reading},
};

/// An error that is none.
pub(crate) static CANCELS_BY_ACCIDENT: Rule = Rule {
    name: "cancels-by-accident",
    severity: Severity::Warning,
    happens: "The webhook is cancelled in silence, where an error seems to be meant: Kratos \
              searches the whole text of whatever error there is for `RUNTIME ERROR: cancel`, so \
              any text that begins with `cancel` cancels, an assertion's too.",
    mend: "Begin an error that is to be seen with another word. To cancel, write `error 'cancel'` \
           or `error 'cancel: REASON'`. Let nobody else's text begin an error.",
    claim: "H15; request/builder.go, addJSONBody; tests/real/kratos/cancel.rs; docs/jsonnet.md",
};

/// A cancel that is none.
pub(crate) static DOES_NOT_CANCEL: Rule = Rule {
    name: "does-not-cancel",
    severity: Severity::Error,
    happens: "The flow fails, where a cancel seems to be meant: Kratos takes only a text that \
              begins with `cancel`, in small letters.",
    mend: "Write `error 'cancel'` or `error 'cancel: REASON'`.",
    claim: "H15; request/builder.go, addJSONBody; tests/real/kratos/cancel.rs",
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
            Judgement::Cancels(format!("Its text is whatever `{path}` holds."))
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
        Judgement::Cancels(format!("It is an assertion: `{text}`."))
    } else if goes_on || (rest.is_none() && text.contains(SEARCHED)) {
        Judgement::Cancels(format!("It is `{text}`."))
    } else if rest.is_none() && text.trim().to_lowercase().starts_with(CANCEL) {
        Judgement::DoesNot
    } else {
        Judgement::Fine
    }
}
