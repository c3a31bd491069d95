//! Segment: takes events, and drops those whose id it has seen within a day.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use shared::http::Response;
use time::OffsetDateTime;

use crate::{
    chance::Fault,
    judge::{Excused, Wrong},
    locked::Locked,
    network::{Call, answer},
    settings::VENDOR_KEY,
    world::World,
};

/// For how long Segment remembers an id.
const REMEMBERS: Duration = Duration::from_hours(24);

/// Segment's memory: when an event was last let through, by its id.
#[derive(Default)]
pub(crate) struct Segment {
    seen: Locked<BTreeMap<String, OffsetDateTime>>,
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
            Value::Array(batch) => batch.iter().for_each(|event| self.take_event(event)),
            _ => self.take_event(&call.body),
        }
        answer(200, &json!({"success": true}))
    }

    fn take_event(&self, event: &Value) {
        let (id, person) = (&event["messageId"], &event["userId"]);
        self.say(format_args!("Segment: {person}, {id}"));
        let Some((_, planned)) = self.plan.by_vendor_key(id) else {
            return self
                .condemn(Wrong::SecondEvent, format_args!("{person} under the new id {id}"));
        };
        let now = self.now();
        let mut seen = self.segment.seen.lock();
        let last = seen.insert(planned.vendor_key.clone(), now);
        match last {
            Some(last) if now - last < REMEMBERS => {
                seen.insert(planned.vendor_key.clone(), last);
            }
            Some(_) if self.was_tried_for_long(&planned.key) => {
                self.excuse(Excused::SegmentForgot, format_args!("{person}, {id}"));
            }
            Some(last) => {
                self.condemn(Wrong::SecondEvent, format_args!("{person}, {id}, first at {last}"));
            }
            None => {}
        }
    }

    /// Whether Segment has the event.
    pub(crate) fn has_event(&self, vendor_key: &str) -> bool {
        self.segment.seen.lock().contains_key(vendor_key)
    }
}
