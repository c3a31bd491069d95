//! Accept, for the functions that Ory calls: envelope, authenticate, decode, sanitize, enqueue,
//! reply. Without a queue, deliver takes the place of enqueue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    answer::WebhookResponse,
    answer::{ErrorResponse, RequestError, for_ory},
    auth::CallerAuth,
    budget::Budget,
    ctx::{Ctx, CtxError, SanitizedCtx, TemplateSettings},
    deliver::{Attempt, Deliver, Dispatch},
    envelope::{RawEvent, WebhookRequest},
    function::{Accept, Invocation},
    key::EventId,
    message::Message,
    outcome::Outcome,
    reply::{Messages, Reply},
    secrets::Cached,
    telemetry::{LogEntry, Metric},
    template::{Input, RENDER_TIMEOUT, RenderError, Template, TemplateFault},
};

/// How long Ory waits for us at most, inline delivery included. Kratos itself would wait 30 s, and
/// so would the person.
pub const ORY_LIMIT: Duration = Duration::from_secs(10);

/// The header that stays the same over Kratos' retries of one webhook (since v25.4.0).
const TRIGGER_ID: &str = "ory-webhook-trigger-id";

/// Looks at an event before its identity is saved, and may stop the flow.
#[async_trait]
pub trait Screen: Send + Sync {
    /// The messages that stop the flow, or nothing. Must let the person pass when uncertain.
    async fn screen(&self, ctx: &SanitizedCtx) -> Option<Messages>;
}

/// Accepts Ory's calls.
pub struct AcceptOry {
    /// Who may call.
    pub auth: CallerAuth,
    /// What stops a flow before the identity is saved.
    pub screen: Option<Arc<dyn Screen>>,
    /// Replaces rows of the status table in the answer.
    pub reply_template: Option<Arc<Template>>,
    /// What the reply template reads besides the event.
    pub template_settings: TemplateSettings,
}

impl From<CtxError> for RequestError {
    fn from(error: CtxError) -> Self {
        Self::new(ErrorResponse::Malformed, &error)
    }
}

#[async_trait]
impl Accept for AcceptOry {
    type Event = SanitizedCtx;

    const LIMIT: Duration = ORY_LIMIT;

    fn unfinished(&self) -> WebhookResponse {
        ErrorResponse::Unfinished.for_ory()
    }

    async fn answer<D: Deliver<SanitizedCtx>>(
        &self,
        event: RawEvent,
        invocation: &Invocation,
        dispatch: &Dispatch<D>,
        entry: &mut LogEntry,
    ) -> WebhookResponse {
        let budget = Budget::inline(ORY_LIMIT, dispatch.clock.now(), invocation.ends);
        let message = match self.take(event, dispatch).await {
            Ok(message) => message,
            Err(refused) => {
                refused.describe(entry);
                return refused.refusal.for_ory();
            }
        };
        entry.count(Metric::Received);
        message.describe(entry);
        if message.event.is_before_save() {
            return self.before_save(&message, entry).await;
        }
        let attempt = Attempt { message: &message, arn: &invocation.arn, budget };
        let outcome = if self.reply_template.is_some() {
            // The reply template waits for the outcome, and needs time of its own.
            let attempt = Attempt { budget: budget.less(RENDER_TIMEOUT), ..attempt };
            dispatch.deliver_or_enqueue(&attempt, entry).await
        } else {
            dispatch.enqueue_or_deliver(&attempt, entry).await
        };
        self.reply(&message, &outcome, entry).await
    }

    fn secrets(&self) -> Vec<&Cached> {
        vec![self.auth.secret()]
    }

    fn template(&self) -> Option<&Template> {
        self.reply_template.as_deref()
    }
}

impl AcceptOry {
    /// From the envelope to the message.
    async fn take<D>(
        &self,
        event: RawEvent,
        dispatch: &Dispatch<D>,
    ) -> Result<Message<SanitizedCtx>, RequestError> {
        let request = WebhookRequest::open(event)?;
        if request.method() != Method::POST {
            return Err(RequestError::method());
        }
        let request = self.auth.authenticate(request.within_size()?).await?;
        let trigger_id = request.header(TRIGGER_ID).and_then(|id| Uuid::try_parse(id).ok());
        let ctx = Ctx::decode(&request.into_body()?)?.sanitize();
        let event_id = EventId::of_event(trigger_id, ctx.as_value());
        Ok(Message { trigger_id, ..dispatch.message(event_id, ctx) })
    }

    /// For an identity that is not saved yet, do nothing that a person can see: the flow can still
    /// fail.
    async fn before_save(
        &self,
        message: &Message<SanitizedCtx>,
        entry: &mut LogEntry,
    ) -> WebhookResponse {
        if let Some(screen) = &self.screen
            && let Some(messages) = screen.screen(&message.event).await
        {
            entry.outcome = "interrupted";
            entry.cause = Some("screened".to_owned());
            return WebhookResponse::json(400, messages.body());
        }
        let outcome = Outcome::Skipped { reason: "before_save" };
        outcome.describe(entry);
        self.reply(message, &outcome, entry).await
    }

    /// The reply template's answer, where there is one and the event is done or skipped;
    /// otherwise the event's own row of the status table.
    async fn reply(
        &self,
        message: &Message<SanitizedCtx>,
        outcome: &Outcome,
        entry: &mut LogEntry,
    ) -> WebhookResponse {
        let row = for_ory(outcome, &message.event_id);
        let Some(template) = self.reply_template.as_deref().filter(|_| outcome.is_settled()) else {
            return row;
        };
        let ctx = message.event.shared_with_template(&self.template_settings);
        match replied(template, ctx, message, outcome).await {
            Ok(Reply::Nothing) => WebhookResponse::empty(204),
            Ok(Reply::Identity(identity)) => {
                WebhookResponse::json(200, json!({ "identity": identity }))
            }
            Ok(Reply::Messages(messages)) => WebhookResponse::json(400, messages.body()),
            Err(fault) => {
                entry.count(Metric::TemplateFault);
                entry.cause = Some(fault.to_string());
                if message.event.is_before_save() { ErrorResponse::Template.for_ory() } else { row }
            }
        }
    }
}

async fn replied(
    template: &Template,
    ctx: Input,
    message: &Message<SanitizedCtx>,
    outcome: &Outcome,
) -> Result<Reply, TemplateFault> {
    let arguments = vec![("ctx", ctx), ("outcome", outcome.body(&message.event_id).into())];
    match template.render(arguments).await {
        Ok(result) => Reply::build(&result, &message.event)
            .map_err(|rule| TemplateFault::new(template.name(), rule.name())),
        Err(RenderError::Cancelled) => Ok(Reply::Nothing),
        Err(RenderError::Fault(fault)) => Err(fault),
    }
}
