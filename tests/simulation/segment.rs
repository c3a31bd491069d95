//! Segment: takes events, drops those whose id it has seen within a day, and shows of each person
//! what it took last.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use shared::http::Response;
use time::OffsetDateTime;

use crate::{
    event::Planned,
    excused::Excused,
    fault::Fault,
    judge::Wrong,
    locked::Locked,
    network::{Call, answer},
    settings::VENDOR_KEY,
    world::World,
};

/// For how long Segment remembers an id.
const REMEMBERS: Duration = Duration::from_hours(24);

/// Segment's memory.
#[derive(Default)]
pub(crate) struct Segment {
    /// When an event was last let through, by its id.
    seen: Locked<BTreeMap<String, OffsetDateTime>>,
    /// What it shows, by person and trait.
    shown: Locked<BTreeMap<[String; 2], Value>>,
    /// The same of which it took something when nobody waited for it any more.
    late: Locked<BTreeSet<[String; 2]>>,
}

impl World {
    /// Segment acts on a call.
    pub(crate) fn segment_answers(self: &Arc<Self>, call: &Call) -> Response {
        let wanted = format!("Basic {}", STANDARD.encode(format!("{VENDOR_KEY}:")));
        if call.headers.get(AUTHORIZATION).is_none_or(|given| given != wanted.as_str()) {
            return answer(401, &json!({"success": false}));
        }
        if self.chance.strikes(Fault::BadRequest) {
            return answer(400, &json!({"success": false}));
        }
        match &call.body["batch"] {
            Value::Array(batch) => batch.iter().for_each(|event| self.take_event(event, call)),
            _ => self.take_event(&call.body, call),
        }
        answer(200, &json!({"success": true}))
    }

    fn take_event(&self, event: &Value, call: &Call) {
        let (id, person) = (&event["messageId"], &event["userId"]);
        self.say(format_args!("Segment: {person}, {id}"));
        let Some((number, planned)) = self.plan.by_vendor_key(id) else {
            return self
                .condemn(Wrong::SecondEvent, format_args!("{person} under the new id {id}"));
        };
        if planned.mailchimp.is_some() {
            self.check_spares_mailchimp(event);
            self.check_against_ory(number, call);
        }
        let now = self.now();
        let mut seen = self.segment.seen.lock();
        let id = id.as_str().unwrap_or_default().to_owned();
        let last = seen.insert(id.clone(), now);
        match last {
            Some(last) if now - last < REMEMBERS => {
                seen.insert(id, last);
                return;
            }
            Some(_) if self.was_tried_for_long(&planned.key) => {
                self.excuse(Excused::SegmentForgot, format_args!("{person}, {id}"));
            }
            Some(last) => {
                self.condemn(Wrong::SecondEvent, format_args!("{person}, {id}, first at {last}"));
            }
            None => {}
        }
        for (name, value) in event["traits"].as_object().into_iter().flatten() {
            let place = [person.as_str().unwrap_or_default().to_owned(), name.clone()];
            if !self.is_sound(call) {
                self.segment.late.lock().insert(place.clone());
            }
            self.segment.shown.lock().insert(place, value.clone());
        }
    }

    /// What Segment shows of a person; null where it received nothing.
    pub(crate) fn segment_shows(&self, user: &str, name: &str) -> Value {
        let shown = self.segment.shown.lock();
        shown.get(&[user.to_owned(), name.to_owned()]).cloned().unwrap_or_default()
    }

    /// Whether Segment took something of that when nobody waited for it any more.
    pub(crate) fn segment_took_late(&self, user: &str, name: &str) -> bool {
        self.segment.late.lock().contains(&[user.to_owned(), name.to_owned()])
    }

    /// Whether Segment has the event.
    pub(crate) fn has_event(&self, event: &Planned) -> bool {
        let seen = self.segment.seen.lock();
        event.all_keys().any(|key| seen.contains_key(key))
    }
}
