//! Deliver: render what the template says of the contact, read the contact, write what it lacks.

use std::sync::Arc;

use async_trait::async_trait;
use shared::{
    ctx::{SanitizedCtx, TemplateSettings},
    deliver::{
        Api as _, Attempt, Deliver, DeliveryReport, Effort, InvalidOutput, Resources, VendorClient,
        render,
    },
    outcome::Outcome,
    template::Template,
};

use crate::{
    client::{Call, Crm},
    contact::Contact,
    outcome,
};

/// Delivers Ory's events to the CRM.
pub(crate) struct ContactDelivery {
    pub(crate) template: Arc<Template>,
    pub(crate) client: VendorClient<Crm>,
}

impl ContactDelivery {
    /// What it needs before the first event.
    pub(crate) fn resources(&self) -> Resources {
        Resources {
            template: self.template.clone(),
            keys: vec![self.client.key.clone()],
            peers: self.client.vendor.peer().into_iter().collect(),
        }
    }

    async fn contact(&self, attempt: &Attempt<'_, SanitizedCtx>) -> Result<Contact, Outcome> {
        let message = attempt.message;
        let ctx = message.event.for_template(&TemplateSettings::default());
        let (rendered, _) = render(&self.template, ctx, &message.event_id).await?;
        Contact::read(&rendered).map_err(|rule| InvalidOutput::Rule(rule).outcome(&self.template))
    }

    async fn write(
        &self,
        attempt: &Attempt<'_, SanitizedCtx>,
        effort: &mut Effort,
    ) -> Result<Outcome, Outcome> {
        let contact = self.contact(attempt).await?;
        let names = contact.properties.keys().cloned().collect();
        let find = Call::Find(contact.email.clone(), names);
        let budget = &attempt.budget;
        let known = self.client.call(&|| true, &find, outcome::found, budget, effort).await?;
        let Some(call) = contact.missing(known) else {
            return Ok(Outcome::Skipped { reason: "the CRM lacks nothing" });
        };
        self.client.call(&|| true, &call, outcome::written, budget, effort).await
    }
}

#[async_trait]
impl Deliver<SanitizedCtx> for ContactDelivery {
    async fn deliver(&self, attempt: &Attempt<'_, SanitizedCtx>) -> DeliveryReport {
        let mut effort = Effort::default();
        let (Ok(outcome) | Err(outcome)) = self.write(attempt, &mut effort).await;
        DeliveryReport::of_calls(outcome, effort)
    }
}
