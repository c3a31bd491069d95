//! What Mailchimp's answers mean: total over any status and any body.
//! <https://mailchimp.com/developer/marketing/docs/errors/>
//!
//! An error counts by its status first, then by its title; an answer of an edge has no JSON. Texts of
//! an answer may hold the address, so none is reported.

use serde_json::{Map, Value};
use shared::{
    http::Response,
    mailchimp::Problem,
    outcome::{Blocked, Outcome},
};

use super::{Contact, contact::NoContact};

/// What came of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The contact as it is now.
    Done(Contact),
    /// The contact is no longer as it was read. Nothing was written.
    Changed,
    /// The state of the contact does not allow it. Nothing was written.
    Compliance,
    /// The contact was deleted for good: only the person can come back, by Mailchimp's own form.
    Forgotten,
}

/// Whether the audience has double opt-in.
///
/// # Errors
/// The outcome of an event whose audience cannot be read.
pub fn double_opt_in(answer: &Response) -> Result<bool, Outcome> {
    match answer.status {
        200 => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let unknown = || Outcome::try_later("Mailchimp does not tell the double opt-in");
            body["double_optin"].as_bool().ok_or_else(unknown)
        }
        404 => Err(wrong_path("MAILCHIMP_LIST_ID")),
        _ => Err(unread(answer)),
    }
}

/// The contact in an answer to a read; `None` if there is none.
///
/// # Errors
/// The outcome of an event whose contact cannot be read.
pub fn contact(answer: &Response) -> Result<Option<Contact>, Outcome> {
    match answer.status {
        200 => match Contact::read(&answer.body) {
            Ok(contact) => Ok(Some(contact)),
            Err(NoContact::UnknownStatus) => Err(unknown_status()),
            Err(NoContact::Foreign) => Err(Outcome::try_later(not_understood())),
        },
        404 if Problem::read(answer).is_some() => Ok(None),
        404 => Err(wrong_path("MAILCHIMP_URL")),
        _ => Err(unread(answer)),
    }
}

/// What came of a write of `sent`.
///
/// # Errors
/// The outcome of an event whose contact was not written, or may not have been.
pub fn written(sent: &Map<String, Value>, answer: &Response) -> Result<Written, Outcome> {
    match answer.status {
        200 => match Contact::read(&answer.body) {
            Ok(contact) => Ok(Written::Done(contact)),
            Err(NoContact::UnknownStatus) => Err(unknown_status()),
            Err(NoContact::Foreign) => Err(Outcome::in_doubt(not_understood())),
        },
        400 => match Problem::read(answer) {
            Some(problem) => refused(sent, &problem),
            None => Err(Outcome::blocked(said(answer))),
        },
        404 if Problem::read(answer).is_some() => Ok(Written::Changed),
        404 => Err(wrong_path("MAILCHIMP_URL")),
        _ => Err(failed(answer)),
    }
}

/// Whether the contact is in the archive, or gone; `false` if its state does not allow it: it is
/// pending, cleaned, or in the archive already.
///
/// # Errors
/// The outcome of an event whose contact was not archived, or may not have been.
pub fn archived(answer: &Response) -> Result<bool, Outcome> {
    match answer.status {
        200 | 204 => Ok(true),
        404 if Problem::read(answer).is_some() => Ok(true),
        404 => Err(wrong_path("MAILCHIMP_URL")),
        405 => Ok(false),
        _ => Err(failed(answer)),
    }
}

/// Whether the contact was deleted for good; `false` if no contact has this name: it is gone, or has
/// moved to another address.
///
/// # Errors
/// The outcome of a contact that was not deleted, or may not have been.
pub fn deleted(answer: &Response) -> Result<bool, Outcome> {
    match answer.status {
        200 | 204 => Ok(true),
        404 if Problem::read(answer).is_some() => Ok(false),
        404 => Err(wrong_path("MAILCHIMP_URL")),
        _ => Err(failed(answer)),
    }
}

/// Whether the tags were written; `false` if the contact is gone.
///
/// # Errors
/// The outcome of an event whose tags were not written, or may not have been.
pub fn tagged(answer: &Response) -> Result<bool, Outcome> {
    match answer.status {
        200 | 204 => Ok(true),
        404 if Problem::read(answer).is_some() => Ok(false),
        404 => Err(wrong_path("MAILCHIMP_URL")),
        400 if Problem::read(answer).is_some() => Err(rejected("tags")),
        400 => Err(Outcome::blocked(said(answer))),
        _ => Err(failed(answer)),
    }
}

