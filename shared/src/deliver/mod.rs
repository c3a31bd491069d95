//! Deliver: render, claim, call, classify, record.

mod channel;
mod ledger;

use serde_json::{Map, Value};
use time::OffsetDateTime;

pub use channel::{Attempts, Channel, Delivered, Vendor};
pub use ledger::Ledger;

use crate::{
    budget::Budget,
    key::{FunctionArn, WorkKey},
    message::Message,
    outcome::Outcome,
    template::{Argument, Fault, RenderError, Template},
};

/// A template's result in which no key of its own is named any more.
pub type Rendered = Map<String, Value>;

/// What a template is rendered over.
pub trait Event: Send + Sync {
    /// The template's arguments.
    fn arguments(&self) -> Vec<Argument>;
}

/// What a vendor may need to know of the event besides the template's result.
pub struct EventFacts<'a> {
    /// The work's key as this vendor sees it.
    pub vendor_key: &'a str,
    /// When the event was accepted.
    pub received_at: OffsetDateTime,
}

/// A template's result that makes no call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unfit {
    /// It breaks this rule: a template fault.
    Rule(&'static str),
    /// The vendor would never take it, for this reason: somebody must act first.
    Blocked(&'static str),
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
    /// Delivers one event, within the budget.
    pub async fn deliver<E: Event>(
        &self,
        message: &Message<E>,
        arn: &FunctionArn,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        match self.prepare(message, arn).await {
            Ok((call, key)) => {
                let ledger = self.ledger.as_ref();
                self.channel.deliver(&call, &key, ledger, budget, attempts).await
            }
            Err(outcome) => outcome.into(),
        }
    }

    async fn prepare<E: Event>(
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

impl Unfit {
    /// What an unfit result of `template` means for its event.
    pub fn outcome(self, template: &Template) -> Outcome {
        match self {
            Self::Rule(rule) => Outcome::TemplateFault(Fault::new(template.name(), rule)),
            Self::Blocked(reason) => Outcome::blocked(reason),
        }
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
