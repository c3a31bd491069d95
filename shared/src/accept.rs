//! Accept, for the functions that Ory calls: envelope, authenticate, decode, reduce, store,
//! reply. Where there is no queue, deliver stands in the place of store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answer::{ErrorResponse, RequestError, for_ory},
    auth::CallerAuth,
    budget::Budget,
    ctx::{Ctx, CtxError, SanitizedCtx, TemplateSettings},
    deliver::Deliver,
    dispatch::Dispatch,
    envelope::{RawEvent, Request},
    key::{EventId, FunctionArn},
    lambda::{Function, Invocation},
    message::Message,
    outcome::Outcome,
    queue::ReceivedMessage,
    reply::{Messages, Reply},
    response::Response,
    secrets::prefetch,
    telemetry::{LogEntry, Metric},
    template::{RENDER_TIMEOUT, RenderError, Template, TemplateFault},
};

/// How long Ory waits for us at most, delivery in line included. Kratos itself would wait 30 s,
/// and the person with it.
pub const ORY_LIMIT: Duration = Duration::from_secs(10);

/// The header that stays the same over Kratos' retries of one webhook (since v25.4.0).
const TRIGGER_ID: &str = "ory-webhook-trigger-id";

/// Looks at an event before its identity is saved, and may stop the flow.
#[async_trait]
pub trait Screen: Send + Sync {
    /// The messages that stop the flow, or nothing. Must let the person pass when in doubt.
    async fn screen(&self, ctx: &SanitizedCtx) -> Option<Messages>;
}

/// A function that Ory calls.
pub struct OryFunction<D> {
    /// Who may call.
    pub auth: CallerAuth,
    /// What stops a flow before the identity is saved.
    pub screen: Option<Arc<dyn Screen>>,
    /// What is replied instead of the status table's rows.
    pub reply_template: Option<Template>,
    /// What the reply template reads beside the event.
    pub template_settings: TemplateSettings,
    /// What becomes of an event.
    pub dispatch: Dispatch<D>,
}

impl From<CtxError> for RequestError {
    fn from(error: CtxError) -> Self {
        Self::new(ErrorResponse::Malformed, &error)
    }
}

impl<D: Deliver<SanitizedCtx>> OryFunction<D> {
    async fn answer(
        &self,
        event: RawEvent,
        invocation: &Invocation,
        entry: &mut LogEntry,
    ) -> Response {
        let budget = Budget::inline(ORY_LIMIT, self.dispatch.clock.now(), invocation.ends);
        match self.take(event).await {
            Ok(message) => self.handle(message, &invocation.arn, &budget, entry).await,
            Err(refused) => {
                refused.describe(entry);
                refused.refusal.for_ory()
            }
        }
    }

    /// From the envelope to the message.
    async fn take(&self, event: RawEvent) -> Result<Message<SanitizedCtx>, RequestError> {
        let request = Request::open(event)?;
        if request.method() != Method::POST {
            return Err(RequestError::method());
        }
        let request = self.auth.authenticate(request.within_size()?).await?;
        let trigger_id = request.header(TRIGGER_ID).and_then(|id| Uuid::try_parse(id).ok());
        let ctx = Ctx::decode(&request.into_body()?)?.sanitize();
        let key = EventId::of_event(trigger_id, ctx.as_value());
        let received_at = self.dispatch.clock.now();
        Ok(Message { trigger_id, ..Message::new(self.dispatch.name, key, received_at, ctx) })
    }

    async fn handle(
        &self,
        message: Message<SanitizedCtx>,
        arn: &FunctionArn,
        budget: &Budget,
        entry: &mut LogEntry,
    ) -> Response {
        entry.count(Metric::Received);
        message.describe(entry);
        if message.event.is_before_save() {
            return self.before_save(&message, entry).await;
        }
        let dispatch = &self.dispatch;
        let outcome = match self.reply_template {
            None => dispatch.enqueue_or_deliver(&message, arn, budget, entry).await,
            // It waits for what comes of the event, and needs its own time, too.
            Some(_) => {
                dispatch
                    .deliver_or_enqueue(&message, arn, &budget.less(RENDER_TIMEOUT), entry)
                    .await
            }
        };
        self.reply(&message, &outcome, entry).await
    }

    /// Nothing that a person can see happens for an identity that is not saved yet: the flow can
    /// still fail.
    async fn before_save(&self, message: &Message<SanitizedCtx>, entry: &mut LogEntry) -> Response {
        if let Some(screen) = &self.screen
            && let Some(messages) = screen.screen(&message.event).await
        {
            entry.outcome = "interrupted";
            entry.cause = Some("screened".to_owned());
            return Response::json(400, messages.body());
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
    ) -> Response {
        let row = for_ory(outcome, &message.event_id);
        let Some(template) = self.reply_template.as_ref().filter(|_| outcome.is_settled()) else {
            return row;
        };
        let ctx = message.event.for_template(&self.template_settings);
        match replied(template, ctx, message, outcome).await {
            Ok(Reply::Nothing) => Response::empty(204),
            Ok(Reply::Identity(identity)) => Response::json(200, json!({ "identity": identity })),
            Ok(Reply::Messages(messages)) => Response::json(400, messages.body()),
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
    ctx: Value,
    message: &Message<SanitizedCtx>,
    outcome: &Outcome,
) -> Result<Reply, TemplateFault> {
    let arguments = vec![("ctx", ctx), ("outcome", outcome.body(&message.event_id))];
    match template.render(arguments).await {
        Ok(result) => Reply::build(&result, &message.event)
            .map_err(|rule| TemplateFault::new(template.name(), rule.name())),
        Err(RenderError::Cancelled) => Ok(Reply::Nothing),
        Err(RenderError::Fault(fault)) => Err(fault),
    }
}

#[async_trait]
impl<D: Deliver<SanitizedCtx>> Function for OryFunction<D> {
    async fn accept(&self, event: RawEvent, invocation: &Invocation) -> Response {
        let unfinished = ErrorResponse::Unfinished.for_ory();
        let answer = async |entry: &mut LogEntry| self.answer(event, invocation, entry).await;
        self.dispatch.event_log.request(ORY_LIMIT, unfinished, answer).await
    }

    async fn deliver(
        &self,
        received: Vec<ReceivedMessage>,
        invocation: &Invocation,
    ) -> Vec<String> {
        self.dispatch.work(received, invocation).await
    }

    async fn warm(&self) -> Result<(), TemplateFault> {
        let mut secrets = self.dispatch.delivery.secrets();
        secrets.push(self.auth.secret());
        prefetch(&secrets).await;
        // Nobody could be answered as they expect, queue or not.
        self.reply_template.as_ref().map_or(Ok(()), Template::check)?;
        self.dispatch.check()
    }

    fn must_end(&self) -> bool {
        self.dispatch.delivery.overran()
            || self.reply_template.as_ref().is_some_and(Template::overran)
    }
}
