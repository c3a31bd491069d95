//! Ory's rows: an identity is read and written whole, and the last who writes wins.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    fault::Fault,
    judge::Wrong,
    locked::Locked,
    network::Call,
    ory::identity,
    person::Person,
    world::{BEGIN, World},
};

/// How long Kratos takes at most between reading a row and writing it.
const LONGEST_WINDOW: Duration = Duration::from_millis(1500);

/// Who wrote a row.
#[derive(Clone, Copy)]
pub(crate) enum Writer {
    /// A function, within an invocation.
    Us {
        event: usize,
        invocation: u64,
        /// Whether the function still waited for it, had no reason to give up its lock, and has a
        /// table to lock in.
        is_sound: bool,
        changes: bool,
    },
    /// A person, or an operator.
    Others,
}

impl Writer {
    /// The function that made the call.
    pub(crate) fn of(world: &World, call: &Call, changes: bool) -> Self {
        Self::Us {
            event: call.work.events[0],
            invocation: call.work.invocation,
            is_sound: world.is_sound(call),
            changes,
        }
    }
}

struct Row {
    /// What it was from when on.
    shown: Vec<(OffsetDateTime, Value)>,
    writes: Vec<(OffsetDateTime, Writer)>,
    /// Whether somebody's write undid another's.
    has_lost: bool,
    /// Whether a function's patch came when it did not wait for it any more.
    is_belated: bool,
}

/// The rows by their ids.
#[derive(Default)]
pub(crate) struct Rows(Locked<BTreeMap<Uuid, Row>>);

impl Rows {
    /// The rows at the beginning.
    pub(crate) fn of(people: &[Person], began: OffsetDateTime) -> Self {
        let known = people.iter().filter(|person| person.is_known);
        let row = |person: &Person| Row {
            shown: vec![(began, identity(person))],
            writes: Vec::new(),
            has_lost: false,
            is_belated: false,
        };
        Self(Locked::new(known.map(|person| (person.id, row(person))).collect()))
    }
}

impl World {
    /// A row as it is, and which of its states that is; `None` where there is none, or none any
    /// more.
    pub(crate) fn read_row(&self, id: Uuid) -> Option<(Value, usize)> {
        let person = self.plan.people.iter().find(|person| person.id == id);
        let signs_up = person.and_then(|person| person.signs_up);
        let is_there = signs_up.is_none_or(|[at, _]| BEGIN + at <= self.now());
        if self.is_gone(id) || !is_there {
            return None;
        }
        let rows = self.rows.0.lock();
        let row = rows.get(&id)?;
        Some((row.shown.last()?.1.clone(), row.writes.len()))
    }

    /// Somebody has signed up.
    pub(crate) fn add_row(&self, id: Uuid, identity: Value) {
        let shown = vec![(self.now(), identity)];
        let row = Row { shown, writes: Vec::new(), has_lost: false, is_belated: false };
        self.rows.0.lock().insert(id, row);
    }

    /// Some time passes between reading a row and writing it.
    pub(crate) async fn row_window(&self) {
        if self.chance.strikes(Fault::PatchWindow) {
            let shortest = Duration::from_millis(1);
            tokio::time::sleep(self.chance.time(shortest..LONGEST_WINDOW)).await;
        }
    }

    /// Writes a row that was read when it was in the state `read`; what it is then.
    pub(crate) fn write_row(
        &self,
        id: Uuid,
        read: usize,
        mut identity: Value,
        writer: Writer,
    ) -> Value {
        let now = self.now();
        identity["updated_at"] = json!(now.format(&Rfc3339).expect("a time of this age"));
        let mut rows = self.rows.0.lock();
        let row = rows.get_mut(&id).expect("a row that was read");
        let is_ours =
            |writer: &Writer| matches!(writer, Writer::Us { is_sound: true, changes: true, .. });
        for (_, undone) in &row.writes[read..] {
            if is_ours(undone) && is_ours(&writer) {
                self.condemn(Wrong::PatchesMet, format_args!("{id}"));
            } else {
                self.say(format_args!("Ory: {id}: a write is lost in Kratos' own window"));
                row.has_lost = true;
            }
        }
        row.is_belated |= matches!(writer, Writer::Us { is_sound: false, changes: true, .. });
        row.shown.push((now, identity.clone()));
        row.writes.push((now, writer));
        identity
    }

    /// All that a row has held at this path since then.
    pub(crate) fn shown_since(&self, id: Uuid, path: &str, since: OffsetDateTime) -> Vec<Value> {
        let rows = self.rows.0.lock();
        let Some(row) = rows.get(&id) else { return Vec::new() };
        let before = row.shown.iter().rposition(|(at, _)| *at <= since).unwrap_or_default();
        let at = |value: &Value| value.pointer(path).cloned().unwrap_or_default();
        row.shown[before..].iter().map(|(_, value)| at(value)).collect()
    }

    /// Whether anybody has written the row since then.
    pub(crate) fn was_written_since(&self, id: Uuid, since: OffsetDateTime) -> bool {
        self.any_write(id, |at, _| at >= since)
    }

    /// Whether an event of Mailchimp's has changed any row.
    pub(crate) fn was_patched_for(&self, event: usize) -> bool {
        let rows = self.rows.0.lock();
        let mut writes = rows.values().flat_map(|row| &row.writes);
        writes.any(|(_, writer)| matches!(writer, Writer::Us { event: of, .. } if *of == event))
    }

    /// Whether anything but an event's own patch, or a patch of ours that went well, wrote the row
    /// since then.
    pub(crate) fn was_changed_otherwise(
        &self,
        id: Uuid,
        event: usize,
        since: OffsetDateTime,
    ) -> bool {
        self.any_write(id, |at, writer| {
            at >= since
                && match writer {
                    Writer::Others => true,
                    Writer::Us { event: of, invocation, is_sound, .. } => {
                        of != event && (!is_sound || self.was_troubled(invocation))
                    }
                }
        })
    }

    fn any_write(&self, id: Uuid, is_meant: impl Fn(OffsetDateTime, Writer) -> bool) -> bool {
        let rows = self.rows.0.lock();
        let row = rows.get(&id);
        row.is_some_and(|row| row.writes.iter().any(|(at, writer)| is_meant(*at, *writer)))
    }

    /// Whether a write was lost in Kratos' own window.
    pub(crate) fn has_lost_a_write(&self, id: Uuid) -> bool {
        self.rows.0.lock().get(&id).is_some_and(|row| row.has_lost)
    }

    /// Whether a patch came when nobody waited for it any more.
    pub(crate) fn was_patched_late(&self, id: Uuid) -> bool {
        self.rows.0.lock().get(&id).is_some_and(|row| row.is_belated)
    }
}
