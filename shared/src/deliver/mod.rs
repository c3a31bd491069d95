//! Deliver: render, lease, call, classify, record; inline, or from the queue.

mod backoff;
#[cfg(test)]
mod clock_tests;
mod dispatch;
mod from_queue;
#[cfg(test)]
mod held_tests;
mod in_doubt;
mod report;
mod vendor;
mod vendor_client;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

pub use backoff::{MAX_BACKOFF, MAX_RETRY_AFTER, backoff};
pub use dispatch::{Dispatch, EnqueueError};
pub use report::{DeliveryReport, Effort};
pub use vendor::{
    Api, EventFacts, Found, InDoubt, InvalidOutput, Rendered, Search, Vendor, WhenInDoubt,
};
pub use vendor_client::{Once, VendorClient};

use crate::{
    budget::Budget,
    ctx::{SanitizedCtx, TemplateSettings},
    http::Peer,
    idempotency::Idempotency,
    key::{EventId, FunctionArn, IdempotencyKey},
    message::{Message, QueuedEvent},
    outcome::Outcome,
    secrets::{ApiKey, Cached},
    template::{Input, RenderError, Template},
};

/// One attempt to deliver an event: inline, or from the queue.
pub struct Attempt<'a, E> {
    /// The event.
    pub message: &'a Message<E>,
    /// The function that delivers it.
    pub arn: &'a FunctionArn,
    /// Its budget of time and calls.
    pub budget: Budget,
}

/// Delivers messages: to vendors, or to any service that a function calls.
#[async_trait]
pub trait Deliver<E: QueuedEvent>: Send + Sync {
    /// Delivers one event, within its budget.
    async fn deliver(&self, attempt: &Attempt<'_, E>) -> DeliveryReport;

    /// Delivers messages that arrived from the queue together; a report for each.
    async fn deliver_all(&self, attempts: &[Attempt<'_, E>]) -> Vec<DeliveryReport> {
        let mut all = Vec::new();
        for attempt in attempts {
            all.push(self.deliver(attempt).await);
        }
        all
    }
}

/// Delivers Ory's events to the one vendor of a function.
pub struct Delivery<V> {
    /// The template of the vendor's call.
    pub template: Arc<Template>,
    /// What the template reads besides the event.
    pub template_settings: TemplateSettings,
    /// The vendor, with its API key.
    pub client: VendorClient<V>,
    /// Detects repeated work; `None` if the vendor does so itself.
    pub idempotency: Option<Idempotency>,
}

impl<V: Api> Delivery<V> {
    /// What it needs before the first event.
    pub fn resources(&self) -> Resources {
        let records = self.idempotency.as_ref().map(|idempotency| &idempotency.store);
        let peers = self.client.vendor.peer().into_iter();
        Resources {
            template: self.template.clone(),
            keys: vec![self.client.key.clone()],
            peers: peers.chain(records.and_then(|store| store.peer())).collect(),
        }
    }
}

impl<V: Vendor> Delivery<V> {
    /// Renders one event to a call that the vendor accepts, with the idempotency key.
    ///
    /// # Errors
    /// The outcome of an event that leads to no call.
    pub async fn prepare(
        &self,
        attempt: &Attempt<'_, SanitizedCtx>,
    ) -> Result<(V::Call, IdempotencyKey), Outcome> {
        self.template_settings.check()?;
        let message = attempt.message;
        let ctx = message.event.shared_with_template(&self.template_settings);
        let (rendered, key) = render(&self.template, ctx, &message.event_id).await?;
        let idempotency_key = key.for_vendor(attempt.arn);
        let facts = EventFacts {
            idempotency_key: &idempotency_key,
            identity_id: message.event.identity_id(),
            received_at: message.received_at,
        };
        let call = self.client.vendor.prepare(rendered, &facts);
        Ok((call.map_err(|unfit| unfit.outcome(&self.template))?, key))
    }
}

#[async_trait]
impl<V: Vendor> Deliver<SanitizedCtx> for Delivery<V> {
    async fn deliver(&self, attempt: &Attempt<'_, SanitizedCtx>) -> DeliveryReport {
        match self.prepare(attempt).await {
            Ok((call, key)) => {
                let person = attempt.message.event.identity_id();
                let person = person.and_then(|id| Uuid::try_parse(id).ok());
                let once = self.idempotency.as_ref();
                let not_sent_before = attempt.message.not_sent_before;
                let once = once.map(|idempotency| Once {
                    idempotency,
                    key: &key,
                    person,
                    not_sent_before,
                });
                self.client.deliver(&call, once, &attempt.budget).await
            }
            Err(outcome) => outcome.into(),
        }
    }
}

/// What a delivery needs before the first event: it is prepared while the function starts.
pub struct Resources {
    /// The template, to be parsed.
    pub template: Arc<Template>,
    /// The vendors' API keys, to be fetched.
    pub keys: Vec<Arc<ApiKey>>,
    /// The servers that a delivery calls, to be connected to.
    pub peers: Vec<Peer>,
}

impl Resources {
    /// The secrets to fetch in advance.
    pub fn secrets(&self) -> Vec<&Cached> {
        self.keys.iter().filter_map(|key| key.secret()).collect()
    }
}

/// Renders the template over `ctx`, and takes out the idempotency key that it may set.
///
/// # Errors
/// The outcome of an event whose template cancels or has a fault.
pub async fn render(
    template: &Template,
    ctx: impl Into<Input>,
    key: &EventId,
) -> Result<(Rendered, IdempotencyKey), Outcome> {
    let rendered = template.render(vec![("ctx", ctx)]).await.map_err(unrendered)?;
    let Value::Object(mut rendered) = rendered else {
        return Err(InvalidOutput::Rule("the template output is not an object").outcome(template));
    };
    let named = match rendered.remove("idempotency_key") {
        None => None,
        Some(Value::String(name)) if !name.is_empty() => Some(name),
        Some(_) => {
            return Err(InvalidOutput::Rule("`idempotency_key` is not a string").outcome(template));
        }
    };
    Ok((rendered, IdempotencyKey::new(key, named.as_deref())))
}

fn unrendered(error: RenderError) -> Outcome {
    match error {
        RenderError::Cancelled => Outcome::Skipped { reason: "cancelled" },
        RenderError::Fault(fault) => Outcome::TemplateFault(fault),
    }
}
