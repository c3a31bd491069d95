//! Segment: takes events, drops those whose id it has seen within a day, and shows of each person
//! what it took last.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};
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
    /// What was last let through, by its id.
    seen: Locked<BTreeMap<String, Happened>>,
    /// What it shows, by person and trait.
    shown: Locked<BTreeMap<[String; 2], Shown>>,
    /// The calls that were made about each.
    called: Locked<BTreeMap<[String; 2], Vec<Happened>>>,
    /// That of which it took something when nobody waited for it any more.
    late: Locked<BTreeSet<[String; 2]>>,
}

/// Something that happened for an event.
struct Happened {
    event: usize,
    at: OffsetDateTime,
}

/// What it shows, and of which call that is.
struct Shown {
    value: Value,
    event: usize,
    called_at: OffsetDateTime,
}

impl World {
    /// Segment acts on a call.
    pub(crate) fn segment_answers(self: &Arc<Self>, call: &Call) -> Response {
        let wanted = format!("Basic {}", STANDARD.encode(format!("{VENDOR_KEY}:")));
        if call.headers.get(AUTHORIZATION).is_none_or(|given| given != wanted.as_str()) {
            return answer(401, &json!({"success": false}));
        }
        if self.plan.lives.is_some() {
            self.check_spares_mailchimp(&call.body);
            return answer(200, &json!({"success": true}));
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
        let Some((number, planned)) = self.event_of(event, call) else {
            return self
                .condemn(Wrong::SecondEvent, format_args!("{person} under the new id {id}"));
        };
        let is_inbound = planned.is_inbound();
        if is_inbound {
            self.check_spares_mailchimp(event);
            self.check_against_ory(number, call);
        }
        let now = self.now();
        let mut seen = self.segment.seen.lock();
        let id = id.as_str().unwrap_or_default().to_owned();
        let what = format_args!("{person}, {id}");
        match seen.get(&id) {
            Some(last) if is_inbound && last.event != number => {
                self.condemn(Wrong::SharedId, what);
            }
            Some(last) if now - last.at < REMEMBERS => return,
            Some(_) if self.was_tried_for_long(&planned.key) => {
                self.excuse(Excused::SegmentForgot, what);
            }
            Some(last) => {
                self.condemn(Wrong::SecondEvent, format_args!("{what}, first at {}", last.at));
            }
            None if is_inbound && self.is_idle_repeat(event, number) => {
                self.condemn(Wrong::SecondEvent, format_args!("{what}, and no other call between"));
            }
            None => {}
        }
        seen.insert(id, Happened { event: number, at: now });
        for (name, value) in event["traits"].as_object().into_iter().flatten() {
            let place = place(person, name);
            if !self.is_sound(call) {
                self.segment.late.lock().insert(place.clone());
            }
            let shown = Shown { value: value.clone(), event: number, called_at: call.at };
            self.segment.shown.lock().insert(place, shown);
        }
    }

    /// The event that Segment is sent. Those of vendors come alone, and may have more than one id.
    fn event_of(&self, event: &Value, call: &Call) -> Option<(usize, &Planned)> {
        let number = call.work.events[0];
        let sent = &self.plan.events[number];
        if sent.is_inbound() {
            Some((number, sent))
        } else {
            self.plan.by_vendor_key(&event["messageId"])
        }
    }

    /// A call to Segment is made for an event of Mailchimp's.
    pub(crate) fn calls_segment(&self, call: &Call) {
        if self.plan.lives.is_some() {
            return;
        }
        let number = call.work.events[0];
        for name in call.body["traits"].as_object().into_iter().flat_map(Map::keys) {
            let place = place(&call.body["userId"], name);
            self.segment
                .called
                .lock()
                .entry(place)
                .or_default()
                .push(Happened { event: number, at: call.at });
        }
    }

    /// Whether Segment shows the event already, and no call for another was made since.
    fn is_idle_repeat(&self, event: &Value, number: usize) -> bool {
        let (shown, called) = (self.segment.shown.lock(), self.segment.called.lock());
        let is_idle = |name: &String| {
            let place = place(&event["userId"], name);
            shown.get(&place).is_some_and(|shown| {
                let mut others = called[&place].iter().filter(|other| other.event != number);
                shown.event == number && !others.any(|other| other.at > shown.called_at)
            })
        };
        let traits = event["traits"].as_object();
        traits.is_some_and(|traits| !traits.is_empty() && traits.keys().all(is_idle))
    }

    /// What Segment shows of a person; null where it received nothing.
    pub(crate) fn segment_shows(&self, user: &str, name: &str) -> Value {
        let shown = self.segment.shown.lock();
        let shown = shown.get(&[user.to_owned(), name.to_owned()]);
        shown.map(|shown| shown.value.clone()).unwrap_or_default()
    }

    /// Whether Segment took something of that when nobody waited for it any more.
    pub(crate) fn segment_took_late(&self, user: &str, name: &str) -> bool {
        self.segment.late.lock().contains(&[user.to_owned(), name.to_owned()])
    }

    /// Whether Segment has the event.
    pub(crate) fn has_event(&self, event: &Planned) -> bool {
        let seen = self.segment.seen.lock();
        let is_it = |seen: &Happened| self.plan.events[seen.event].key == event.key;
        event.vendor_keys().iter().any(|key| seen.contains_key(*key)) || seen.values().any(is_it)
    }
}

/// Where Segment shows a trait of a person.
fn place(person: &Value, name: &str) -> [String; 2] {
    [person.as_str().unwrap_or_default().to_owned(), name.to_owned()]
}
