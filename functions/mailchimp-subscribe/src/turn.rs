//! One event's turn in the person's lane: read the contact, decide, write, remember.

use serde_json::json;
use shared::{
    budget::Budget,
    ctx::SanitizedCtx,
    deliver::{Attempt, DeliveryReport, Effort},
    idempotency::InLane,
    outcome::Outcome,
    telemetry::Metric,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    consent::{Decision, Said, Statement, Status},
    deliver::ContactDelivery,
    freshness::{self, Flow, left_at},
    mailchimp::{Contact, Name, Written},
    moment::Moment,
    place::Place,
    record::{ContactRecord, Order, lane},
    request::{name, request},
    template_output::TemplateOutput,
};

/// How often a contact is read and written: once more if it has changed in between.
pub(crate) const PASSES: usize = 2;

/// What an event says of a contact.
pub(crate) struct Event {
    /// The identity's id.
    pub(crate) identity: Uuid,
    pub(crate) flow: Flow,
    pub(crate) output: TemplateOutput,
    /// Whether the address is verified.
    pub(crate) is_verified: bool,
    /// When the identity came into being; if that is not known, the beginning of time.
    pub(crate) created_at: OffsetDateTime,
}

impl Event {
    /// Whether it is one of many that were sent at once: they start no automation.
    pub(crate) fn is_bulk(&self) -> bool {
        matches!(self.flow, Flow::Run(_))
    }
}

/// An event, alone in the person's lane.
pub(crate) struct Turn<'a> {
    pub(crate) delivery: &'a ContactDelivery,
    pub(crate) budget: &'a Budget,
    pub(crate) event: Event,
    pub(crate) lane: InLane<ContactRecord>,
    pub(crate) effort: Effort,
    moment: Moment,
    /// What is remembered of the person by now.
    pub(crate) record: ContactRecord,
    /// Whether the contact is written, whatever comes after it.
    is_written: bool,
    counts: Vec<Metric>,
}

impl<'a> Turn<'a> {
    /// Takes the turn.
    pub(crate) async fn take(
        delivery: &'a ContactDelivery,
        attempt: &'a Attempt<'a, SanitizedCtx>,
        event: Event,
    ) -> DeliveryReport {
        let (person, name) = (Some(event.identity), lane(event.identity));
        let entered = delivery.idempotency.enter_for(person, name, &attempt.budget).await;
        let lane: InLane<ContactRecord> = match entered {
            Ok(lane) => lane,
            Err(outcome) => return outcome.into(),
        };
        let mut turn = Self {
            delivery,
            budget: &attempt.budget,
            event,
            record: lane.written.clone(),
            lane,
            effort: Effort::default(),
            moment: Moment::of(attempt.message),
            is_written: false,
            counts: Vec::new(),
        };
        let (Ok(outcome) | Err(outcome)) = turn.apply().await;
        turn.leave(outcome).await
    }

    /// Whoever cannot leave what it has done comes again: an older event would be applied after it.
    async fn leave(self, outcome: Outcome) -> DeliveryReport {
        let written = (self.record != self.lane.written).then_some(&self.record);
        let outcome = match self.delivery.idempotency.leave(&self.lane, written).await {
            Err(failed) if outcome.is_settled() => failed,
            _ => outcome,
        };
        DeliveryReport { counts: self.counts, ..DeliveryReport::of_calls(outcome, self.effort) }
    }

    async fn apply(&mut self) -> Result<Outcome, Outcome> {
        match self.record.order(&self.moment) {
            Order::Stale => Ok(Outcome::Skipped { reason: "stale: a newer event was applied" }),
            Order::Duplicate => Ok(Outcome::Duplicate),
            Order::Unfinished => {
                let finished = self.finish().await;
                self.settle(&finished);
                finished
            }
            Order::Newer => {
                let statement = self.statement();
                let applied = self.write_contact(statement).await;
                if self.is_written || is_settled(&applied) {
                    self.remember(statement);
                    self.settle(&applied);
                }
                applied
            }
        }
    }

