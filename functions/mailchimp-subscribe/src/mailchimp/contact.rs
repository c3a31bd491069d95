//! A contact, as Mailchimp returns it.

use std::fmt;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::consent::Status;

/// A contact.
#[derive(Clone, PartialEq)]
pub struct Contact {
    /// Its id, which stays when its address changes.
    pub id: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Its state.
    pub status: Status,
    /// When it was last changed, in whole seconds.
    pub last_changed: Option<OffsetDateTime>,
}

impl fmt::Debug for Contact {
    /// The address is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "contact {:?}, {:?}", self.id, self.status)
    }
}

/// An answer that is no contact of which we know what to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoContact {
    /// It is something else.
    Foreign,
    /// Its state is one that this code does not know.
    UnknownStatus,
}

impl Contact {
    /// Reads one.
    pub(crate) fn read(body: &[u8]) -> Result<Self, NoContact> {
        let body: Value = serde_json::from_slice(body).map_err(|_| NoContact::Foreign)?;
        let word = body["status"].as_str().ok_or(NoContact::Foreign)?;
        Ok(Self {
            // It becomes part of a path.
            id: body["contact_id"].as_str().filter(|id| is_id(id)).map(str::to_owned),
            address: body["email_address"].as_str().map(str::to_owned),
            status: Status::of(word).ok_or(NoContact::UnknownStatus)?,
            last_changed: body["last_changed"].as_str().and_then(time),
        })
    }

    /// Whether this is its address, as Mailchimp compares addresses. One that does not tell has it.
    pub fn has_address(&self, address: &str) -> bool {
        let lower = address.trim().to_lowercase();
        self.address.as_ref().is_none_or(|known| known.trim().to_lowercase() == lower)
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn read(body: Value) -> Result<Contact, NoContact> {
        Contact::read(body.to_string().as_bytes())
    }

    #[test]
    fn contact_is_read() {
        let contact = read(json!({
            "contact_id": "b9a0", "email_address": "Ann@Example.com", "status": "pending",
            "last_changed": "2026-01-31T11:19:37+00:00", "merge_fields": {},
        }));
        let contact = contact.unwrap();
        assert_eq!(contact.id.as_deref(), Some("b9a0"));
        assert_eq!(contact.status, Status::Pending);
        assert_eq!(contact.last_changed, Some(datetime!(2026-01-31 11:19:37 UTC)));
        assert!(contact.has_address("ann@example.com") && !contact.has_address("ben@example.com"));
        assert!(!format!("{contact:?}").to_lowercase().contains("ann"));
    }

    #[test]
    fn id_that_would_change_the_path_is_no_id() {
        for id in [json!("../lists"), json!("a/b"), json!("a?b"), json!(""), json!(5), json!(null)]
        {
            let contact = read(json!({"contact_id": id, "status": "subscribed"})).unwrap();
            assert_eq!(contact.id, None, "{id}");
        }
    }

    #[test]
    fn contact_requires_a_known_state() {
        assert_eq!(read(json!({"status": "paused"})), Err(NoContact::UnknownStatus));
        for body in [json!({}), json!([]), json!(null), json!({"status": 400}), json!("x")] {
            assert_eq!(read(body.clone()), Err(NoContact::Foreign), "{body}");
        }
        assert_eq!(Contact::read(b"<html>"), Err(NoContact::Foreign));
        for status in Status::ALL {
            assert_eq!(read(json!({"status": status.word()})).unwrap().status, status);
        }
    }
}
