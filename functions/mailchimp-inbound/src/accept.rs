//! Accept, for Mailchimp's calls: envelope, authenticate, decode, store, reply.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde_json::json;
use shared::{
    answer::{ErrorResponse, RequestError},
    auth::CallerAuth,
    budget::Budget,
    deliver::Deliver,
    dispatch::Dispatch,
    envelope::{RawEvent, Request},
    key::{EventId, FunctionArn},
    lambda::{Function, Invocation},
    message::Message,
    outcome::Outcome,
    queue::ReceivedMessage,
    response::Response,
    secrets::prefetch,
    telemetry::{LogEntry, Metric},
    template::TemplateFault,
};

use crate::{
    config::Lists,
    deliver::Inbound,
    event::{self, Decoded, Event, EventError},
    form::{self, FormError},
    signature::{self, Signatures},
};

/// Mailchimp gives up after 10 s; the answer needs a while to reach it.
pub const MAILCHIMP_LIMIT: Duration = Duration::from_secs(8);

/// GET and HEAD are the validator, which Mailchimp sends when a webhook is made or edited.
const METHODS: &str = "GET, HEAD, POST";

/// The function that Mailchimp calls.
pub(crate) struct MailchimpInbound {
    pub(crate) auth: CallerAuth,
    pub(crate) signatures: Option<Signatures>,
    pub(crate) lists: Lists,
    pub(crate) dispatch: Dispatch<Inbound>,
}

/// What a call turned out to be.
enum Taken {
    /// The validator, who is told nothing but that somebody is here.
    Validator,
    /// An event that is none of ours.
    Skipped(Skipped),
    /// An event.
    Event(Box<Message<Event>>),
}

/// Why an event is none of ours.
struct Skipped {
    reason: &'static str,
    /// More for the log.
    detail: Option<String>,
    /// What is counted besides.
    metric: Option<Metric>,
}

impl Skipped {
    fn because(reason: &'static str) -> Self {
        Self { reason, detail: None, metric: None }
    }
}

impl MailchimpInbound {
    async fn answer(
        &self,
        event: RawEvent,
        invocation: &Invocation,
        entry: &mut LogEntry,
    ) -> Response {
        let budget = Budget::inline(MAILCHIMP_LIMIT, self.dispatch.clock.now(), invocation.ends);
        match self.take(event).await {
            Ok(Taken::Validator) => {
                entry.outcome = "validated";
                Response::empty(200)
            }
            Ok(Taken::Skipped(Skipped { reason, detail, metric })) => {
                entry.count(Metric::Received);
                if let Some(metric) = metric {
                    entry.count(metric);
                }
                Outcome::Skipped { reason }.describe(entry);
                entry.cause = detail.or(entry.cause.take());
                Response::json(200, json!({"status": "skipped", "reason": reason}))
            }
            Ok(Taken::Event(message)) => {
                self.handle(&message, &invocation.arn, &budget, entry).await
            }
            Err(refused) => {
                refused.describe(entry);
                answer_refused(refused.refusal)
            }
        }
    }

    /// From the envelope to the message.
    async fn take(&self, event: RawEvent) -> Result<Taken, RequestError> {
        let request = Request::open(event)?;
        match *request.method() {
            Method::GET | Method::HEAD => return Ok(Taken::Validator),
            Method::POST => {}
            _ => return Err(RequestError::method()),
        }
        let request = self.auth.authenticate(request.within_size()?).await?;
        let signature = request.header(signature::HEADER).map(str::to_owned);
        let body = request.into_body()?;
        if let Some(signatures) = &self.signatures {
            signatures.check(signature.as_deref(), &body).await?;
        }
        let event = match event::read(&form::decode(&body)?)? {
            Decoded::Unknown { kind } => {
                let detail = Some(format!("unknown type: {kind}"));
                return Ok(Taken::Skipped(Skipped { detail, ..Skipped::because("unknown type") }));
            }
            Decoded::Event(event) => event,
        };
        if !self.lists.admit(event.list_id()) {
            let metric = Some(Metric::ListNotAccepted);
            return Ok(Taken::Skipped(Skipped { metric, ..Skipped::because("list not accepted") }));
        }
        if event.is_forgotten() {
            return Ok(Taken::Skipped(Skipped::because("forgotten address")));
        }
        // Mailchimp gives its deliveries no id; a repeated one has the same bytes.
        let key = EventId::digest(&body);
        let message = Message::new(crate::NAME, key, self.dispatch.clock.now(), event);
        Ok(Taken::Event(Box::new(message)))
    }

    async fn handle(
        &self,
        message: &Message<Event>,
        arn: &FunctionArn,
        budget: &Budget,
        entry: &mut LogEntry,
    ) -> Response {
        entry.count(Metric::Received);
        message.describe(entry);
        let outcome = self.dispatch.enqueue_or_deliver(message, arn, budget, entry).await;
        answer(&outcome, &message.event_id)
    }
}

/// The status table, for Mailchimp. It tries again after anything but 200, for 75 minutes; and
/// 410, which would switch the webhook off, is never answered.
fn answer(outcome: &Outcome, key: &EventId) -> Response {
    match outcome {
        Outcome::Delivered { .. }
        | Outcome::Duplicate
        | Outcome::Rejected { .. }
        | Outcome::Accepted
        | Outcome::Skipped { .. } => Response::json(200, outcome.body(key)),
        Outcome::TemplateFault(_) => error(500, ErrorResponse::Template),
        Outcome::TryLater { .. } | Outcome::Blocked(_) | Outcome::InDoubt { .. } => {
            answer_refused(ErrorResponse::Unfinished)
        }
    }
}

fn answer_refused(refusal: ErrorResponse) -> Response {
    let allow = (refusal == ErrorResponse::Method).then_some(METHODS);
    Response { allow, ..error(refusal.status(), refusal) }
}

fn error(status: u16, refusal: ErrorResponse) -> Response {
    Response::json(status, json!({"status": "error", "reason": refusal.word()}))
}

impl From<FormError> for RequestError {
    fn from(error: FormError) -> Self {
        Self::new(ErrorResponse::Malformed, &error)
    }
}

impl From<EventError> for RequestError {
    fn from(error: EventError) -> Self {
        Self::new(ErrorResponse::Malformed, &error)
    }
}

#[async_trait]
impl Function for MailchimpInbound {
    async fn accept(&self, event: RawEvent, invocation: &Invocation) -> Response {
        let unfinished = answer_refused(ErrorResponse::Unfinished);
        let answer = async |entry: &mut LogEntry| self.answer(event, invocation, entry).await;
        self.dispatch.event_log.request(MAILCHIMP_LIMIT, unfinished, answer).await
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
        secrets.extend(self.signatures.as_ref().map(|signatures| signatures.secret.secret()));
        prefetch(&secrets).await;
        self.dispatch.check()
    }

    fn must_end(&self) -> bool {
        self.dispatch.delivery.overran()
    }
}