    /// What the event says, and whether it can be believed.
    fn statement(&self) -> Statement {
        let said = freshness::said(self.event.flow, self.event.output.consent, &self.record);
        Statement { said, is_verified: self.event.is_verified }
    }

    /// When the person opted in, if the event is an opt-in or completes one.
    fn opted_in_at(&self) -> OffsetDateTime {
        match self.event.flow {
            // It completes an opt-in of before. One that we have not heard of may be as old as the
            // identity, and the person may have left the audience since.
            Flow::Verification => self.record.opt_in_at.unwrap_or(self.event.created_at),
            Flow::Run(_) => self.event.created_at,
            _ => self.moment.at,
        }
    }

    async fn write_contact(&mut self, statement: Statement) -> Result<Outcome, Outcome> {
        self.archive_replaced().await?;
        let double_opt_in = self.double_opt_in().await?;
        let mut is_refused = false;
        for _ in 0..PASSES {
            let place = self.place().await?;
            let decision = place.decide(
                statement,
                self.opted_in_at(),
                &self.record,
                self.delivery.rules,
                double_opt_in,
            );
            // Mailchimp knows an opt-out that we could not read: it may ask the person.
            let decision = if is_refused { at_most_pending(decision) } else { decision };
            let Some(call) = request(&place, decision, &self.event) else {
                return self.write_nothing(&place, decision).await;
            };
            match self.write(&call).await? {
                Written::Done(contact) if is_done(decision, &contact) => {
                    self.is_written = true;
                    self.note_leaving(&place, decision, &contact);
                    self.adopt(&place, &contact);
                    return self.finish_at(&place, &contact).await;
                }
                Written::Done(_) | Written::Changed => {}
                // They have opted out, and nobody has asked for a question now.
                Written::Compliance if matches!(statement.said, Said::Backfilled(_)) => {
                    self.record.left_at = self.record.left_at.max(Some(self.moment.at));
                    return Ok(self.refused("compliance"));
                }
                Written::Compliance => is_refused = true,
                Written::Forgotten => return Ok(self.refused("forgotten")),
            }
        }
        if is_refused {
            return Ok(self.refused("compliance"));
        }
        Err(Outcome::try_later("the contact has changed while it was written"))
    }

    /// The contact that the event is about.
    async fn place(&mut self) -> Result<Place, Outcome> {
        let address = self.event.output.address.clone();
        let own = match self.record.contact_id.clone() {
            Some(id) => self.read(&Name::of_id(&id)).await?,
            None => None,
        };
        let is_verified = self.event.is_verified;
        match own {
            // Until the new address is verified, the contact stays at the old one.
            Some(own) if own.has_address(&address) || !is_verified => Ok(Place::stays(own)),
            Some(own) => {
                let other = self.read(&Name::of_address(&address)).await?;
                Ok(Place::at_new_address(own, other))
            }
            None => {
                let contact = self.read(&Name::of_address(&address)).await?;
                Ok(Place::of_address(contact, is_verified))
            }
        }
    }

    /// Nothing is written to the contact; another of the person may still give way to it.
    async fn write_nothing(
        &mut self,
        place: &Place,
        decision: Decision,
    ) -> Result<Outcome, Outcome> {
        if let Some(contact) = &place.contact {
            self.adopt(place, contact);
            self.archive_replaced().await?;
        }
        match decision {
            Decision::Nothing(reason) => Ok(Outcome::Skipped { reason }),
            _ => Ok(self.refused("cleaned")),
        }
    }

    /// Mailchimp will not mail the person, whatever is said here.
    fn refused(&mut self, reason: &str) -> Outcome {
        self.counts.push(Metric::Compliance);
        Outcome::Rejected { reason: reason.to_owned() }
    }

