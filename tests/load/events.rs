//! What callers send: sign-ups, some of them again, and what is none.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::{
    Event,
    sign_up::{ctx, random_id, sign_up},
};
use serde_json::Value;
use uuid::Uuid;

/// Of so many calls one is of no use: 5 %.
const ONE_IS_BAD: usize = 20;

/// Of so many calls one was made before: 10 %.
const ONE_COMES_AGAIN: usize = 10;

/// How many of the last sign-ups may come again.
const REMEMBERED: usize = 64;

/// Over what a function reads.
const TOO_LARGE: usize = 520 * 1024;

/// What a call is, and the answer that it must get: its status and the `status` in its body.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) answer: (u16, &'static str),
}

/// So many calls are each of the kinds at least once.
const ALL_KINDS: usize = 2 * ONE_IS_BAD * SPOILT.len();

const ACCEPTED: (u16, &str) = (202, "accepted");

const NEW: Kind = Kind { name: "a sign-up", answer: ACCEPTED };
const SAME_EVENT: Kind = Kind { name: "the same event again", answer: ACCEPTED };
const SAME_PERSON: Kind = Kind { name: "the same person again", answer: ACCEPTED };

type Spoil = fn(Event) -> Event;

const SPOILT: [(Kind, Spoil); 7] = [
    (Kind { name: "a wrong key", answer: (401, "") }, |event| {
        event.header("authorization", "a-key-that-nobody-knows")
    }),
    (Kind { name: "another method", answer: (405, "") }, |event| event.method("GET")),
    (Kind { name: "no JSON", answer: (400, "") }, |event| event.body("{\"identity\": ")),
    (Kind { name: "no identity", answer: (400, "") }, |event| event.body("{\"flow\": {}}")),
    (Kind { name: "an empty body", answer: (400, "") }, |event| event.body("")),
    (Kind { name: "no base64", answer: (400, "") }, Event::declared_base64),
    (Kind { name: "too large", answer: (413, "") }, |event| {
        event.body(STANDARD.encode(vec![b'x'; TOO_LARGE])).declared_base64()
    }),
];

/// How many kinds of calls there are.
pub(crate) const KINDS: usize = 3 + SPOILT.len();

/// A call, and whom it signs up.
pub(crate) struct Drawn {
    pub(crate) kind: Kind,
    pub(crate) event: Event,
    pub(crate) person: Option<Uuid>,
}

/// Draws what callers send.
pub(crate) struct Events {
    ctx: Value,
    drawn: AtomicUsize,
    people: Mutex<People>,
}

#[derive(Default)]
struct People {
    last: Vec<(Uuid, Uuid)>,
    accepted: HashSet<Uuid>,
}

impl Default for Events {
    fn default() -> Self {
        Self { ctx: ctx(), drawn: AtomicUsize::default(), people: Mutex::default() }
    }
}

impl Events {
    /// The next call.
    pub(crate) fn draw(&self) -> Drawn {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(ONE_IS_BAD) {
            let (kind, spoil) = &SPOILT[number / ONE_IS_BAD % SPOILT.len()];
            let event = sign_up(&self.ctx, random_id(), random_id());
            return Drawn { kind: *kind, event: spoil(event), person: None };
        }
        let comes_again = number % ONE_COMES_AGAIN == 1;
        let again = self.some_of_the_last().filter(|_| comes_again);
        let (kind, person, trigger) = match again {
            None => (NEW, random_id(), random_id()),
            Some((person, trigger)) if fastrand::bool() => (SAME_EVENT, person, trigger),
            Some((person, _)) => (SAME_PERSON, person, random_id()),
        };
        if again.is_none() {
            self.remember(person, trigger);
        }
        let event = sign_up(&self.ctx, person, trigger);
        Drawn { kind, event, person: Some(person) }
    }

    /// Whether calls of every kind were drawn.
    pub(crate) fn were_all_drawn(&self) -> bool {
        self.drawn.load(Ordering::Relaxed) > ALL_KINDS
    }

    /// A call that nothing is wrong with.
    pub(crate) fn sign_up(&self) -> Drawn {
        let person = random_id();
        let event = sign_up(&self.ctx, person, random_id());
        Drawn { kind: NEW, event, person: Some(person) }
    }

    /// Somebody's event was answered with a 2xx: nobody may lose it now.
    pub(crate) fn was_accepted(&self, person: Uuid) {
        self.people().accepted.insert(person);
    }

    /// Whose events were.
    pub(crate) fn accepted(&self) -> HashSet<Uuid> {
        self.people().accepted.clone()
    }

    fn some_of_the_last(&self) -> Option<(Uuid, Uuid)> {
        fastrand::choice(&self.people().last).copied()
    }

    /// Just before it is sent: so the same event can be on its way twice at once.
    fn remember(&self, person: Uuid, trigger: Uuid) {
        let mut people = self.people();
        if people.last.len() < REMEMBERED {
            people.last.push((person, trigger));
        } else {
            people.last[fastrand::usize(..REMEMBERED)] = (person, trigger);
        }
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