/// A 400 with a problem.
fn refused(sent: &Map<String, Value>, problem: &Problem) -> Result<Written, Outcome> {
    if problem.is("Member In Compliance State") {
        Ok(Written::Compliance)
    } else if problem.is("Forgotten Email Not Subscribed") {
        Ok(Written::Forgotten)
    } else if problem.is("Member Exists") {
        // The path named nobody, and the address has a contact (amro/gibbon#239).
        Ok(Written::Changed)
    } else if problem.is("Invalid Resource") {
        invalid_resource(sent, problem)
    } else if problem.is("JSON Parse Exception") || problem.is("Bad Request") {
        Err(rejected("bad request"))
    } else if problem.is("Invalid Action") {
        Err(rejected("invalid action"))
    } else {
        Err(rejected("unknown error"))
    }
}

/// This title has many causes, which only its texts tell apart. An address holds no space, so no
/// address reads like one of them.
fn invalid_resource(sent: &Map<String, Value>, problem: &Problem) -> Result<Written, Outcome> {
    let messages = problem.errors.iter().map(|error| error.message.as_str());
    let texts: Vec<_> = messages.chain([problem.detail.as_str()]).map(str::to_lowercase).collect();
    let says = |part: &str| texts.iter().any(|text| text.contains(part));
    // The contact is at the address, or no longer in the state in which it could move there.
    let is_elsewhere =
        ["already in this list", "already a list member", "only update email addresses"];
    if is_elsewhere.into_iter().any(says) {
        Ok(Written::Changed)
    } else if says("looks fake or invalid") || says("valid email") {
        Err(rejected("invalid address"))
    } else if says("lot of lists") || says("too many lists") {
        Err(rejected("too many lists"))
    } else {
        Err(invalid_fields(sent, problem))
    }
}

/// A field that we did not send is one that the audience requires: everybody fails alike, and an
/// operator must act. One that we sent has a bad value for this person.
fn invalid_fields(sent: &Map<String, Value>, problem: &Problem) -> Outcome {
    let named: Vec<_> = problem.errors.iter().filter_map(|error| name(&error.field)).collect();
    match named.iter().find(|name| !is_sent(sent, name)) {
        Some(missing) if is_tag(missing) => {
            Outcome::blocked(format!("the audience refuses contacts without the field {missing}"))
        }
        Some(_) => Outcome::blocked("the audience refuses contacts without a field"),
        None if named.is_empty() => Outcome::blocked("Mailchimp refuses the fields of the contact"),
        None => rejected("invalid field"),
    }
}

/// The last part of a field's path, for example of `merge_fields.FNAME`.
fn name(field: &str) -> Option<&str> {
    field.rsplit('.').next().map(str::trim).filter(|name| !name.is_empty())
}

fn is_sent(sent: &Map<String, Value>, name: &str) -> bool {
    let is_inside = |value: &Value| value.as_object().is_some_and(|it| it.contains_key(name));
    sent.contains_key(name) || sent.values().any(is_inside)
}

/// The names of merge fields are the audience's, and short: one may be shown.
fn is_tag(name: &str) -> bool {
    name.len() <= 10
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// What a status means that depends on no call. A server error may have come after the write.
fn failed(answer: &Response) -> Outcome {
    let said = said(answer);
    let has_json = Problem::read(answer).is_some();
    match answer.status {
        401 => Outcome::Blocked(Blocked::BadKey),
        403 if has_json => Outcome::Blocked(Blocked::BadKey),
        // Without JSON, it is the edge's guard against too many calls.
        403 | 408 | 429 => Outcome::TryLater { wait: answer.retry_after().into(), cause: said },
        405 => rejected("method not allowed"),
        414 | 422 => rejected("invalid request"),
        300..=499 => Outcome::blocked(said),
        _ => Outcome::in_doubt(said),
    }
}

/// The same for a read, which changes nothing and so is never in doubt.
fn unread(answer: &Response) -> Outcome {
    match failed(answer) {
        Outcome::InDoubt { wait, cause } => Outcome::TryLater { wait, cause },
        Outcome::Rejected { .. } => Outcome::blocked(said(answer)),
        outcome => outcome,
    }
}

fn rejected(reason: &str) -> Outcome {
    Outcome::Rejected { reason: reason.to_owned() }
}

fn said(answer: &Response) -> String {
    format!("Mailchimp returned {}", answer.status)
}

fn not_understood() -> &'static str {
    "Mailchimp returned an unrecognized body"
}

fn unknown_status() -> Outcome {
    Outcome::blocked("Mailchimp returned an unknown status of a contact")
}

fn wrong_path(variable: &str) -> Outcome {
    Outcome::blocked(format!("Mailchimp returned an unrecognized 404: check {variable}"))
}

#[cfg(test)]
mod tests;
