//! Deliver, for Mailchimp's events: find the identity, enter its lane, render, patch Ory, tell
//! Segment, leave the lane.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use shared::{
    budget::Budget,
    deliver::{Attempts, Channel, Deliver, Delivered, EventFacts, Ledger, Vendor, render},
    journal::Metric,
    key::FunctionArn,
    message::{self, Message},
    outcome::Outcome,
    records::InLane,
    secrets::Cached,
    segment::{Batch, Segment},
    template::{Fault, Template},
};
use uuid::Uuid;

use crate::{
    event::Event,
    find::Admin,
    order::{self, Place},
    ory::{GONE, Identity, Ory},
    patch::{self, Operation, PatchPaths},
    result::TemplateResult,
};

/// What becomes of Mailchimp's events.
pub(crate) struct Inbound {
    pub(crate) template: Template,
    /// Ory, where it is told.
    pub(crate) ory: Option<Channel<Ory>>,
    /// Where a template may patch.
    pub(crate) patch_paths: PatchPaths,
    /// Segment, where it is told.
    pub(crate) segment: Option<Channel<Segment>>,
    pub(crate) ledger: Ledger,
}

impl message::Event for Event {}

/// What a template is rendered over: the event, and the identity that it belongs to.
pub fn template_argument(event: &Event, identity: Option<&Value>) -> Value {
    json!({"event": event, "identity": identity})
}

/// One delivery: the event, and the time and the attempts that it has.
struct Delivering<'a> {
    message: &'a Message<Event>,
    arn: &'a FunctionArn,
    budget: &'a Budget,
    attempts: Attempts,
}

/// How far an event came.
enum Came {
    /// All was done that it asked for, or that can be.
    Through(Delivered),
    /// Ory is done with it; what is left came to this.
    AsFarAsOry(Delivered),
    /// Nothing was done, as far as anybody knows.
    Nowhere(Delivered),
}

impl Came {
    fn delivered(self) -> Delivered {
        match self {
            Self::Through(delivered) | Self::AsFarAsOry(delivered) | Self::Nowhere(delivered) => {
                delivered
            }
        }
    }
}

impl Inbound {
    /// Finds whom the event is about, and delivers it in its place among the person's events.
    async fn deliver_in_order(&self, of: &Delivering<'_>) -> Delivered {
        let event = &of.message.event;
        let known = match self.find(of).await {
            Ok(known) => known,
            Err(delivered) => return delivered,
        };
        let delivered = match order::lane(event, known) {
            Some(lane) => self.deliver_in_lane(of, &lane, known).await,
            // It is about nobody.
            None => self.apply(of, None, None).await.delivered(),
        };
        let is_unmatched = self.ory.is_some() && known.is_none() && event.address().is_some();
        let counts = match (is_unmatched, order::withdraws(event)) {
            (false, _) => Vec::new(),
            (true, false) => vec![Metric::Unmatched],
            (true, true) => vec![Metric::Unmatched, Metric::UnmatchedWithdrawal],
        };
        Delivered { identity_id: known.map(|id| id.to_string()), counts, ..delivered }
    }

    async fn find(&self, of: &Delivering<'_>) -> Result<Option<Uuid>, Delivered> {
        match self.admin(of) {
            Some(admin) => Ok(admin.find(&of.message.event).await?.map(|identity| identity.id())),
            None => Ok(None),
        }
    }

    fn admin<'a>(&'a self, of: &Delivering<'a>) -> Option<Admin<'a>> {
        let channel = self.ory.as_ref()?;
        Some(Admin { channel, budget: of.budget, attempts: of.attempts })
    }

    /// Alone in the lane, and only if nothing newer has been applied in it.
    async fn deliver_in_lane(
        &self,
        of: &Delivering<'_>,
        lane: &str,
        known: Option<Uuid>,
    ) -> Delivered {
        let lane = match self.ledger.enter(lane, of.budget).await {
            Ok(lane) => lane,
            Err(outcome) => return outcome.into(),
        };
        let (event, key, last) = (&of.message.event, &of.message.key, lane.last.as_ref());
        let came = match order::place(event, key, last) {
            Place::Old => Came::Nowhere(Outcome::Skipped { reason: "older than another" }.into()),
            Place::Again => Came::Nowhere(Outcome::Duplicate.into()),
            Place::Next => self.apply(of, known, Some(&lane)).await,
        };
        let applied = match &came {
            Came::Through(_) => Some(order::applied(event, key, last, true)),
            Came::AsFarAsOry(_) => Some(order::applied(event, key, last, false)),
            Came::Nowhere(_) => None,
        };
        let left = self.ledger.leave(&lane, applied.filter(|_| order::is_ordered(event))).await;
        let delivered = came.delivered();
        match left {
            Err(outcome) if delivered.outcome.is_settled() => Delivered { outcome, ..delivered },
            _ => delivered,
        }
    }

