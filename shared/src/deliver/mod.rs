//! Deliver: render, claim, call, classify, record.

mod channel;
mod delivered;
mod keyring;
mod ledger;
mod unsure;
mod vendor;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use channel::Channel;
pub use delivered::{Attempts, Delivered};
pub use ledger::Ledger;
pub use vendor::{EventFacts, Found, OnUnknown, Rendered, Search, Unfit, Vendor};

use crate::{
    budget::Budget,
    key::{FunctionArn, WorkKey},
    message::Message,
    outcome::Outcome,
    secrets::Cached,
    template::{Argument, RenderError, Template},
};

/// What a template is rendered over.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// The template's arguments.
    fn arguments(&self) -> Vec<Argument>;

    /// The id of the identity that it is about, unless it is not saved yet or not known.
    fn identity_id(&self) -> Option<&str> {
        None
    }
}

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

    /// Whether a rendering was abandoned, so that the process should end.
    fn overran(&self) -> bool;
}

/// Delivers one function's events to its one vendor.
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
    pub async fn prepare<E: Event>(
        &self,
        message: &Message<E>,
        arn: &FunctionArn,
    ) -> Result<(V::Call, WorkKey), Outcome> {
        let (rendered, key) = render(&self.template, message).await?;
        let vendor_key = key.for_vendor(arn);
        let facts = EventFacts { vendor_key: &vendor_key, received_at: message.received_at };
        let call = self.channel.vendor.prepare(rendered, &facts);
        Ok((call.map_err(|unfit| unfit.outcome(&self.template))?, key))
    }
}

#[async_trait]
impl<E: Event, V: Vendor> Deliver<E> for Delivery<V> {
    async fn deliver(
        &self,
        message: &Message<E>,
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
        vec![self.channel.key.secret()]
    }

    fn overran(&self) -> bool {
        self.template.overran()
    }
}

/// Renders the template over the event, and takes the key out that it may name.
///
/// # Errors
/// The outcome of an event whose template cancels or is at fault.
pub async fn render<E: Event>(
    template: &Template,
    message: &Message<E>,
) -> Result<(Rendered, WorkKey), Outcome> {
    let rendered = template.render(message.event.arguments()).await.map_err(unrendered)?;
    let Value::Object(mut rendered) = rendered else {
        return Err(Unfit::Rule("the result is no object").outcome(template));
    };
    let named = match rendered.remove("idempotency_key") {
        None => None,
        Some(Value::String(name)) if !name.is_empty() => Some(name),
        Some(_) => return Err(Unfit::Rule("`idempotency_key` is no text").outcome(template)),
    };
    Ok((rendered, WorkKey::new(&message.key, named.as_deref())))
}

fn unrendered(error: RenderError) -> Outcome {
    match error {
        RenderError::Cancelled => Outcome::Skipped { reason: "cancelled" },
        RenderError::Fault(fault) => Outcome::TemplateFault(fault),
    }
}
