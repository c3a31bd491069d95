//! Deliver: render, claim, call, classify, record.

mod channel;
#[cfg(test)]
mod clock_tests;
mod delivered;
mod keyring;
mod ledger;
mod unsure;
mod vendor;

use async_trait::async_trait;
use serde_json::Value;

pub use channel::Channel;
pub use delivered::{Attempts, Delivered};
pub use ledger::Ledger;
pub(crate) use unsure::TAKEN_FOR_LOST;
pub use vendor::{Api, EventFacts, Found, InDoubt, OnUnknown, Rendered, Search, Unfit, Vendor};

use crate::{
    budget::Budget,
    ctx::Reduced,
    key::{FunctionArn, Key, WorkKey},
    message::{Event, Message},
    outcome::Outcome,
    secrets::Cached,
    template::{Fault, RenderError, Template},
};

/// Takes messages to where they go: to vendors, or to whatever a function serves.
#[async_trait]
pub trait Deliver<E: Event>: Send + Sync {
    /// Delivers one event, within the budget.
    async fn deliver(
        &self,
        message: &Message<E>,
        arn: &FunctionArn,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered;

    /// Delivers what came from the queue together, each by one attempt; an outcome for each.
    async fn deliver_all(
        &self,
        messages: &[Message<E>],
        arn: &FunctionArn,
        budget: &Budget,
    ) -> Vec<Delivered> {
        let mut all = Vec::new();
        for message in messages {
            all.push(self.deliver(message, arn, budget, Attempts::ONE).await);
        }
        all
    }

    /// The secrets to fetch ahead.
    fn secrets(&self) -> Vec<&Cached>;

    /// Waits until its templates are ready.
    ///
    /// # Errors
    /// Where one does not parse.
    fn check(&self) -> Result<(), Fault>;

    /// Whether a rendering was abandoned, so that the process should end.
    fn overran(&self) -> bool;
}

/// Delivers Ory's events to the one vendor of a function.
pub struct Delivery<V> {
    /// What the vendor is to be told.
    pub template: Template,
    /// The vendor, with its key.
    pub channel: Channel<V>,
    /// Where repeated work is noticed; `None` where the vendor itself does.
    pub ledger: Option<Ledger>,
}

impl<V: Vendor> Delivery<V> {
    /// Renders one event to a call that the vendor can take, with the key of the work.
    ///
    /// # Errors
    /// The outcome of an event of which no call is made.
    pub async fn prepare(
        &self,
        message: &Message<Reduced>,
        arn: &FunctionArn,
    ) -> Result<(V::Call, WorkKey), Outcome> {
        let ctx = message.event.for_template();
        let (rendered, key) = render(&self.template, ctx, &message.key).await?;
        let vendor_key = key.for_vendor(arn);
        let facts = EventFacts {
            vendor_key: &vendor_key,
            identity_id: message.event.identity_id(),
            received_at: message.received_at,
        };
        let call = self.channel.vendor.prepare(rendered, &facts);
        Ok((call.map_err(|unfit| unfit.outcome(&self.template))?, key))
    }
}

#[async_trait]
impl<V: Vendor> Deliver<Reduced> for Delivery<V> {
    async fn deliver(
        &self,
        message: &Message<Reduced>,
        arn: &FunctionArn,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        match self.prepare(message, arn).await {
            Ok((call, key)) => {
                let claim = self.ledger.as_ref().map(|ledger| (ledger, &key));
                self.channel.deliver(&call, claim, budget, attempts).await
            }
            Err(outcome) => outcome.into(),
        }
    }

    fn secrets(&self) -> Vec<&Cached> {
        self.channel.key.secret().into_iter().collect()
    }

    fn check(&self) -> Result<(), Fault> {
        self.template.check()
    }

    fn overran(&self) -> bool {
        self.template.overran()
    }
}

/// Renders the template over `ctx`, and takes the key out that it may name instead of the event's
/// own.
///
/// # Errors
/// The outcome of an event whose template cancels or is at fault.
pub async fn render(
    template: &Template,
    ctx: Value,
    key: &Key,
) -> Result<(Rendered, WorkKey), Outcome> {
    let rendered = template.render(vec![("ctx", ctx)]).await.map_err(unrendered)?;
    let Value::Object(mut rendered) = rendered else {
        return Err(Unfit::Rule("the result is no object").outcome(template));
    };
    let named = match rendered.remove("idempotency_key") {
        None => None,
        Some(Value::String(name)) if !name.is_empty() => Some(name),
        Some(_) => return Err(Unfit::Rule("`idempotency_key` is no text").outcome(template)),
    };
    Ok((rendered, WorkKey::new(key, named.as_deref())))
}

fn unrendered(error: RenderError) -> Outcome {
    match error {
        RenderError::Cancelled => Outcome::Skipped { reason: "cancelled" },
        RenderError::Fault(fault) => Outcome::TemplateFault(fault),
    }
}
