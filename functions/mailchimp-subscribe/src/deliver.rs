//! Deliver, for Ory's events: render what the template says of the contact, and write it in the
//! person's lane.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use shared::{
    backfill::is_run,
    ctx::{SanitizedCtx, TemplateSettings, timestamp},
    deliver::{
        Api as _, Attempt, Deliver, DeliveryReport, InvalidOutput, Resources, VendorClient, render,
    },
    idempotency::Idempotency,
    key::EventId,
    message::QueuedEvent,
    ory::Ory,
    outcome::Outcome,
    template::Template,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    audience::Audience,
    consent::Rules,
    freshness::{Earlier, Flow},
    mailchimp::Mailchimp,
    template_output::TemplateOutput,
    turn::{Event, Turn},
};

/// Writes the contact of a person.
pub(crate) struct ContactDelivery {
    pub(crate) template: Arc<Template>,
    pub(crate) client: VendorClient<Mailchimp>,
    /// The client of Ory, by which a backfill reads identities again; `None`: it does not.
    pub(crate) ory: Option<VendorClient<Ory>>,
    pub(crate) audience: Audience,
    pub(crate) rules: Rules,
    pub(crate) idempotency: Idempotency,
}

impl ContactDelivery {
    /// What it needs before the first event.
    pub(crate) fn resources(&self) -> Resources {
        let ory = self.ory.iter().map(|ory| ory.key.clone());
        let keys = [self.client.key.clone()].into_iter().chain(ory).collect();
        let called = [self.client.vendor.peer(), self.idempotency.store.peer()];
        let peers = called.into_iter().flatten().collect();
        Resources { template: self.template.clone(), keys, peers }
    }

    /// What the event says.
    ///
    /// # Errors
    /// The report of an event that says nothing.
    async fn event(&self, attempt: &Attempt<'_, SanitizedCtx>) -> Result<Event, DeliveryReport> {
        let message = attempt.message;
        let id = message.event.identity_id().and_then(|id| Uuid::try_parse(id).ok());
        // Without it there is neither an order nor a record.
        let identity = id.ok_or_else(|| {
            Outcome::blocked(
                "the event has no identity id; does the webhook's template forward it?",
            )
        })?;
        let ctx = self.current(attempt, identity).await?;
        let argument = ctx.for_template(&TemplateSettings::default());
        let output = self.output(argument, &message.event_id).await?;
        let hook = ctx.hook();
        let flow = match hook.flow.as_deref() {
            Some("registration") => Flow::Registration,
            Some("settings") => Flow::Settings(self.earlier(attempt).await),
            Some("verification") => Flow::Verification,
            Some(flow) if is_run(flow) => Flow::Run(hook.add_as),
            _ => Flow::Other,
        };
        Ok(Event {
            identity,
            flow,
            is_verified: is_verified(ctx.identity(), &output.address),
            created_at: created_at(ctx.identity()),
            output,
        })
    }

    async fn output(&self, ctx: Value, event: &EventId) -> Result<TemplateOutput, Outcome> {
        let (rendered, key) = render(&self.template, ctx, event).await?;
        let fault = |rule| InvalidOutput::Rule(rule).outcome(&self.template);
        if key.is_named() {
            return Err(fault("the template sets an `idempotency_key`, which has no use here"));
        }
        TemplateOutput::read(rendered).map_err(fault)
    }

    /// The consent before the change: what the same template says of the identity as it was then.
    async fn earlier(&self, attempt: &Attempt<'_, SanitizedCtx>) -> Earlier {
        let message = attempt.message;
        let Some(ctx) = before_the_change(&message.event) else { return Earlier::Unknown };
        match self.output(ctx, &message.event_id).await {
            Ok(output) => Earlier::Consent(output.consent),
            Err(_) => Earlier::Unknown,
        }
    }
}

/// The ctx with the identity of the session, which is the one before the change; what that lacks, for
/// example the addresses, is as it is now.
pub(crate) fn before_the_change(ctx: &SanitizedCtx) -> Option<Value> {
    let mut value = ctx.for_template(&TemplateSettings::default());
    let before = value["session"]["identity"].as_object().cloned()?;
    before.get("traits").filter(|traits| traits.is_object())?;
    value["identity"].as_object_mut()?.extend(before);
    Some(value)
}

fn created_at(identity: &Value) -> OffsetDateTime {
    let known = identity["created_at"].as_str().and_then(timestamp);
    known.unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Whether the person has proved to receive mail at the address. Kratos keeps addresses in lower
/// case, and traits as they were typed.
pub(crate) fn is_verified(identity: &Value, address: &str) -> bool {
    let addresses = identity["verifiable_addresses"].as_array();
    addresses.into_iter().flatten().any(|known| {
        let is_it = |known: &str| known.to_lowercase() == address.to_lowercase();
        known["verified"] == json!(true) && known["value"].as_str().is_some_and(is_it)
    })
}

#[async_trait]
impl Deliver<SanitizedCtx> for ContactDelivery {
    async fn deliver(&self, attempt: &Attempt<'_, SanitizedCtx>) -> DeliveryReport {
        match self.event(attempt).await {
            Ok(event) => Turn::take(self, attempt, event).await,
            Err(report) => report,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::ctx::Ctx;

    use super::*;

    #[test]
    fn only_a_verified_address_of_the_identity_is_proved() {
        let identity = json!({"verifiable_addresses": [
            {"value": "ann@example.com", "verified": true},
            {"value": "ben@example.com", "verified": false},
            {"value": "cleo@example.com", "verified": "true"},
            null, {},
        ]});
        assert!(is_verified(&identity, "Ann@example.com"));
        for address in ["ben@example.com", "cleo@example.com", "eve@example.com"] {
            assert!(!is_verified(&identity, address), "{address}");
        }
        assert!(!is_verified(&json!({}), "ann@example.com"));
    }

    #[test]
    fn earlier_identity_needs_its_traits() {
        let with = |session: Value| {
            let body = json!({
                "identity": {"id": "i", "traits": {"n": 2}, "state": "active"},
                "session": session,
            });
            let ctx = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
            before_the_change(&ctx).map(|ctx| ctx["identity"].clone())
        };
        let earlier = with(json!({"identity": {"traits": {"n": 1}}}));
        assert_eq!(earlier, Some(json!({"id": "i", "traits": {"n": 1}, "state": "active"})));
        for session in
            [json!(null), json!({}), json!({"identity": {}}), json!({"identity": {"traits": null}})]
        {
            assert_eq!(with(session.clone()), None, "{session}");
        }
    }
}