    /// Remembers when somebody else unsubscribed or archived the contact: our write hides it. Who did
    /// so between our read and our write did it before the write.
    fn note_leaving(&mut self, place: &Place, decision: Decision, written: &Contact) {
        let read = place.contact.iter().chain(&place.replaces);
        let was = place.contact.as_ref().map(|read| read.status);
        let is_meanwhile = decision == Decision::Fields && was != Some(written.status);
        let meanwhile = Some(written).filter(|_| is_meanwhile);
        let left = read.chain(meanwhile);
        let left = left.filter_map(|one| left_at(one.status, one.last_changed, &self.record)).max();
        self.record.left_at = self.record.left_at.max(left);
    }

    /// Remembers whose contact it is.
    fn adopt(&mut self, place: &Place, contact: &Contact) {
        if !place.is_own {
            return;
        }
        self.record.contact_id.clone_from(&contact.id);
        if let Some(replaced) = &place.replaces {
            self.record.to_archive.clone_from(&replaced.id);
        }
        if self.is_written {
            self.record.status = Some(contact.status);
            self.record.last_changed = contact.last_changed;
        }
    }

    /// Remembers what was said, and an opt-in that waits.
    fn remember(&mut self, statement: Statement) {
        let waits = statement.waits(self.delivery.rules) || self.is_told_by_a_backfill();
        let waits_since = waits.then(|| self.opted_in_at());
        self.record.hear(statement.said, self.event.output.consent, waits_since);
    }

    /// Whether a backfill is the first to tell of the person and their consent. It is no act of the
    /// person: the verification of the address, if that comes, is still the first that we hear of one.
    fn is_told_by_a_backfill(&self) -> bool {
        let is_first = self.event.is_bulk() && self.record.is_new();
        is_first && self.event.output.consent == Some(true)
    }

    /// Remembers that the event was applied, and whether something of it is left.
    fn settle(&mut self, applied: &Result<Outcome, Outcome>) {
        self.record.apply(&self.moment);
        self.record.consent = self.event.output.consent.or(self.record.consent);
        if !is_settled(applied) {
            self.record.keep_unfinished(&self.moment);
        }
    }

    /// What follows the write of the contact.
    async fn finish_at(&mut self, place: &Place, contact: &Contact) -> Result<Outcome, Outcome> {
        self.archive_replaced().await?;
        if place.is_own {
            let is_there = self.tag(&name(contact, &self.event)).await?;
            if !is_there {
                return Err(Outcome::try_later("the contact has changed before its tags"));
            }
        }
        Ok(delivered(contact.status, contact.id.as_deref()))
    }

    /// What is left of an event whose contact was written before.
    async fn finish(&mut self) -> Result<Outcome, Outcome> {
        self.archive_replaced().await?;
        let id = self.record.contact_id.clone();
        let by_address = || Name::of_address(&self.event.output.address);
        let name = id.as_deref().map_or_else(by_address, Name::of_id);
        // It may have been deleted since: what is left has no place any more.
        if !self.tag(&name).await? {
            return Ok(Outcome::Skipped { reason: "the contact was deleted before its tags" });
        }
        Ok(delivered(self.record.status.unwrap_or(Status::Transactional), id.as_deref()))
    }
}

fn is_settled(applied: &Result<Outcome, Outcome>) -> bool {
    let (Ok(outcome) | Err(outcome)) = applied;
    outcome.is_settled()
}

/// The same, but for `subscribed`.
fn at_most_pending(decision: Decision) -> Decision {
    match decision {
        Decision::Create(Status::Subscribed) => Decision::Create(Status::Pending),
        Decision::Set(Status::Subscribed) => Decision::Set(Status::Pending),
        decision => decision,
    }
}

/// Whether the contact is as it was decided. A contact that came into being meanwhile has kept the
/// state that it had: it may lack an opt-in, or have one that an opt-out overrules.
fn is_done(decision: Decision, contact: &Contact) -> bool {
    match decision {
        Decision::Create(Status::Unsubscribed) => !contact.status.is_opt_in(),
        Decision::Create(status) => !status.is_opt_in() || contact.status.is_opt_in(),
        _ => true,
    }
}

/// What answers show: no personal data.
fn delivered(status: Status, id: Option<&str>) -> Outcome {
    Outcome::delivered(json!({"status": status.word(), "contact_id": id}))
}
