//! The webhooks of an audience, and what they report.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use time::{OffsetDateTime, macros::format_description};
use url::{Url, form_urlencoded::Serializer};

use super::{Audience, By, Cause, Member, Status, member::hash_of};
use crate::mailchimp::answer::Problem;

/// What a webhook can report.
const EVENTS: [&str; 6] = ["subscribe", "unsubscribe", "profile", "upemail", "cleaned", "campaign"];
/// By whom it was done.
const SOURCES: [&str; 3] = ["user", "admin", "api"];

/// A webhook of an audience.
#[derive(Clone)]
pub(super) struct Webhook {
    id: String,
    url: String,
    events: Map<String, Value>,
    sources: Map<String, Value>,
    signing_secret: String,
}

/// One request that Mailchimp sends to a webhook: `application/x-www-form-urlencoded`.
#[derive(Clone, Debug)]
pub struct SentWebhook {
    /// Where it goes, with its secret.
    pub url: String,
    /// `subscribe`, …
    pub event: &'static str,
    /// The form.
    pub body: String,
    /// Shown to the owner once, when the webhook was made.
    pub signing_secret: String,
}

impl SentWebhook {
    /// The header `X-Mailchimp-Signature` of a request at this time.
    pub fn signature(&self, at: OffsetDateTime) -> String {
        let at = at.unix_timestamp();
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.signing_secret.as_bytes()) else {
            return String::new();
        };
        mac.update(format!("{at}.{}", self.body).as_bytes());
        format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
    }
}

impl Webhook {
    /// Each event and each source must be named: what is meant otherwise is not documented.
    fn read(body: &Value, id: String) -> Result<Self, Problem> {
        let url = body["url"].as_str().filter(|url| Url::parse(url).is_ok());
        let url = url.ok_or_else(|| Problem::invalid("url", "Invalid URL"))?;
        Ok(Self {
            signing_secret: hash_of(&id),
            id,
            url: url.to_owned(),
            events: switches(body, "events", &EVENTS)?,
            sources: switches(body, "sources", &SOURCES)?,
        })
    }

    fn reports(&self, event: &str, by: By) -> bool {
        let is_wanted = match by {
            By::Person => self.sources["user"] == true,
            By::Admin => self.sources["admin"] == true,
            By::Api => self.sources["api"] == true,
            By::Mailchimp => true,
        };
        is_wanted && self.events[event] == true
    }

    fn shown(&self, list: &str) -> Value {
        json!({
            "id": self.id, "url": self.url, "events": self.events, "sources": self.sources,
            "signing_enabled": true, "list_id": list,
        })
    }

    /// Without its query, which does not tell one webhook from another.
    fn endpoint(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }
}

fn switches(body: &Value, name: &str, all: &[&str]) -> Result<Map<String, Value>, Problem> {
    let given = body[name].as_object().cloned().unwrap_or_default();
    let is_complete = all.iter().all(|one| given.get(*one).is_some_and(Value::is_boolean));
    if is_complete && given.len() == all.len() {
        Ok(given)
    } else {
        Err(Problem::invalid(name, format!("Name each of {}.", all.join(", "))))
    }
}

impl Audience {
    /// Adds a webhook as `mailchimp-webhook` describes it: all events but campaigns, and not those
    /// of API calls. Gives its signing secret.
    pub fn put_webhook(&mut self, url: &str) -> String {
        let events = EVENTS.map(|event| (event.to_owned(), json!(event != "campaign")));
        let sources = SOURCES.map(|source| (source.to_owned(), json!(source != "api")));
        let webhook = Webhook {
            id: self.next_webhook_id(),
            url: url.to_owned(),
            events: events.into_iter().collect(),
            sources: sources.into_iter().collect(),
            signing_secret: hash_of(url),
        };
        self.webhooks.push(webhook.clone());
        webhook.signing_secret
    }

    /// What Mailchimp has sent to webhooks since the last time this was called, in order. The owner
    /// of the fake delivers it.
    pub fn take_webhooks(&mut self) -> Vec<SentWebhook> {
        std::mem::take(&mut self.sent)
    }

    fn next_webhook_id(&mut self) -> String {
        self.added += 1;
        let mut id = hash_of(&format!("webhook {} of {}", self.added, self.id));
        id.truncate(10);
        id
    }

    pub(in crate::mailchimp) fn list_webhooks(&self) -> Value {
        let shown: Vec<_> = self.webhooks.iter().map(|one| one.shown(&self.id)).collect();
        json!({"webhooks": shown, "list_id": self.id, "total_items": shown.len()})
    }

    /// Only this answer shows the signing secret.
    pub(in crate::mailchimp) fn add_webhook(&mut self, body: &Value) -> Result<Value, Problem> {
        let webhook = Webhook::read(body, self.next_webhook_id())?;
        if self.webhooks.iter().any(|known| known.endpoint() == webhook.endpoint()) {
            let message = "Sorry, you can't set up multiple WebHooks for one URL";
            return Err(Problem::invalid("url", message));
        }
        let mut shown = webhook.shown(&self.id);
        shown["signing_secret"] = json!(webhook.signing_secret);
        self.webhooks.push(webhook);
        Ok(shown)
    }

    pub(in crate::mailchimp) fn change_webhook(
        &mut self,
        id: &str,
        body: &Value,
    ) -> Result<Value, Problem> {
        let known = self.webhooks.iter_mut().find(|known| known.id == id);
        let known = known.ok_or_else(Problem::not_found)?;
        let signing_secret = known.signing_secret.clone();
        *known = Webhook { signing_secret, ..Webhook::read(body, id.to_owned())? };
        Ok(known.shown(&self.id))
    }

