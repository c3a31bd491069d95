//! Mailchimp's Marketing API over the fake account, and the webhooks that it sends.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use fakes::mailchimp::{Account, Answer, Audience, MailchimpCall};
use http::{HeaderMap, Method, header::AUTHORIZATION};
use integration::Event;
use serde_json::Value;
use shared::{
    http::Response,
    key::{EventId, IdempotencyKey},
};
use time::OffsetDateTime;

use super::LIST;
use crate::{callers, event::Planned, fault::Fault, network::Call, settings::Which, world::World};

/// Mailchimp sends most webhooks within seconds, and some much later.
const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_hours(6);

/// What a call asked about.
pub(super) struct Asked {
    invocation: u64,
    contact: Option<String>,
    at: OffsetDateTime,
}

impl World {
    /// A call takes one of the account's connections for so long; whether none was free.
    pub(crate) fn finds_no_connection(&self, lasts: Duration) -> bool {
        let now = self.now();
        let mut account = self.contacts.account.lock();
        if self.chance.would_strike(Fault::Busy) && self.chance.is(0.1) {
            self.chance.count(Fault::Busy);
            let lasts = self.chance.scale(Duration::from_secs(1)..Duration::from_mins(2));
            while account.connect(now, lasts).is_none() {}
        }
        account.connect(now, lasts).is_some()
    }

    /// Mailchimp acts on a call.
    pub(crate) fn mailchimp_answers(self: &Arc<Self>, made: &Call, is_refused: bool) -> Response {
        let now = self.now();
        let asked = asked(made);
        let (answer, contact) = {
            let mut account = self.contacts.account.lock();
            let account: &mut Account = &mut account;
            let answer =
                if is_refused { Answer::too_many_requests() } else { account.answer(&asked, now) };
            let who = asked.path.split('/').nth(5);
            let id = |audience: &Audience| Some(audience.member(who?)?.contact_id.clone());
            (answer, id(account.audience(LIST)))
        };
        self.say(format_args!("{asked}: {}", answer.status));
        if asked.path.contains("/members/") {
            self.contacts.touched.lock().entry(made.work.events[0]).or_insert(now);
        }
        let owner = contact.as_ref().and_then(|id| self.owner_of(id));
        let invocation = made.work.invocation;
        let noted = Asked { invocation, contact, at: now };
        self.contacts.asked.lock().insert(made.number, noted);
        self.contact_changed(Some(made));
        if let (&Method::GET, Some(person)) = (&made.method, owner) {
            self.may_act_between(person);
        }
        Response { status: answer.status, headers: HeaderMap::new(), body: answer.body }
    }

    /// Whose contact it is.
    pub(super) fn owner_of(&self, contact: &str) -> Option<usize> {
        let lives = self.plan.lives.as_ref()?;
        self.contacts.with(|audience| lives.owner(&audience.member(contact)?.address))
    }

    /// A function hears an answer: from now on it can know what Mailchimp knew then.
    pub(crate) fn hears_mailchimp(&self, number: u64, answer: &Response) {
        let is_whole =
            answer.body.is_empty() || serde_json::from_slice::<Value>(&answer.body).is_ok();
        if !is_whole || ![200, 204, 400, 404, 405].contains(&answer.status) {
            return;
        }
        let asked = self.contacts.asked.lock().remove(&number);
        let Some(Asked { invocation, contact: Some(contact), at }) = asked else { return };
        self.contacts.known.lock().insert((invocation, contact), at);
    }

    /// Something may have changed in the audience, by a call or by somebody.
    pub(super) fn contact_changed(self: &Arc<Self>, call: Option<&Call>) {
        self.judge_changes(call);
        let sent = self.contacts.with(Audience::take_webhooks);
        for webhook in sent {
            self.say(format_args!("Mailchimp: sends {}: {}", webhook.event, webhook.body));
            let latest = if self.chance.is(0.8) { Duration::from_secs(5) } else { LATE };
            let at = self.chance.scale(SOON..latest);
            let number = self.plan.events.add(Planned::of_webhook(webhook.body, at));
            if let Some(function) = self.contacts.function(Which::Mailchimp) {
                self.begin(callers::call(self.clone(), function, number));
            }
        }
    }
}

fn asked(call: &Call) -> MailchimpCall {
    let parameter = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    let key = call.headers.get(AUTHORIZATION).and_then(|header| {
        let decoded = STANDARD.decode(header.to_str().ok()?.strip_prefix("Basic ")?).ok()?;
        let (_, key) = String::from_utf8(decoded).ok()?.split_once(':').map(owned)?;
        Some(key)
    });
    MailchimpCall {
        method: call.method.clone(),
        path: call.path.clone(),
        query: call.query.split('&').filter_map(parameter).collect(),
        key,
        body: call.body.clone(),
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Planned {
    /// A webhook that Mailchimp sends after `at`.
    fn of_webhook(form: String, at: Duration) -> Self {
        let key = EventId::digest(form.as_bytes());
        let works = [IdempotencyKey::new(&key, None), IdempotencyKey::new(&key, None)];
        let request = Event::of_mailchimp(form);
        Self::of(Which::Mailchimp, String::new(), at, request, &key, &works)
    }
}
