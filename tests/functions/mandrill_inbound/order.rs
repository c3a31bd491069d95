//! Mandrill guarantees no order, and repeats events: any order and repetition of a person's events ends
//! in the same state.

use fakes::ory::person;
use serde_json::{Value, json};

use super::{
    events::{FIRST, event, of_person},
    setup::known,
};
use crate::{
    common::setup::{Running, Vendor},
    mailchimp_inbound::{people::with_consent, setup::Vendors},
};

/// How many histories are played, and in how many orders each.
const HISTORIES: usize = 40;
const ORDERS: usize = 4;

/// What can happen to mails to an address of the person, and to one that the person has left.
const KINDS: [&str; 6] = ["hard_bounce", "delivered", "delivered", "reject", "spam", "soft_bounce"];

/// Something that happened: what, when, and whether to the address of now.
#[derive(Clone, Debug)]
struct Happened {
    kind: &'static str,
    second: i64,
    is_current: bool,
}

impl Happened {
    fn draw(rng: &mut fastrand::Rng) -> Self {
        let kind = KINDS[rng.usize(..KINDS.len())];
        Self { kind, second: rng.i64(0..5), is_current: rng.f64() < 0.8 }
    }

    fn event(&self, id: &str, address: &str) -> Value {
        let left = format!("left-{address}");
        let mut event = event(self.kind, self.second);
        event["_id"] = json!(format!("mail-{}", self.is_current));
        let address = if self.is_current { address } else { &left };
        of_person(id, address, event)
    }

    fn is_about_the_address(&self) -> bool {
        self.is_current && ["hard_bounce", "delivered", "reject"].contains(&self.kind)
    }
}

/// What is known of somebody at the end: the mark, consent, and what Segment shows.
#[derive(Debug, PartialEq)]
struct State {
    is_marked: bool,
    reason: Value,
    consent: Value,
    shown: [Value; 2],
}

/// Somebody with this number, who gets the events in this order.
async fn play(inbound: &mut Running<Vendors>, n: usize, order: &[Happened]) -> State {
    let id = format!("{n:08}-1111-4111-8111-0000000000a1");
    let address = format!("person-{n}@example.com");
    inbound.vendor.ory.put_identity(with_consent(person(&id, &address), true));
    for happened in order {
        inbound.takes(&[happened.event(&id, &address)]).await;
    }
    let mut shown = [Value::Null, Value::Null];
    for call in inbound.vendor.take_received() {
        assert_eq!(call.body["userId"], id);
        for (name, shown) in ["emailUndeliverable", "newsletterConsent"].iter().zip(&mut shown) {
            if let Some(value) = call.body["traits"].get(name) {
                *shown = value.clone();
            }
        }
    }
    inbound.vendor.ory.take_patches();
    let identity = inbound.vendor.ory.identity(&id).unwrap();
    let mark = &identity["metadata_public"]["mandrill"]["undeliverable"];
    assert!(mark.is_null() || mark["address"] == address, "{mark}");
    State {
        is_marked: !mark.is_null(),
        reason: mark["reason"].clone(),
        consent: identity["traits"]["consent"]["newsletter"].clone(),
        shown,
    }
}

/// The same events in another order, some of them several times.
fn shuffled(history: &[Happened], rng: &mut fastrand::Rng) -> Vec<Happened> {
    let mut order = history.to_vec();
    rng.shuffle(&mut order);
    for _ in 0..rng.usize(..4) {
        let again = order[rng.usize(..order.len())].clone();
        order.insert(rng.usize(..=order.len()), again);
    }
    order
}

/// The newest events about the address decide: whether it is marked, where they agree.
fn newest_says(history: &[Happened]) -> Option<bool> {
    let about = || history.iter().filter(|one| one.is_about_the_address());
    let newest = about().map(|one| one.second).max();
    let mut says = about().filter(|one| Some(one.second) == newest);
    let marks = |one: &Happened| one.kind != "delivered";
    let Some(first) = says.next().map(marks) else { return Some(false) };
    says.all(|one| marks(one) == first).then_some(first)
}

#[tokio::test]
async fn any_order_and_repetition_of_a_persons_events_ends_in_the_same_state() {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut inbound = known().await.start().await;
    let mut people = 1..;
    let mut marked = 0;
    for _ in 0..HISTORIES {
        let history: Vec<_> = (0..rng.usize(1..7)).map(|_| Happened::draw(&mut rng)).collect();
        let first = play(&mut inbound, people.next().unwrap(), &history).await;
        for _ in 1..ORDERS {
            let order = shuffled(&history, &mut rng);
            let state = play(&mut inbound, people.next().unwrap(), &order).await;
            assert_eq!(state, first, "{history:#?} as {order:#?}");
        }
        if let Some(is_marked) = newest_says(&history) {
            assert_eq!(first.is_marked, is_marked, "{history:#?}");
        }
        let complains = history.iter().any(|one| one.kind == "spam");
        assert_eq!(first.consent, json!(!complains), "{history:#?}");
        let is_about = history.iter().any(Happened::is_about_the_address);
        let expected = if is_about { json!(first.is_marked) } else { Value::Null };
        assert_eq!(first.shown[0], expected, "Segment shows what Ory does: {history:#?}");
        marked += usize::from(first.is_marked);
    }
    assert!((5..HISTORIES - 5).contains(&marked), "{marked}");
}

/// A time in the future would make every later event old.
#[tokio::test]
async fn event_from_the_future_counts_as_when_it_was_received() {
    let id = "00000001-1111-4111-8111-0000000000a1";
    let mut inbound = known().await.start().await;
    inbound.vendor.ory.put_identity(person(id, "person-1@example.com"));
    let at = |kind: &str, ts: i64| {
        let mut event = of_person(id, "person-1@example.com", event(kind, 0));
        event["ts"] = json!(ts);
        event
    };
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    inbound.takes(&[at("hard_bounce", 253_402_300_799)]).await;
    inbound.takes(&[at("delivered", now + 2)]).await;
    let identity = inbound.vendor.ory.identity(id).unwrap();
    assert_eq!(identity["metadata_public"]["mandrill"]["undeliverable"], Value::Null);
    // Before the calendar, or none: it is skipped or old, and nothing goes wrong.
    for ts in [i64::MIN, i64::MAX, -FIRST, 0] {
        let answer = inbound.call(super::setup::signed(&json!([at("hard_bounce", ts)]))).await;
        assert_eq!(answer.status, 200, "{ts}");
        assert!(inbound.work().await.is_empty(), "{ts}");
    }
    assert_eq!(inbound.vendor.ory.identity(id).unwrap()["metadata_public"]["mandrill"], json!({}));
}
