//! One contact.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Audience, Status};

/// How many characters of a digest are the id of an address in webhooks.
const UNIQUE_ID_CHARACTERS: usize = 10;
/// Real ids are larger than 30 bits.
const FIRST_WEB_ID: usize = 1_362_500_348;

/// One contact of an audience.
#[derive(Clone, Debug)]
pub struct Member {
    /// The id, whatever the address.
    pub contact_id: String,
    /// The address, as it was written.
    pub address: String,
    /// The state.
    pub status: Status,
    /// The values of merge fields, by their tags.
    pub merge_fields: Map<String, Value>,
    /// The names of its tags.
    pub tags: Vec<String>,
    /// The other fields of the API that hold one value: `language`, `ip_signup`, …
    pub details: Map<String, Value>,
    /// Groups, by their ids.
    pub interests: BTreeMap<String, bool>,
    /// GDPR permissions, by their ids.
    pub permissions: BTreeMap<String, bool>,
    /// When it was changed last.
    pub changed_at: OffsetDateTime,
    pub(super) web_id: usize,
    /// Whether it has a state yet.
    pub(super) is_settled: bool,
}

/// The MD5 of an address, by which paths name its contact.
pub fn hash_of(address: &str) -> String {
    hex::encode(Md5::digest(address.to_lowercase()))
}

impl Member {
    /// The `number`-th contact of an audience.
    pub(super) fn new(list: &str, number: usize, address: &str, now: OffsetDateTime) -> Self {
        Self {
            contact_id: hash_of(&format!("contact {number} of {list}")),
            address: address.to_owned(),
            status: Status::Transactional,
            merge_fields: Map::new(),
            tags: Vec::new(),
            details: Map::new(),
            interests: BTreeMap::new(),
            permissions: BTreeMap::new(),
            changed_at: now,
            web_id: FIRST_WEB_ID + number,
            is_settled: false,
        }
    }

    /// The MD5 of its address.
    pub fn hash(&self) -> String {
        hash_of(&self.address)
    }

    /// The id of its address in webhooks. It is another one after a move.
    pub(super) fn unique_id(&self, list: &str) -> String {
        let mut id = hash_of(&format!("{list} {}", self.address));
        id.truncate(UNIQUE_ID_CHARACTERS);
        id
    }

    /// A detail as text; empty if there is none.
    pub(super) fn detail(&self, name: &str) -> &str {
        self.details.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn email_type(&self) -> &str {
        match self.detail("email_type") {
            "" => "html",
            given => given,
        }
    }

    pub(super) fn is_named(&self, who: &str) -> bool {
        let who = who.to_lowercase();
        who == self.contact_id || who == self.hash() || who == self.address.to_lowercase()
    }
}

impl Audience {
    /// A contact as the API shows it.
    pub(super) fn shown(&self, member: &Member) -> Value {
        let names = ["FNAME", "LNAME"].map(|tag| member.merge_fields.get(tag)?.as_str());
        let names: Vec<_> = names.into_iter().flatten().collect();
        let tag_id = |name: &String| self.tags.iter().position(|known| known == name);
        let tags = member.tags.iter().map(|name| json!({"id": tag_id(name), "name": name}));
        let tags: Vec<_> = tags.collect();
        let enabled = |id: &String| member.interests.get(id).copied().unwrap_or_default();
        let interests: BTreeMap<_, _> =
            self.interests.keys().map(|id| (id.clone(), enabled(id))).collect();
        let text = |name: &str| json!(member.detail(name));
        let mut shown = json!({
            "id": member.hash(), "email_address": member.address,
            "unique_email_id": member.unique_id(&self.id), "contact_id": member.contact_id,
            "full_name": names.join(" "), "web_id": member.web_id,
            "email_type": member.email_type(), "status": member.status.word(),
            "merge_fields": self.merges(member), "interests": interests,
            "ip_signup": text("ip_signup"), "timestamp_signup": text("timestamp_signup"),
            "ip_opt": text("ip_opt"), "timestamp_opt": text("timestamp_opt"),
            "member_rating": 2, "last_changed": timestamp(member.changed_at),
            "language": text("language"),
            "vip": member.details.get("vip").cloned().unwrap_or(json!(false)),
            "tags_count": tags.len(), "tags": tags, "list_id": self.id,
        });
        if let Some(location) = member.details.get("location") {
            shown["location"] = location.clone();
        }
        if !self.permissions.is_empty() {
            let permission = |(id, text): (&String, &String)| {
                let enabled = member.permissions.get(id).copied().unwrap_or_default();
                json!({"marketing_permission_id": id, "text": text, "enabled": enabled})
            };
            shown["marketing_permissions"] = self.permissions.iter().map(permission).collect();
        }
        shown
    }

    /// The values of all merge fields; an empty text where there is none.
    pub(super) fn merges(&self, member: &Member) -> Map<String, Value> {
        let value = |tag: &String| member.merge_fields.get(tag).cloned().unwrap_or(json!(""));
        self.merge_fields.iter().map(|field| (field.tag.clone(), value(&field.tag))).collect()
    }
}

/// A time as the API shows it.
pub(super) fn timestamp(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default().replace('Z', "+00:00")
}
