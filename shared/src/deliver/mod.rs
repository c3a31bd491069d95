//! Deliver: render, claim, call, classify, record.

#[cfg(test)]
mod clock_tests;
mod idempotency;
mod in_doubt;
mod refresh_once;
mod report;
mod vendor;
mod vendor_client;

use async_trait::async_trait;
use serde_json::Value;

pub use idempotency::Idempotency;
pub(crate) use in_doubt::RESEND_AFTER;
pub use report::{DeliveryReport, MaxCalls};
pub use vendor::{
    Api, EventFacts, Found, InDoubt, InvalidOutput, Rendered, Search, Vendor, WhenInDoubt,
};
pub use vendor_client::VendorClient;

use crate::{
    budget::Budget,
    ctx::{SanitizedCtx, TemplateSettings},
    key::{EventId, FunctionArn, IdempotencyKey},
    message::{Event, Message},
    outcome::Outcome,
    secrets::Cached,
    template::{RenderError, Template, TemplateFault},
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
        max_calls: MaxCalls,
    ) -> DeliveryReport;

    /// Delivers what came from the queue together, each by one attempt; an outcome for each.
    async fn deliver_all(
        &self,
        messages: &[Message<E>],
        arn: &FunctionArn,
        budget: &Budget,
    ) -> Vec<DeliveryReport> {
        let mut all = Vec::new();
        for message in messages {
            all.push(self.deliver(message, arn, budget, MaxCalls::ONE).await);
        }
        all
    }

    /// The secrets to fetch ahead.
    fn secrets(&self) -> Vec<&Cached>;

    /// Waits until its templates are ready.
    ///
    /// # Errors
    /// Where one does not parse.
    fn check(&self) -> Result<(), TemplateFault>;

    /// Whether a rendering was abandoned, so that the process should end.
    fn overran(&self) -> bool;
}

/// Delivers Ory's events to the one vendor of a function.
pub struct Delivery<V> {
    /// What the vendor is to be told.
    pub template: Template,
    /// What the template reads beside the event.
    pub template_settings: TemplateSettings,
    /// The vendor, with its key.
    pub client: VendorClient<V>,
    /// Where repeated work is noticed; `None` where the vendor itself does.
    pub idempotency: Option<Idempotency>,
}

impl<V: Vendor> Delivery<V> {
    /// Renders one event to a call that the vendor can take, with the key of the work.
    ///
    /// # Errors
    /// The outcome of an event of which no call is made.
    pub async fn prepare(
        &self,
        message: &Message<SanitizedCtx>,
        arn: &FunctionArn,
    ) -> Result<(V::Call, IdempotencyKey), Outcome> {
        self.template_settings.check()?;
        let ctx = message.event.for_template(&self.template_settings);
        let (rendered, key) = render(&self.template, ctx, &message.event_id).await?;
        let idempotency_key = key.for_vendor(arn);
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
    async fn deliver(
        &self,
        message: &Message<SanitizedCtx>,
        arn: &FunctionArn,
        budget: &Budget,
        max_calls: MaxCalls,
    ) -> DeliveryReport {
        match self.prepare(message, arn).await {
            Ok((call, key)) => {
                let claim = self.idempotency.as_ref().map(|idempotency| (idempotency, &key));
                self.client.deliver(&call, claim, budget, max_calls).await
            }
            Err(outcome) => outcome.into(),
        }
    }

    fn secrets(&self) -> Vec<&Cached> {
        self.client.key.secret().into_iter().collect()
    }

    fn check(&self) -> Result<(), TemplateFault> {
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
