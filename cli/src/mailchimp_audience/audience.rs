//! What an audience asks for, as far as mailchimp-subscribe and its template depend on it.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// The merge field that holds the id of the identity.
const TAG: &str = "ORY_ID";
const NAME: &str = "Ory identity";
/// Its type. An id is a text of 36 characters; a text may have 255 bytes.
const KIND: &str = "text";

/// An audience: `GET /lists/{id}`, and its merge fields.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    pub(crate) id: String,
    pub(crate) overview: Overview,
    pub(crate) fields: Vec<MergeField>,
}

/// <https://mailchimp.com/developer/marketing/api/lists/get-list-info/>
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Overview {
    pub(crate) name: String,
    /// Whether people who sign up have to confirm.
    pub(crate) double_optin: bool,
    /// Whether it has GDPR fields.
    #[serde(default)]
    pub(crate) marketing_permissions: bool,
}

/// <https://mailchimp.com/developer/marketing/api/list-merges/list-merge-fields/>
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MergeField {
    pub(crate) merge_id: u64,
    pub(crate) tag: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) public: bool,
}

/// Whether the merge field can hold the id of the identity, and nobody else writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum OryId {
    /// It is there, and not public.
    Ready,
    /// There is none.
    Missing,
    /// Contacts see it in their preferences, and can type another id.
    Public(u64),
    /// It is of this type, which Mailchimp does not change.
    OfType(String),
}

impl Audience {
    pub(crate) fn ory_id(&self) -> OryId {
        match self.fields.iter().find(|field| field.tag == TAG) {
            None => OryId::Missing,
            Some(field) if field.kind != KIND => OryId::OfType(field.kind.clone()),
            Some(field) if field.public => OryId::Public(field.merge_id),
            Some(_) => OryId::Ready,
        }
    }

    /// The fields that Mailchimp wants for every contact.
    pub(crate) fn required(&self) -> impl Iterator<Item = &MergeField> {
        self.fields.iter().filter(|field| field.required && field.tag != TAG)
    }
}

/// A call that makes the merge field ready.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Change {
    pub(crate) method: Method,
    /// Below the audience.
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl OryId {
    /// What to change; `None` if nothing has to be changed, or nothing can be.
    pub(crate) fn change(&self) -> Option<Change> {
        match self {
            Self::Ready | Self::OfType(_) => None,
            Self::Missing => Some(Change {
                method: Method::POST,
                path: "merge-fields".to_owned(),
                body: json!({"tag": TAG, "name": NAME, "type": KIND, "public": false}),
            }),
            Self::Public(id) => Some(Change {
                method: Method::PATCH,
                path: format!("merge-fields/{id}"),
                body: json!({"name": NAME, "public": false}),
            }),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn field(tag: &str, kind: &str, required: bool, public: bool) -> MergeField {
        MergeField { merge_id: 7, tag: tag.to_owned(), kind: kind.to_owned(), required, public }
    }

    pub(crate) fn audience(fields: Vec<MergeField>) -> Audience {
        let name = "Newsletter".to_owned();
        let overview = Overview { name, double_optin: false, marketing_permissions: false };
        Audience { id: "a6b5da1054".to_owned(), overview, fields }
    }

    #[test]
    fn merge_field_is_ready_missing_or_to_be_changed() {
        let table = [
            (vec![], OryId::Missing, Some("POST merge-fields")),
            (vec![field("ORY", "text", false, false)], OryId::Missing, Some("POST merge-fields")),
            (vec![field("ORY_ID", "text", false, false)], OryId::Ready, None),
            (vec![field("ORY_ID", "text", true, false)], OryId::Ready, None),
            (
                vec![field("ORY_ID", "text", false, true)],
                OryId::Public(7),
                Some("PATCH merge-fields/7"),
            ),
            (vec![field("ORY_ID", "number", false, true)], OryId::OfType("number".into()), None),
        ];
        for (fields, expected, call) in table {
            let ory_id = audience(fields).ory_id();
            assert_eq!(ory_id, expected);
            let change = ory_id.change();
            let made = change.as_ref().map(|one| format!("{} {}", one.method, one.path));
            assert_eq!(made.as_deref(), call);
            assert!(change.is_none_or(|change| change.body["public"] == false));
        }
    }

    #[test]
    fn required_fields_are_those_that_the_template_can_give() {
        let audience = audience(vec![
            field("FNAME", "text", false, true),
            field("LNAME", "text", true, true),
            field("ORY_ID", "text", true, false),
        ]);
        let tags: Vec<_> = audience.required().map(|field| field.tag.as_str()).collect();
        assert_eq!(tags, ["LNAME"]);
    }
}
