//! The body of a call about a contact, checked against the API's schema.

use std::{collections::BTreeMap, net::IpAddr};

use serde_json::{Map, Value};

use super::Status;
use crate::mailchimp::answer::Problem;

/// The method of a call about a contact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    Post,
    Put,
    Patch,
}

impl Verb {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// What a body asks for.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) address: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) status_if_new: Option<Status>,
    pub(super) merge_fields: Map<String, Value>,
    pub(super) interests: BTreeMap<String, bool>,
    pub(super) permissions: BTreeMap<String, bool>,
    pub(super) details: Map<String, Value>,
    /// Only of a POST.
    pub(super) tags: Vec<String>,
}

impl Wanted {
    pub(super) fn read(body: &Value, verb: Verb) -> Result<Self, Problem> {
        let Some(fields) = body.as_object() else {
            let detail = "We encountered an unspecified JSON parsing error.";
            return Err(Problem::new(400, "JSON Parse Exception", detail));
        };
        let mut wanted = Self::default();
        for (name, value) in fields {
            let read = wanted.read_field(name, value, verb);
            read.map_err(|message| Problem::invalid(name, message))?;
        }
        Ok(wanted)
    }

    fn read_field(&mut self, name: &str, value: &Value, verb: Verb) -> Result<(), String> {
        match name {
            "email_address" => self.address = Some(text(value)?.to_owned()),
            "status" => self.status = Some(status(value, verb)?),
            "status_if_new" if verb == Verb::Put => self.status_if_new = Some(status(value, verb)?),
            "merge_fields" => self.merge_fields.clone_from(object(value)?),
            "interests" => self.interests = switches(object(value)?)?,
            "marketing_permissions" => self.permissions = permissions(value)?,
            "tags" if verb == Verb::Post => self.tags = names(value)?,
            // In the upsert and the update, tags are no field, and change nothing.
            "tags" => {}
            _ => {
                check_detail(name, value)?;
                self.details.insert(name.to_owned(), value.clone());
            }
        }
        Ok(())
    }
}

/// A field that is kept as it is sent.
fn check_detail(name: &str, value: &Value) -> Result<(), String> {
    match name {
        "email_type" | "language" => text(value).map(drop),
        "vip" if value.is_boolean() => Ok(()),
        "vip" => Err(unlike("boolean")),
        "location" => object(value).map(drop),
        "ip_signup" | "ip_opt" => check_ip(text(value)?),
        "timestamp_signup" | "timestamp_opt" => check_time(text(value)?),
        _ => Err("The fake does not know this field.".to_owned()),
    }
}

fn unlike(wanted: &str) -> String {
    format!("Schema describes {wanted}, another type found instead")
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| unlike("string"))
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| unlike("object"))
}

fn array(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| unlike("array"))
}

/// Only an update cannot make a contact transactional.
fn status(value: &Value, verb: Verb) -> Result<Status, String> {
    let may_be = |status: &Status| verb != Verb::Patch || *status != Status::Transactional;
    let words = Status::SETTABLE.iter().filter(|status| may_be(status)).map(|one| one.word());
    let all = || format!("Value must be one of: {}", words.collect::<Vec<_>>().join(", "));
    Status::parse(text(value)?).filter(may_be).ok_or_else(all)
}

fn switches(object: &Map<String, Value>) -> Result<BTreeMap<String, bool>, String> {
    let switch = |(name, value): (&String, &Value)| {
        value.as_bool().map(|is_on| (name.clone(), is_on)).ok_or_else(|| unlike("boolean"))
    };
    object.iter().map(switch).collect()
}

fn permissions(value: &Value) -> Result<BTreeMap<String, bool>, String> {
    let permission = |one: &Value| {
        let id = text(&one["marketing_permission_id"])?;
        let is_enabled = one["enabled"].as_bool().ok_or_else(|| unlike("boolean"))?;
        Ok((id.to_owned(), is_enabled))
    };
    array(value)?.iter().map(permission).collect()
}

fn names(value: &Value) -> Result<Vec<String>, String> {
    array(value)?.iter().map(|name| text(name).map(str::to_owned)).collect()
}

fn check_ip(text: &str) -> Result<(), String> {
    let parsed: Result<IpAddr, _> = text.parse();
    parsed.map(drop).map_err(|_| "Please provide a valid IP address.".to_owned())
}

/// ISO 8601, or `YYYY-MM-DD HH:MM[:SS]`; an offset or the name of a zone may follow.
fn check_time(text: &str) -> Result<(), String> {
    let digits_and = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.chars().zip(shape.chars()).all(|(one, wanted)| match wanted {
                '0' => one.is_ascii_digit(),
                other => one == other,
            })
    };
    let is_time = text.split_at_checked(10).is_some_and(|(date, rest)| {
        let minutes = rest.get(1..6).unwrap_or_default();
        digits_and(date, "0000-00-00")
            && rest.starts_with(['T', ' '])
            && digits_and(minutes, "00:00")
    });
    is_time.then_some(()).ok_or_else(|| "This value is not a valid datetime.".to_owned())
}