    pub(in crate::mailchimp) fn delete_webhook(&mut self, id: &str) -> Result<(), Problem> {
        let number = self.webhooks.iter().position(|known| known.id == id);
        self.webhooks.remove(number.ok_or_else(Problem::not_found)?);
        Ok(())
    }
}

/// Reports.
impl Audience {
    /// Reports a contact that receives campaigns from now on, or does not any more.
    pub(super) fn report_change(&mut self, number: usize, from: Option<Status>, cause: Cause) {
        let member = &self.members[number];
        let was_subscribed = from == Some(Status::Subscribed);
        match member.status {
            Status::Subscribed if !was_subscribed => {
                let fields = self.about(member);
                self.report("subscribe", fields, cause);
            }
            Status::Cleaned if from != Some(Status::Cleaned) => {
                let reason = if cause.how == "complaint" { "abuse" } else { "hard" };
                let fields = vec![
                    ("list_id".to_owned(), self.id.clone()),
                    ("campaign_id".to_owned(), CAMPAIGN.to_owned()),
                    ("reason".to_owned(), reason.to_owned()),
                    ("email".to_owned(), member.address.clone()),
                ];
                self.report("cleaned", fields, cause);
            }
            Status::Unsubscribed | Status::Archived if was_subscribed => {
                let is_removed = member.status == Status::Archived;
                let fields = self.about(member);
                self.report_unsubscribe(is_removed, fields, cause);
            }
            _ => {}
        }
    }

    pub(super) fn report_profile(&mut self, number: usize, cause: Cause) {
        let fields = self.about(&self.members[number]);
        self.report("profile", fields, cause);
    }

    /// A move is reported twice: as such, and as a change of the profile.
    pub(super) fn report_move(&mut self, number: usize, old: &str, cause: Cause) {
        let member = &self.members[number];
        let fields = vec![
            ("list_id".to_owned(), self.id.clone()),
            ("new_id".to_owned(), member.unique_id(&self.id)),
            ("new_email".to_owned(), member.address.clone()),
            ("old_email".to_owned(), old.to_owned()),
        ];
        self.report("upemail", fields, cause);
        self.report_profile(number, cause);
    }

    /// What was subscribed is reported under an address that says nothing of the person.
    pub(super) fn report_forgotten(&mut self, member: Member, cause: Cause) {
        if member.status == Status::Subscribed {
            let address = format!("{}@forgotten.mailchimp.com", &member.hash()[..16]);
            let mut anonymous = Member { address, ..member };
            anonymous.merge_fields.clear();
            let fields = self.about(&anonymous);
            self.report_unsubscribe(true, fields, cause);
        }
    }

    fn report_unsubscribe(&mut self, is_removed: bool, fields: Fields, cause: Cause) {
        let action = if is_removed { "delete" } else { "unsub" };
        let reason = if cause.how == "complaint" { "abuse" } else { "manual" };
        let mut all = vec![
            ("action".to_owned(), action.to_owned()),
            ("reason".to_owned(), reason.to_owned()),
        ];
        all.extend(fields);
        self.report("unsubscribe", all, cause);
    }

    fn report(&mut self, event: &'static str, fields: Fields, cause: Cause) {
        let body = form(event, fields, cause.at);
        let wanted = self.webhooks.iter().filter(|webhook| webhook.reports(event, cause.by));
        self.sent.extend(wanted.map(|webhook| SentWebhook {
            url: webhook.url.clone(),
            event,
            body: body.clone(),
            signing_secret: webhook.signing_secret.clone(),
        }));
    }

    /// The fields of a contact that most reports have.
    fn about(&self, member: &Member) -> Fields {
        let mut fields: Fields = [
            ("id", member.unique_id(&self.id)),
            ("list_id", self.id.clone()),
            ("email", member.address.clone()),
            ("email_type", member.email_type().to_owned()),
            ("ip_opt", member.detail("ip_opt").to_owned()),
            ("ip_signup", member.detail("ip_signup").to_owned()),
            ("web_id", member.web_id.to_string()),
            ("merges][EMAIL", member.address.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for (tag, value) in self.merges(member) {
            match value {
                Value::Object(parts) => fields.extend(
                    parts
                        .into_iter()
                        .map(|(part, value)| (format!("merges][{tag}][{part}"), plain(&value))),
                ),
                value => fields.push((format!("merges][{tag}"), plain(&value))),
            }
        }
        let enabled = member.interests.iter().filter(|(_, is_enabled)| **is_enabled);
        let names: Vec<_> = enabled.filter_map(|(id, _)| self.interests.get(id)).collect();
        if !self.interests.is_empty() {
            let names = names.iter().map(|name| name.replace(',', "\\,"));
            fields.push(("merges][INTERESTS".to_owned(), names.collect::<Vec<_>>().join(", ")));
        }
        fields
    }
}

/// The campaign that a bounce or a complaint is about.
const CAMPAIGN: &str = "4fjk2ma9xd";

/// Names, as they stand between the brackets of `data[…]`, and values.
type Fields = Vec<(String, String)>;

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Times are UTC, without a zone, in seconds.
fn form(event: &str, fields: Fields, at: OffsetDateTime) -> String {
    let shape = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let mut form = Serializer::new(String::new());
    form.append_pair("type", event);
    form.append_pair("fired_at", &at.format(shape).unwrap_or_default());
    for (name, value) in fields {
        form.append_pair(&format!("data[{name}]"), &value);
    }
    form.finish()
}