    /// Renders, patches Ory, tells Segment.
    async fn apply(&self, of: &Delivering<'_>, known: Option<Uuid>, lane: Option<&InLane>) -> Came {
        let prepared = match self.prepare(of, known).await {
            Ok(prepared) => prepared,
            // One that the template cancels makes no other one old.
            Err(delivered) => return Came::Nowhere(delivered),
        };
        let is_held = || lane.is_none_or(|lane| self.ledger.is_live(&lane.bid));
        let mut said = Map::new();
        let mut delivered: Delivered = Outcome::Skipped { reason: "nothing to do" }.into();
        if let (Some(admin), Some(id), [_, ..]) = (self.admin(of), known, &*prepared.patch) {
            let operations = prepared.patch.len();
            delivered = admin.patch(id, prepared.patch, &is_held).await;
            match &delivered.outcome {
                Outcome::Delivered { .. } => {
                    said.insert("ory".to_owned(), json!({"operations": operations}));
                }
                outcome if outcome.is_settled() => return Came::Through(delivered),
                _ => return Came::Nowhere(delivered),
            }
        }
        if let (Some(segment), Some(call)) = (&self.segment, &prepared.segment) {
            delivered = segment.call_while(&is_held, call, of.budget, of.attempts).await;
            match &delivered.outcome {
                Outcome::Delivered { vendor, .. } => {
                    said.insert("segment".to_owned(), vendor.clone());
                }
                _ => return Came::AsFarAsOry(delivered),
            }
        }
        if !said.is_empty() {
            delivered.outcome = Outcome::delivered(Value::Object(said));
        }
        Came::Through(delivered)
    }

    /// What is to be done, with nothing done yet.
    async fn prepare(
        &self,
        of: &Delivering<'_>,
        known: Option<Uuid>,
    ) -> Result<Prepared, Delivered> {
        let identity = self.read(of, known).await?;
        let message = of.message;
        let ctx = template_argument(&message.event, identity.as_ref().map(Identity::as_value));
        let (rendered, key) = render(&self.template, ctx, &message.key).await?;
        let result = TemplateResult::read(rendered, &self.patch_paths, &self.template)?;
        let patch = match &identity {
            Some(identity) => patch::effective(result.patch, identity.as_value()),
            None => Vec::new(),
        };
        let segment = match (result.segment, &self.segment) {
            (Some(call), Some(segment)) => {
                let vendor_key = key.for_vendor(of.arn);
                let facts =
                    EventFacts { vendor_key: &vendor_key, received_at: message.received_at };
                let call = segment.vendor.prepare(call, &facts);
                Some(call.map_err(|unfit| unfit.outcome(&self.template))?)
            }
            _ => None,
        };
        Ok(Prepared { patch, segment })
    }

    /// The identity as it is now: since it was found, another event may have changed it.
    async fn read(
        &self,
        of: &Delivering<'_>,
        known: Option<Uuid>,
    ) -> Result<Option<Identity>, Delivered> {
        match (self.admin(of), known) {
            (Some(admin), Some(id)) => Ok(Some(admin.read(id).await?.ok_or(GONE)?)),
            _ => Ok(None),
        }
    }
}

/// What an event comes down to.
struct Prepared {
    patch: Vec<Operation>,
    segment: Option<Batch>,
}

#[async_trait]
impl Deliver<Event> for Inbound {
    async fn deliver(
        &self,
        message: &Message<Event>,
        arn: &FunctionArn,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        self.deliver_in_order(&Delivering { message, arn, budget, attempts }).await
    }

    fn secrets(&self) -> Vec<&Cached> {
        let ory = self.ory.as_ref().and_then(|ory| ory.key.secret());
        let segment = self.segment.as_ref().and_then(|segment| segment.key.secret());
        ory.into_iter().chain(segment).collect()
    }

    fn check(&self) -> Result<(), Fault> {
        self.template.check()
    }

    fn overran(&self) -> bool {
        self.template.overran()
    }
}
