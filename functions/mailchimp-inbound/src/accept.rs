//! Accept, for Mailchimp's calls: envelope, authenticate, decode, enqueue, reply.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde_json::json;
use shared::{
    answer::WebhookResponse,
    answer::{ErrorResponse, RequestError},
    auth::CallerAuth,
    budget::Budget,
    deliver::{Attempt, Deliver, Dispatch},
    envelope::{RawEvent, WebhookRequest},
    function::{Accept, Invocation},
    key::EventId,
    message::Message,
    outcome::Outcome,
    secrets::Cached,
    telemetry::{LogEntry, Metric},
};

use crate::{
    config::Lists,
    event::{self, Decoded, Event, EventError},
    form::{self, FormError},
    signature::{self, Signatures},
};

/// Mailchimp gives up after 10 s; the answer needs some time to arrive.
pub const MAILCHIMP_LIMIT: Duration = Duration::from_secs(8);

/// GET and HEAD come from the validator, which Mailchimp sends when a webhook is made or edited.
const METHODS: &str = "GET, HEAD, POST";

/// Accepts Mailchimp's calls.
pub(crate) struct AcceptMailchimp {
    pub(crate) auth: CallerAuth,
    pub(crate) signatures: Option<Signatures>,
    pub(crate) lists: Lists,
}

/// The kind of a call.
enum Taken {
    /// The validator; the answer only shows that the URL exists.
    Validator,
    /// An event that this function ignores.
    Skipped(Skipped),
    /// An event.
    Event(Box<Message<Event>>),
}

/// Why an event is ignored.
struct Skipped {
    reason: &'static str,
    /// More for the log.
    detail: Option<String>,
    /// What is counted as well.
    metric: Option<Metric>,
}

impl Skipped {
    fn because(reason: &'static str) -> Self {
        Self { reason, detail: None, metric: None }
    }
}

#[async_trait]
impl Accept for AcceptMailchimp {
    type Event = Event;

    const LIMIT: Duration = MAILCHIMP_LIMIT;

    fn unfinished(&self) -> WebhookResponse {
        answer_refused(ErrorResponse::Unfinished)
    }

    async fn answer<D: Deliver<Event>>(
        &self,
        event: RawEvent,
        invocation: &Invocation,
        dispatch: &Dispatch<D>,
        entry: &mut LogEntry,
    ) -> WebhookResponse {
        let budget = Budget::inline(MAILCHIMP_LIMIT, dispatch.clock.now(), invocation.ends);
        match self.take(event, dispatch).await {
            Ok(Taken::Validator) => {
                entry.outcome = "validated";
                WebhookResponse::empty(200)
            }
            Ok(Taken::Skipped(Skipped { reason, detail, metric })) => {
                entry.count(Metric::Received);
                if let Some(metric) = metric {
                    entry.count(metric);
                }
                Outcome::Skipped { reason }.describe(entry);
                entry.cause = detail.or(entry.cause.take());
                WebhookResponse::json(200, json!({"status": "skipped", "reason": reason}))
            }
            Ok(Taken::Event(message)) => {
                entry.count(Metric::Received);
                message.describe(entry);
                let attempt = Attempt { message: &message, arn: &invocation.arn, budget };
                let outcome = dispatch.enqueue_or_deliver(&attempt, entry).await;
                answer(&outcome, &message.event_id)
            }
            Err(refused) => {
                refused.describe(entry);
                answer_refused(refused.refusal)
            }
        }
    }

    fn secrets(&self) -> Vec<&Cached> {
        let signatures = self.signatures.as_ref().map(|signatures| signatures.secret.secret());
        signatures.into_iter().chain([self.auth.secret()]).collect()
    }
}

impl AcceptMailchimp {
    /// From the envelope to the message.
    async fn take<D>(
        &self,
        event: RawEvent,
        dispatch: &Dispatch<D>,
    ) -> Result<Taken, RequestError> {
        let request = WebhookRequest::open(event)?;
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
        Ok(Taken::Event(Box::new(dispatch.message(key, event))))
    }
}

/// The status table, for Mailchimp. It tries again after anything but 200, for 75 minutes; and
/// 410, which would switch the webhook off, is never answered.
fn answer(outcome: &Outcome, key: &EventId) -> WebhookResponse {
    match outcome {
        Outcome::Delivered { .. }
        | Outcome::Duplicate
        | Outcome::Rejected { .. }
        | Outcome::Accepted
        | Outcome::Skipped { .. } => WebhookResponse::json(200, outcome.body(key)),
        Outcome::TemplateFault(_) => error(500, ErrorResponse::Template),
        Outcome::TryLater { .. } | Outcome::Blocked(_) | Outcome::InDoubt { .. } => {
            answer_refused(ErrorResponse::Unfinished)
        }
    }
}

fn answer_refused(refusal: ErrorResponse) -> WebhookResponse {
    let allow = (refusal == ErrorResponse::Method).then_some(METHODS);
    WebhookResponse { allow, ..error(refusal.status(), refusal) }
}

fn error(status: u16, refusal: ErrorResponse) -> WebhookResponse {
    WebhookResponse::json(status, json!({"status": "error", "reason": refusal.word()}))
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
