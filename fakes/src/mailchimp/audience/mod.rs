//! One audience, without HTTP and without a clock.

mod act;
mod address;
mod body;
mod chronicle;
mod member;
mod merge_field;
mod removal;
mod status;
mod tags;
mod upsert;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use time::OffsetDateTime;

pub use act::{Act, CannotAct};
pub use address::Distrust;
pub use chronicle::{By, Entry, What};
pub use member::{Member, hash_of};
pub use merge_field::MergeField;
pub use status::{Moving, Resubscribing, Status};
pub use webhook::SentWebhook;

use super::answer::Problem;
use body::Verb;
use chronicle::Cause;
use upsert::Write;
use webhook::Webhook;

/// One audience: its settings, its contacts, and what became of them.
#[derive(Default)]
pub struct Audience {
    id: String,
    /// Its name.
    pub name: String,
    /// Whether people who sign up in a form of Mailchimp's have to confirm. The API says for itself
    /// what it wants.
    pub double_optin: bool,
    /// Whether `subscribed` goes through for somebody who is unsubscribed or cleaned.
    pub resubscribing: Resubscribing,
    /// Which contacts may move to another address.
    pub moving: Moving,
    members: Vec<Member>,
    /// The hashes of addresses that were deleted permanently.
    forgotten: BTreeSet<String>,
    /// Parts of addresses.
    distrusted: BTreeMap<String, Distrust>,
    merge_fields: Vec<MergeField>,
    /// Names of groups, by their ids.
    interests: BTreeMap<String, String>,
    /// Texts of GDPR permissions, by their ids.
    permissions: BTreeMap<String, String>,
    tags: Vec<String>,
    webhooks: Vec<Webhook>,
    sent: Vec<SentWebhook>,
    before_write: Vec<(String, Act)>,
    chronicle: Vec<Entry>,
    /// How much was added so far, so that no id comes twice.
    added: usize,
}

impl Audience {
    /// An audience without contacts, as Mailchimp makes one: single opt-in, the usual merge fields.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: "Newsletter".to_owned(),
            merge_fields: MergeField::of_new_audience(),
            ..Self::default()
        }
    }

    /// Adds a group.
    pub fn put_interest(&mut self, id: &str, name: &str) {
        self.interests.insert(id.to_owned(), name.to_owned());
    }

    /// Adds a GDPR permission.
    pub fn put_permission(&mut self, id: &str, text: &str) {
        self.permissions.insert(id.to_owned(), text.to_owned());
    }

    /// Adds a contact in a state, as if it had always been in it: nothing is mailed, reported or
    /// put down.
    pub fn put_member(
        &mut self,
        address: &str,
        status: Status,
        now: OffsetDateTime,
    ) -> &mut Member {
        let number = self.add(address, now);
        let member = &mut self.members[number];
        (member.status, member.is_settled) = (status, true);
        member
    }

    /// Removes all contacts, as if nobody had ever signed up.
    pub fn remove_members(&mut self) {
        self.members.clear();
        self.forgotten.clear();
        self.chronicle.clear();
    }

    /// The contact with this address, hash or id.
    pub fn member(&self, who: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.is_named(who))
    }

    /// All contacts.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    fn position(&self, who: &str) -> Option<usize> {
        self.members.iter().position(|member| member.is_named(who))
    }

    /// The audience as `GET /lists/{id}` shows it.
    pub(super) fn overview(&self) -> Value {
        let count = |status| self.members.iter().filter(|one| one.status == status).count();
        json!({
            "id": self.id, "name": self.name,
            "permission_reminder": "You signed up on our website.", "visibility": "prv",
            "double_optin": self.double_optin, "has_welcome": false,
            "marketing_permissions": !self.permissions.is_empty(),
            "stats": {
                "member_count": count(Status::Subscribed),
                "unsubscribe_count": count(Status::Unsubscribed),
                "cleaned_count": count(Status::Cleaned),
                "merge_field_count": self.merge_fields.len(),
            },
        })
    }

    pub(super) fn get(&self, who: &str) -> Result<Value, Problem> {
        self.member(who).map(|member| self.shown(member)).ok_or_else(Problem::not_found)
    }

    /// Creates or changes a contact by the API.
    pub(super) fn write(
        &mut self,
        (method, who): (&str, Option<&str>),
        body: &Value,
        skips_validation: bool,
        now: OffsetDateTime,
    ) -> Result<Value, Problem> {
        let write = |verb| Write { verb, skips_validation, now };
        match (method, who) {
            ("POST", None) => self.post(body, &write(Verb::Post)),
            ("PUT", Some(who)) => self.put(who, body, &write(Verb::Put)),
            ("PATCH", Some(who)) => self.patch(who, body, &write(Verb::Patch)),
            _ => Err(Problem::not_found()),
        }
    }
}
