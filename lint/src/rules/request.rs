//! The method, the content type and the body of the request.

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    template::{Certainty, Reading},
    vendor::Vendor,
    web_hook::{FORM, JSON},
};

/// A method that is none.
pub(crate) static HTTP_METHOD: Rule = Rule {
    name: "http-method",
    severity: Severity::Error,
    title: "The HTTP method of a webhook is not valid",
    description: "A method consists of letters, digits and some signs. With a space or another \
                  character in it, every call fails. With an empty one, Kratos sends GET with a \
                  body, which most servers ignore or refuse.",
    help: "Write `method: POST`, or the method that the receiver expects.",
    example: Some(Example::config("method: ''", "method: POST")),
    source: "Go net/http, NewRequestWithContext and validMethod; ory/kratos request/builder.go",
};

/// A content type that Kratos does not know.
pub(crate) static CONTENT_TYPE: Rule = Rule {
    name: "content-type",
    severity: Severity::Error,
    title: "The `Content-Type` of a webhook is not supported",
    description: "Every call fails: Kratos compares the whole value of `Content-Type`, so a \
                  charset, a space or another type is an \"incorrect Content-Type\".",
    help: "Remove the header to send `application/json`, or set it to \
           `application/x-www-form-urlencoded`. A `Content-Type` in `auth` replaces one in \
           `headers`.",
    example: Some(Example::config(
        "headers: {Content-Type: application/json; charset=utf-8}",
        "headers: {Content-Type: application/json}",
    )),
    source: "docs/kratos.md (cancel); ory/kratos request/builder.go, BuildRequest and addBody",
};

/// A request without a template.
pub(crate) static NO_BODY: Rule = Rule {
    name: "no-body",
    severity: Severity::Error,
    title: "A webhook has no template",
    description: "Every call fails: Kratos requires a template for every method except TRACE, even \
                  for GET, although its schema does not say so.",
    help: "Set `body` to a template in base64.",
    example: Some(Example::config("body: ''", "body: base64://ZnVuY3Rpb24oY3R4KSB7fQ==")),
    source: "ory/kratos request/builder.go, addBody",
};

/// A body that is not a valid form.
pub(crate) static FORM_OF_MORE_THAN_TEXT: Rule = Rule {
    name: "form-of-more-than-text",
    severity: Severity::Error,
    title: "A form has values that are not strings",
    description: "Every call fails: Kratos sends a form only if the template output is an object \
                  of strings.",
    help: "Convert the values to strings, for example with `std.toString`, or send JSON.",
    example: Some(Example::form(
        "function(ctx) { consent: true }",
        "function(ctx) { consent: 'true' }",
    )),
    source: "docs/kratos.md (cancel); ory/kratos request/builder.go, addURLEncodedBody",
};

/// A body that should not be a form.
pub(crate) static FORM_CANCELS: Rule = Rule {
    name: "form-cancels",
    severity: Severity::Error,
    title: "A template for a form cancels",
    description: "`error \"cancel\"` fails the flow: Kratos supports it for JSON, not for forms.",
    help: "Send JSON, or send every event to a function and let it decide.",
    example: Some(Example::form(
        "function(ctx) if ctx.flow.type == 'api' then error 'cancel' else { id: ctx.flow.id }",
        "function(ctx) { id: ctx.flow.id, type: ctx.flow.type }",
    )),
    source: "docs/kratos.md (cancel); ory/kratos request/builder.go; tests/real/kratos/cancel.rs",
};

/// Checks the content of the request.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    if let Some(method) = web.method.as_deref().filter(|method| !is_token(method)) {
        let detail = match method {
            "" => "It is empty: Kratos sends GET.".to_owned(),
            other => format!("The method is `{}`.", other.escape_debug()),
        };
        found.add(&HTTP_METHOD, hook.part("method"), detail);
    }
    if web.method() == "TRACE" {
        return;
    }
    if web.body.as_deref().unwrap_or_default().is_empty() {
        found.add(&NO_BODY, hook.part("body"), "");
    }
    match web.content_type() {
        JSON => {}
        FORM => form(hook, found),
        other => {
            let part = if web.type_by_auth.is_some() { "auth" } else { "headers" };
            found.add(&CONTENT_TYPE, hook.part(part), format!("The header is `{other}`."));
        }
    }
}

/// Whether a text is a token, as a method must be.
///
/// Source: RFC 9110, section 5.6.2; Go `net/http`, `validMethod`.
fn is_token(text: &str) -> bool {
    let is_allowed =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    !text.is_empty() && text.chars().all(is_allowed)
}

/// Parts of ctx that hold URLs, as the person opened them.
const URLS: [&[&str]; 3] = [&["request_url"], &["flow", "request_url"], &["flow", "return_to"]];

/// Notes which URLs a vendor receives: their query may hold what is secret.
pub(crate) fn check_sent(reading: &Reading, hook: &Hook, path: &str, found: &mut Findings) {
    let Some(vendor) = hook.web.as_ref().and_then(|web| Vendor::of_url(web.url())) else { return };
    let sent = reading.forwards.iter().find(|one| URLS.iter().any(|keys| one.path.is(keys)));
    if let Some(sent) = sent {
        let note = format!(
            "{} receives `{}`, whose query may hold a token, for example in `return_to`",
            vendor.name(),
            sent.path
        );
        found.note(path, note);
    }
}

fn form(hook: &Hook, found: &mut Findings) {
    let Some(reading) = &hook.reading else { return };
    if !reading.no_texts.is_empty() {
        let fields = reading.no_texts.join(", ");
        found.add(
            &FORM_OF_MORE_THAN_TEXT,
            hook.part("body"),
            format!("These fields are not strings: {fields}."),
        );
    }
    for error in &reading.errors {
        if matches!(&error.text, Certainty::Whole(text) if text.starts_with("cancel")) {
            found.add_at(&FORM_CANCELS, &hook.part("body"), error.place, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_is_a_token() {
        let table = [
            ("POST", true),
            ("post", true),
            ("X-NOTIFY.2", true),
            ("", false),
            ("PO ST", false),
            ("POST ", false),
            ("POST\n", false),
            ("(POST)", false),
            ("PÖST", false),
        ];
        for (method, expected) in table {
            assert_eq!(is_token(method), expected, "{method:?}");
        }
    }
}
