//! The errors of the API: problem details (RFC 9457).
//! <https://mailchimp.com/developer/marketing/docs/errors/>

use std::fmt;

use serde_json::Value;

use crate::http::Response;

/// An error, as far as it can be read. Real ones lack a `type` at times, so nothing depends on that.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Problem {
    /// The name of the error: `Invalid Resource`, `Member In Compliance State`, …; empty if missing.
    pub title: String,
    /// More about it, which may hold the address; empty if missing.
    pub detail: String,
    /// The fields that it is about.
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct FieldError {
    /// The field's name; empty if it is about the whole.
    pub field: String,
    /// What is wrong, which may hold the value.
    pub message: String,
}

impl fmt::Debug for Problem {
    /// The texts may hold an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a problem with {} field errors", self.errors.len())
    }
}

impl fmt::Debug for FieldError {
    /// As above.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field error")
    }
}

impl Problem {
    /// Reads the answer's body; `None` if it is no JSON object: then not the API has answered, but
    /// something in front of it.
    pub fn read(answer: &Response) -> Option<Self> {
        let Value::Object(body) = serde_json::from_slice(&answer.body).ok()? else { return None };
        let errors = body.get("errors").and_then(Value::as_array);
        let errors = errors.into_iter().flatten().map(|error| FieldError {
            field: text(error.get("field")),
            message: text(error.get("message")),
        });
        Some(Self {
            title: text(body.get("title")),
            detail: text(body.get("detail")),
            errors: errors.collect(),
        })
    }

    /// Whether it has this title, whatever the case of its letters.
    pub fn is(&self, title: &str) -> bool {
        self.title.eq_ignore_ascii_case(title)
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn read(body: &'static str) -> Option<Problem> {
        Problem::read(&Response { status: 400, headers: HeaderMap::new(), body: body.into() })
    }

    #[test]
    fn whatever_is_missing_is_empty() {
        let whole = read(
            r#"{"title":"Invalid Resource","status":400,"detail":"d","errors":[{"field":"FNAME","message":"m"},{"field":5},7]}"#,
        );
        let whole = whole.unwrap();
        assert!(whole.is("invalid resource"));
        assert_eq!(whole.detail, "d");
        let fields: Vec<_> = whole.errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["FNAME", "", ""]);
        for bare in ["{}", r#"{"title":5,"detail":null,"errors":"x"}"#] {
            assert_eq!(read(bare), Some(Problem::default()), "{bare}");
        }
    }

    #[test]
    fn body_of_an_edge_is_no_problem() {
        for body in ["", "<html>", "[]", "null", "\"x\""] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn texts_are_not_shown() {
        let problem =
            read(r#"{"detail":"ann@example.com","errors":[{"message":"ann@example.com"}]}"#);
        assert!(!format!("{problem:?}").contains("ann"));
    }
}
