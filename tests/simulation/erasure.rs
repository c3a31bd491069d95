//! Somebody is erased, whose events are still on their way: what `ory-actions forget` does to the
//! table, and that nobody makes anything of the person anew.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::Method;
use shared::idempotency::{
    Entry, IdempotencyStore, LaneRecord, LeaseRequest, MARK_LASTS, erased_mark,
};
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    chance::Chance, fault::Fault, judge::Wrong, mailchimp::MailchimpEvent, network::Call,
    settings::Which, world::World,
};

const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_hours(4);

/// How often a run has somebody who is erased.
const OFTEN: f64 = 0.2;

/// A lease outlives its invocation by this much.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// How far the clock of a sandbox may be behind: for so long it takes a lease for live that is over.
const CLOCKS: Duration = Duration::from_secs(1);

/// Who is erased, and when.
pub(crate) struct Erasure {
    who: Uuid,
    at: Duration,
}

impl Erasure {
    /// One of these people, if anybody.
    pub(crate) fn draw(people: &[Uuid], chance: &Chance) -> Option<Self> {
        if people.is_empty() || !chance.has(Fault::Erased, OFTEN) {
            return None;
        }
        let who = people[chance.number(0..people.len())];
        Some(Self { who, at: chance.scale(SOONEST..LATEST) })
    }
}

/// How far the erasure has come.
#[derive(Default)]
pub(crate) struct Erased {
    marked_at: Option<OffsetDateTime>,
    /// The lanes that were entered since, and when.
    entered_at: BTreeMap<String, OffsetDateTime>,
}

/// The lane in which a function works on a person, if it has any.
fn lane(which: Which, who: Uuid) -> Option<String> {
    match which {
        Which::Mailchimp | Which::MandrillEvents => Some(format!("identity#{who}")),
        Which::Subscribe => Some(format!("contact#{who}")),
        Which::Mandrill | Which::Segment => None,
    }
}

fn lanes(who: Uuid) -> impl Iterator<Item = String> {
    [Which::Mailchimp, Which::Subscribe].into_iter().filter_map(move |which| lane(which, who))
}

fn request(lane: &str, now: OffsetDateTime) -> LeaseRequest {
    LeaseRequest {
        record_id: lane.to_owned(),
        holder: "the operator".to_owned(),
        now,
        lease_until: now,
        ttl: None,
    }
}

/// Erases who is to be erased: the mark first, and each lane once nobody is in it.
pub(crate) async fn erase(world: Arc<World>) {
    let Some(Erasure { who, at }) = world.plan.erasure else { return };
    sleep(at).await;
    world.chance.count(Fault::Erased);
    world.say(format_args!("operator: erases {who}"));
    let now = world.now();
    let marked = world.records.mark(&erased_mark(who), now + MARK_LASTS).await;
    marked.expect("a table in memory");
    world.erased.lock().marked_at = Some(now);
    for lane in lanes(who) {
        let now = loop {
            let now = world.now();
            match world.records.enter(request(&lane, now)).await.expect("a table in memory") {
                Entry::Entered(_) => break now,
                Entry::InProgress { until } => {
                    sleep(Duration::try_from(until - now).unwrap_or_default()).await;
                }
            }
        };
        world.say(format_args!("operator: deletes {lane}"));
        world.records.delete(&lane).await.expect("a table in memory");
        world.erased.lock().entered_at.insert(lane, now);
    }
}

impl World {
    /// Whether the person was erased by now, or is being erased.
    pub(crate) fn is_erased(&self, who: Option<Uuid>) -> bool {
        let erased = self.plan.erasure.as_ref().map(|erasure| erasure.who);
        erased == who && who.is_some() && self.erased.lock().marked_at.is_some()
    }

    /// Whether an event of Mailchimp's carries the id of somebody who was erased: without Ory, nobody
    /// knows better.
    pub(crate) fn names_erased(&self, sent: &MailchimpEvent) -> bool {
        let named = sent.carries(&self.plan.people);
        named.is_some_and(|person| self.is_erased(Some(self.plan.people[person].id)))
    }

    /// No call is about somebody who was erased, once the lane was entered or the lease of before is
    /// over. A search is one, and a read of Ory is none.
    pub(crate) fn check_erased(&self, call: &Call) {
        let event = &self.plan.events[call.work.events[0]];
        let who = match event.which {
            Which::Segment => None,
            Which::Mandrill | Which::Subscribe => event.identity,
            Which::Mailchimp | Which::MandrillEvents if call.method == Method::PATCH => {
                call.path.rsplit('/').next().and_then(|id| Uuid::try_parse(id).ok())
            }
            Which::Mailchimp | Which::MandrillEvents => {
                call.body["userId"].as_str().and_then(|id| Uuid::try_parse(id).ok())
            }
        };
        if !self.is_erased(who) || !self.plan.of(event.which).has_table {
            return;
        }
        let lane = who.and_then(|who| lane(event.which, who));
        let erased = self.erased.lock();
        let over = match lane {
            Some(lane) => erased.entered_at.get(&lane).copied(),
            // Nobody waits for the lease of a mail.
            None => erased.marked_at.map(|at| at + event.which.timeout() + LEASE_MARGIN),
        };
        if over.is_some_and(|over| self.now() > over + CLOCKS) {
            let context = format_args!("{} {} by sandbox {}", call.method, call.path, call.sandbox);
            self.condemn(Wrong::AfterErasure, context);
        }
    }

    /// Nothing is remembered of somebody who was erased.
    pub(crate) async fn judge_erasure(&self) {
        let Some(Erasure { who, .. }) = self.plan.erasure else { return };
        for lane in lanes(who) {
            // By then every lease is over.
            let entered = self.records.enter(request(&lane, self.now() + MARK_LASTS)).await;
            match entered.expect("a table in memory") {
                Entry::Entered(entered) if entered.written == LaneRecord::default() => {}
                entry => self.condemn(Wrong::Remembered, format_args!("{lane}: {entry:?}")),
            }
        }
    }
}
