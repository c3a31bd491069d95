//! The request's type of content and its body.

use crate::{
    Findings, Rule, Severity,
    hook::Hook,
    template::Certainty,
    web_hook::{FORM, JSON},
};

/// A type of content that Kratos does not know.
pub(crate) static CONTENT_TYPE: Rule = Rule {
    name: "content-type",
    severity: Severity::Error,
    happens: "Every call fails: Kratos compares the whole text of `Content-Type`, so that a \
              charset, a space or another type is an \"incorrect Content-Type\".",
    mend: "Leave the header out (it is `application/json` then), or write \
           `application/x-www-form-urlencoded`.",
    claim: "H15; request/builder.go, addBody",
};

/// A request without a template.
pub(crate) static NO_BODY: Rule = Rule {
    name: "no-body",
    severity: Severity::Error,
    happens: "Every call fails: Kratos wants a template for every method but TRACE, GET too, \
              though its schema does not say so.",
    mend: "Set `body` to a template in base64.",
    claim: "request/builder.go, addBody",
};

/// A form that is none.
pub(crate) static FORM_OF_MORE_THAN_TEXT: Rule = Rule {
    name: "form-of-more-than-text",
    severity: Severity::Error,
    happens: "Every call fails: for a form, Kratos takes an object whose values are all texts.",
    mend: "Make these values texts, for example with `std.toString`; or send JSON.",
    claim: "H15; request/builder.go, addURLEncodedBody",
};

/// A form that should not be sent.
pub(crate) static FORM_CANCELS: Rule = Rule {
    name: "form-cancels",
    severity: Severity::Error,
    happens: "`error \"cancel\"` fails the flow: Kratos honours it for JSON only, not for forms.",
    mend: "Send JSON; or tell a function of every event, and let it decide.",
    claim: "H15; request/builder.go; tests/real/kratos/cancel.rs",
};

/// Checks what the request carries.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    if web.method == "TRACE" {
        return;
    }
    if web.body.as_deref().unwrap_or_default().is_empty() {
        found.add(&NO_BODY, hook.part("body"), "");
    }
    match web.content_type() {
        JSON => {}
        FORM => form(hook, found),
        other => found.add(&CONTENT_TYPE, hook.part("headers"), format!("It is `{other}`.")),
    }
}

fn form(hook: &Hook, found: &mut Findings) {
    let Some(reading) = &hook.reading else { return };
    if !reading.no_texts.is_empty() {
        let fields = reading.no_texts.join(", ");
        found.add(&FORM_OF_MORE_THAN_TEXT, hook.part("body"), format!("No texts: {fields}."));
    }
    for error in &reading.errors {
        if matches!(&error.text, Certainty::Whole(text) if text.starts_with("cancel")) {
            found.add_at(&FORM_CANCELS, &hook.part("body"), error.place, "");
        }
    }
}
