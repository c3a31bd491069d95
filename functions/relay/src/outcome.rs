//! What a vendor's answers mean: the rows of the configuration, in their order, and then a table that
//! fits most vendors. Total over any status and any body.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    http::Response,
    outcome::{Blocked, Outcome},
};

/// The rows of a preset or of `RELAY_OUTCOMES`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(transparent)]
pub struct Outcomes(Vec<Row>);

/// From an answer to an outcome.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Row {
    status: Statuses,
    /// What the body must say; absent: the status is enough.
    #[serde(default)]
    when: Option<Test>,
    outcome: Word,
    /// What answers and logs say. Never the vendor's own words: they may quote a person.
    #[serde(default)]
    reason: Option<String>,
}

/// One status, or many: `409`, `2xx`, `500-599`, `*`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
struct Statuses(RangeInclusive<u16>);

/// A test of the body.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Test {
    /// Its text contains this.
    Contains(String),
    /// Something is at this JSON Pointer, even null.
    Exists(String),
    /// The value at a JSON Pointer.
    Equals { pointer: String, value: Value },
    /// The text at a JSON Pointer.
    Prefix { pointer: String, value: String },
}

/// The outcomes that a row may name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Word {
    Delivered,
    Rejected,
    TryLater,
    Blocked,
    InDoubt,
}

impl TryFrom<String> for Statuses {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "wanted a status such as 409, 2xx, 500-599 or *";
        let status = |text: &str| text.parse::<u16>().ok().filter(|one| (100..=599).contains(one));
        let range = match text.as_bytes() {
            b"*" => Some(0..=u16::MAX),
            [class @ b'1'..=b'5', b'x', b'x'] => {
                let first = u16::from(class - b'0') * 100;
                Some(first..=first + 99)
            }
            _ => match text.split_once('-') {
                Some((first, last)) => {
                    status(first).zip(status(last)).map(|(first, last)| first..=last)
                }
                None => status(&text).map(|one| one..=one),
            },
        };
        range.filter(|range| !range.is_empty()).map(Self).ok_or(wrong)
    }
}

impl Test {
    fn holds(&self, body: &[u8], json: Option<&Value>) -> bool {
        let at = |pointer: &str| json.and_then(|json| json.pointer(pointer));
        match self {
            Self::Contains(text) => String::from_utf8_lossy(body).contains(text.as_str()),
            Self::Exists(pointer) => at(pointer).is_some(),
            Self::Equals { pointer, value } => at(pointer) == Some(value),
            Self::Prefix { pointer, value } => {
                at(pointer).and_then(Value::as_str).is_some_and(|text| text.starts_with(value))
            }
        }
    }
}

impl Row {
    fn fits(&self, answer: &Response, json: Option<&Value>) -> bool {
        let Self { status: Statuses(range), when, .. } = self;
        range.contains(&answer.status)
            && when.as_ref().is_none_or(|test| test.holds(&answer.body, json))
    }

    fn outcome(&self, answer: &Response) -> Outcome {
        let cause = self.reason.clone().unwrap_or_else(|| returned(answer));
        match self.outcome {
            Word::Delivered => delivered(answer),
            Word::Rejected => Outcome::Rejected { reason: cause },
            Word::TryLater => try_later(answer, cause),
            Word::Blocked if is_bad_key(answer) => Outcome::Blocked(Blocked::BadKey),
            Word::Blocked => Outcome::blocked(cause),
            Word::InDoubt => Outcome::in_doubt(cause),
        }
    }
}

impl Outcomes {
    /// Reads them from JSON.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// What the answer means.
    pub fn classify(&self, answer: &Response) -> Outcome {
        let Self(rows) = self;
        let json = serde_json::from_slice(&answer.body).ok();
        let row = rows.iter().find(|row| row.fits(answer, json.as_ref()));
        row.map_or_else(|| built_in(answer), |row| row.outcome(answer))
    }
}

/// What the answers of most vendors mean.
fn built_in(answer: &Response) -> Outcome {
    match answer.status {
        200..=299 => delivered(answer),
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        // A redirect is not followed: the host or the path is wrong. So it is for these two.
        300..=399 | 404 | 405 => Outcome::blocked(returned(answer)),
        408 | 425 | 429 | 500..=599 => try_later(answer, returned(answer)),
        400..=499 => Outcome::Rejected { reason: returned(answer) },
        _ => Outcome::in_doubt(returned(answer)),
    }
}

fn delivered(answer: &Response) -> Outcome {
    Outcome::delivered(json!({"status": answer.status}))
}

fn try_later(answer: &Response, cause: String) -> Outcome {
    Outcome::TryLater { wait: answer.retry_after().into(), cause }
}

/// The secret is then fetched afresh, once: it may have been rotated.
fn is_bad_key(answer: &Response) -> bool {
    matches!(answer.status, 401 | 403)
}

fn returned(answer: &Response) -> String {
    format!("the vendor returned {}", answer.status)
}

#[cfg(test)]
mod tests;
