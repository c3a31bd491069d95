//! Accept, for the functions that Ory calls: envelope, authenticate, decode, reduce, store,
//! reply. Where there is no queue, deliver stands in the place of store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    answer::{Refusal, Refused, for_ory},
    auth::CallerAuth,
    budget::Budget,
    ctx::{Ctx, CtxError, Reduced},
    deliver::Deliver,
    dispatch::Dispatch,
    envelope::{RawEvent, Request},
    journal::{Line, Metric},
    key::{FunctionArn, Key},
    lambda::{Function, Invocation},
    message::Message,
    outcome::Outcome,
    queue::Received,
    reply::{Messages, Reply},
    response::Response,
    secrets::prefetch,
    template::{Fault, RenderError, TIME_LIMIT, Template},
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
    async fn screen(&self, ctx: &Reduced) -> Option<Messages>;
}

/// A function that Ory calls.
pub struct OryFunction<D> {
    /// Who may call.
    pub auth: CallerAuth,
    /// What stops a flow before the identity is saved.
    pub screen: Option<Arc<dyn Screen>>,
    /// What is replied instead of the status table's rows.
    pub reply_template: Option<Template>,
    /// What becomes of an event.
    pub dispatch: Dispatch<D>,
}

impl From<CtxError> for Refused {
    fn from(error: CtxError) -> Self {
        Self::new(Refusal::Malformed, &error)
    }
}

impl<D: Deliver<Reduced>> OryFunction<D> {
    async fn answer(&self, event: RawEvent, invocation: &Invocation, line: &mut Line) -> Response {
        let budget = Budget::in_line(ORY_LIMIT, self.dispatch.clock.now(), invocation.ends);
        match self.take(event).await {
            Ok(message) => self.handle(message, &invocation.arn, &budget, line).await,
            Err(refused) => {
                refused.describe(line);
                refused.refusal.for_ory()
            }
        }
    }

    /// From the envelope to the message.
    async fn take(&self, event: RawEvent) -> Result<Message<Reduced>, Refused> {
        let request = Request::open(event)?;
        if request.method() != Method::POST {
            return Err(Refused::method());
        }
        let request = self.auth.authenticate(request.within_size()?).await?;
        let trigger_id = request.header(TRIGGER_ID).and_then(|id| Uuid::try_parse(id).ok());
        let ctx = Ctx::decode(&request.into_body()?)?.reduce();
        let key = Key::of_event(trigger_id, ctx.as_value());
        let received_at = self.dispatch.clock.now();
        Ok(Message { trigger_id, ..Message::new(self.dispatch.name, key, received_at, ctx) })
    }

    async fn handle(
        &self,
        message: Message<Reduced>,
        arn: &FunctionArn,
        budget: &Budget,
        line: &mut Line,
    ) -> Response {
        line.count(Metric::Accepted);
        message.describe(line);
        if message.event.is_before_save() {
            return self.before_save(&message, line).await;
        }
        let dispatch = &self.dispatch;
        let outcome = match self.reply_template {
            None => dispatch.store_or_deliver(&message, arn, budget, line).await,
            // It waits for what comes of the event, and needs its own time, too.
            Some(_) => {
                dispatch.deliver_or_store(&message, arn, &budget.less(TIME_LIMIT), line).await
            }
        };
        self.reply(&message, &outcome, line).await
    }

    /// Nothing that a person can see happens for an identity that is not saved yet: the flow can
    /// still fail.
    async fn before_save(&self, message: &Message<Reduced>, line: &mut Line) -> Response {
        if let Some(screen) = &self.screen
            && let Some(messages) = screen.screen(&message.event).await
        {
            line.outcome = "interrupted";
            line.cause = Some("screened".to_owned());
            return Response::json(400, messages.body());
        }
        let outcome = Outcome::Skipped { reason: "before_save" };
        outcome.describe(line);
        self.reply(message, &outcome, line).await
    }

    /// The reply template's answer, where there is one and the event is done or skipped;
    /// otherwise the event's own row of the status table.
    async fn reply(
        &self,
        message: &Message<Reduced>,
        outcome: &Outcome,
        line: &mut Line,
    ) -> Response {
        let row = for_ory(outcome, &message.key);
        let Some(template) = self.reply_template.as_ref().filter(|_| outcome.is_settled()) else {
            return row;
        };
        match replied(template, message, outcome).await {
            Ok(Reply::Nothing) => Response::empty(204),
            Ok(Reply::Identity(identity)) => Response::json(200, json!({ "identity": identity })),
            Ok(Reply::Messages(messages)) => Response::json(400, messages.body()),
            Err(fault) => {
                line.count(Metric::TemplateFault);
                line.cause = Some(fault.to_string());
                if message.event.is_before_save() { Refusal::Template.for_ory() } else { row }
            }
        }
    }
}

async fn replied(
    template: &Template,
    message: &Message<Reduced>,
    outcome: &Outcome,
) -> Result<Reply, Fault> {
    let arguments =
        vec![("ctx", message.event.for_template()), ("outcome", outcome.body(&message.key))];
    match template.render(arguments).await {
        Ok(result) => Reply::build(&result, &message.event)
            .map_err(|rule| Fault::new(template.name(), rule.name())),
        Err(RenderError::Cancelled) => Ok(Reply::Nothing),
        Err(RenderError::Fault(fault)) => Err(fault),
    }
}

#[async_trait]
impl<D: Deliver<Reduced>> Function for OryFunction<D> {
    async fn accept(&self, event: RawEvent, invocation: &Invocation) -> Response {
        let unfinished = Refusal::Unfinished.for_ory();
        let answer = async |line: &mut Line| self.answer(event, invocation, line).await;
        self.dispatch.journal.request(ORY_LIMIT, unfinished, answer).await
    }

    async fn deliver(&self, received: Vec<Received>, invocation: &Invocation) -> Vec<String> {
        self.dispatch.work(received, invocation).await
    }

    async fn warm(&self) -> Result<(), Fault> {
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
