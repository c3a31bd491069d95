//! One account: its keys, its audiences, and the answer to any call. Without HTTP and without a
//! clock.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    answer::{Answer, Problem},
    audience::Audience,
    call::MailchimpCall,
    connections::Connections,
    shown,
};

/// How many items a page has by default.
const PAGE: usize = 10;
/// The most that a page may have.
const LARGEST_PAGE: usize = 1000;

/// One account at Mailchimp.
#[derive(Default)]
pub struct Account {
    keys: Vec<String>,
    /// Whether its user is disabled.
    pub is_disabled: bool,
    audiences: BTreeMap<String, Audience>,
    connections: Connections,
}

impl Account {
    /// An account without audiences that accepts this key.
    pub fn new(key: &str) -> Self {
        Self { keys: vec![key.to_owned()], ..Self::default() }
    }

    /// Accepts only these keys from now on.
    pub fn set_keys(&mut self, keys: &[&str]) {
        self.keys = keys.iter().map(|&key| key.to_owned()).collect();
    }

    /// Accepts one more key from now on.
    pub fn add_key(&mut self, key: &str) {
        self.keys.push(key.to_owned());
    }

    /// The audience with this id; it is made if there is none.
    pub fn audience(&mut self, id: &str) -> &mut Audience {
        self.audiences.entry(id.to_owned()).or_insert_with(|| Audience::new(id))
    }

    /// All audiences.
    pub fn audiences(&mut self) -> impl Iterator<Item = &mut Audience> {
        self.audiences.values_mut()
    }

    /// Removes an audience, as if it had been deleted.
    pub fn remove_audience(&mut self, id: &str) {
        self.audiences.remove(id);
    }

    /// Takes one of the ten connections for so long, whether or not the client waits; the refusal
    /// if none is free.
    pub fn connect(&mut self, now: OffsetDateTime, lasts: Duration) -> Option<Answer> {
        (!self.connections.take(now, lasts)).then(Answer::too_many_requests)
    }

    /// Performs a call.
    pub fn answer(&mut self, call: &MailchimpCall, now: OffsetDateTime) -> Answer {
        self.check_key(call.key.as_deref())
            .and_then(|()| self.perform(call, now))
            .unwrap_or_else(Answer::from)
    }

    fn check_key(&self, key: Option<&str>) -> Result<(), Problem> {
        let Some(key) = key else {
            let detail = "Your request did not include an API key.";
            return Err(Problem::new(401, "API Key Missing", detail));
        };
        if !self.keys.iter().any(|known| known == key) {
            return Err(invalid_key());
        }
        if self.is_disabled {
            return Err(Problem::new(403, "User Disabled", "This account has been disabled."));
        }
        Ok(())
    }

    fn perform(&mut self, call: &MailchimpCall, now: OffsetDateTime) -> Result<Answer, Problem> {
        let steps = call.steps().ok_or_else(Problem::not_found)?;
        let steps: Vec<_> = steps.iter().map(String::as_str).collect();
        let is_read = call.method == Method::GET;
        match steps.as_slice() {
            ["ping"] if is_read => {
                Ok(Answer::ok(&json!({"health_status": "Everything's Chimpy!"})))
            }
            ["lists"] if is_read => self.list_audiences(call),
            ["lists", id, rest @ ..] => {
                let audience = self.audiences.get_mut(*id).ok_or_else(Problem::not_found)?;
                if call.is_write() {
                    audience.run_before_write(now);
                }
                in_audience(audience, rest, call, now)
            }
            _ => Err(Problem::not_found()),
        }
    }

    fn list_audiences(&self, call: &MailchimpCall) -> Result<Answer, Problem> {
        let (offset, count) = page(call)?;
        let all: Vec<_> = self.audiences.values().map(Audience::overview).collect();
        let total = all.len();
        let lists: Vec<_> = all.into_iter().skip(offset).take(count).collect();
        shown(json!({"lists": lists, "total_items": total}), call, &["offset", "count"])
    }
}

/// The refusal of a key.
pub(super) fn invalid_key() -> Problem {
    let detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter.";
    Problem::new(401, "API Key Invalid", detail)
}

fn in_audience(
    audience: &mut Audience,
    steps: &[&str],
    call: &MailchimpCall,
    now: OffsetDateTime,
) -> Result<Answer, Problem> {
    let body = &call.body;
    match (call.method.as_str(), steps) {
        ("GET", []) => shown(audience.overview(), call, &[]),
        ("GET", ["members", who]) => shown(audience.get(who)?, call, &[]),
        (method @ "POST", ["members"]) => write(audience, (method, None), call, now),
        (method @ ("PUT" | "PATCH"), ["members", who]) => {
            write(audience, (method, Some(who)), call, now)
        }
        ("DELETE", ["members", who]) => done(audience.delete(who, now)),
        ("POST", ["members", who, "actions", "delete-permanent"]) => {
            done(audience.delete_permanently(who, now))
        }
        ("POST", ["members", who, "tags"]) => done(audience.set_tags(who, body)),
        ("GET", ["merge-fields"]) => {
            let (offset, count) = page(call)?;
            shown(audience.list_merge_fields(offset, count), call, &["offset", "count"])
        }
        ("POST", ["merge-fields"]) => shown(audience.add_merge_field(body)?, call, &[]),
        ("PATCH", ["merge-fields", id]) => shown(audience.change_merge_field(id, body)?, call, &[]),
        ("GET", ["webhooks"]) => shown(audience.list_webhooks(), call, &[]),
        ("POST", ["webhooks"]) => shown(audience.add_webhook(body)?, call, &[]),
        ("PATCH", ["webhooks", id]) => shown(audience.change_webhook(id, body)?, call, &[]),
        ("DELETE", ["webhooks", id]) => done(audience.delete_webhook(id)),
        (_, ["members" | "merge-fields" | "webhooks", ..] | []) => Err(Problem::not_allowed(
            "The requested method and resource are not compatible. See the Allow header for this \
             resource's available methods.",
        )),
        _ => Err(Problem::not_found()),
    }
}

fn write(
    audience: &mut Audience,
    target: (&str, Option<&str>),
    call: &MailchimpCall,
    now: OffsetDateTime,
) -> Result<Answer, Problem> {
    const SKIP: &str = "skip_merge_validation";
    let skips = call.parameter(SKIP) == Some("true");
    check_query(call, &[SKIP, "fields"])?;
    let body = audience.write(target, &call.body, skips, now)?;
    shown(body, call, &[SKIP])
}

fn done(result: Result<(), Problem>) -> Result<Answer, Problem> {
    result.map(|()| Answer::no_content())
}

/// A body with the fields that the call wants; the fake takes no other parameters than those that
/// it knows.
fn shown(body: Value, call: &MailchimpCall, known: &[&str]) -> Result<Answer, Problem> {
    check_query(call, &[known, &["fields"]].concat())?;
    Ok(match call.parameter("fields") {
        Some(fields) => Answer::ok(&shown::only(&body, fields)),
        None => Answer::ok(&body),
    })
}

fn check_query(call: &MailchimpCall, known: &[&str]) -> Result<(), Problem> {
    match call.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(Problem::invalid(name, "The fake does not know this parameter.")),
        None => Ok(()),
    }
}

fn page(call: &MailchimpCall) -> Result<(usize, usize), Problem> {
    let number = |name: &str, default: usize| match call.parameter(name) {
        Some(text) => text.parse().map_err(|_| Problem::invalid(name, "This is no number.")),
        None => Ok(default),
    };
    let (offset, count) = (number("offset", 0)?, number("count", PAGE)?);
    if count > LARGEST_PAGE {
        return Err(Problem::invalid("count", "This value is too large."));
    }
    Ok((offset, count))
}
