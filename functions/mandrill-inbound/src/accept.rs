//! Accept, for Mandrill's calls: envelope, authenticate, decode, enqueue all, reply.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde_json::json;
use shared::{
    answer::{ErrorResponse, RequestError, WebhookResponse},
    budget::Budget,
    deliver::{Deliver, Dispatch},
    envelope::{RawEvent, WebhookRequest},
    function::{Accept, Invocation},
    message::Message,
    secrets::Cached,
    telemetry::{LogEntry, Metric},
};

use crate::{
    event::{self, Events, EventsError, MailEvent},
    form::{Form, TooManyFields},
    signature::{self, Signatures},
};

/// How long a call may take. Mandrill tries again in 15 minutes at the earliest.
pub const MANDRILL_LIMIT: Duration = Duration::from_secs(10);

/// The largest body, in bytes: Lambda's own limit. A call has up to 1,000 events.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// HEAD comes when a webhook is made.
const METHODS: &str = "HEAD, POST";

/// Accepts Mandrill's calls.
pub(crate) struct AcceptMandrill {
    pub(crate) signatures: Signatures,
}

/// The kind of a call.
enum Taken {
    /// It only asks whether the URL exists.
    Check,
    /// Events.
    Events(Events),
}

#[async_trait]
impl Accept for AcceptMandrill {
    type Event = MailEvent;

    const LIMIT: Duration = MANDRILL_LIMIT;

    fn unfinished(&self) -> WebhookResponse {
        refused(ErrorResponse::Unfinished)
    }

    async fn answer<D: Deliver<MailEvent>>(
        &self,
        event: RawEvent,
        invocation: &Invocation,
        dispatch: &Dispatch<D>,
        entry: &mut LogEntry,
    ) -> WebhookResponse {
        let budget = Budget::inline(MANDRILL_LIMIT, dispatch.clock.now(), invocation.ends);
        match self.take(event).await {
            Ok(Taken::Check) => {
                entry.outcome = "validated";
                WebhookResponse::empty(200)
            }
            Ok(Taken::Events(events)) => store(events, &budget, dispatch, entry).await,
            Err(error) => {
                error.describe(entry);
                refused(error.refusal)
            }
        }
    }

    fn secrets(&self) -> Vec<&Cached> {
        vec![self.signatures.secret.secret()]
    }
}

impl AcceptMandrill {
    /// From the envelope to the events. The signature is over the form, so that is decoded before, and
    /// the JSON in it only after.
    async fn take(&self, event: RawEvent) -> Result<Taken, RequestError> {
        let request = WebhookRequest::open_up_to(event, MAX_BODY_BYTES)?;
        match *request.method() {
            Method::HEAD => return Ok(Taken::Check),
            Method::POST => {}
            _ => return Err(RequestError::method()),
        }
        let signature = request.header(signature::HEADER).next().map(str::to_owned);
        let form = Form::decode(&request.within_size()?.into_unverified_body()?)?;
        // Signed with a key that everybody knows, before there is one of its own.
        if form.is_test() {
            return Ok(Taken::Check);
        }
        self.signatures.check(signature.as_deref(), &form).await?;
        Ok(Taken::Events(event::read(form.events().unwrap_or_default())?))
    }
}

/// Stores all events, or fails: Mandrill then sends them all again, and what was stored is recognized by
/// its event id.
async fn store<D>(
    events: Events,
    budget: &Budget,
    dispatch: &Dispatch<D>,
    entry: &mut LogEntry,
) -> WebhookResponse {
    let Events { stored, skipped } = events;
    let message = |event: MailEvent| dispatch.message(event.event_id(), event);
    let messages: Vec<Message<MailEvent>> = stored.into_iter().map(message).collect();
    entry.count_times(Metric::Received, messages.len() + skipped);
    entry.count_times(Metric::Skipped, skipped);
    if let [only] = messages.as_slice() {
        only.describe(entry);
    }
    match dispatch.enqueue_all(&messages, budget.left()).await {
        Ok(()) if messages.is_empty() => {
            entry.outcome = "skipped";
            let reason = "no event that is needed";
            WebhookResponse::json(200, json!({"status": "skipped", "reason": reason}))
        }
        Ok(()) => {
            entry.outcome = "accepted";
            entry.count_times(Metric::Enqueued, messages.len());
            let id = messages.first().map(|message| message.event_id.as_str());
            let body = json!({"status": "accepted", "id": id, "events": messages.len()});
            WebhookResponse::json(200, body)
        }
        Err(error) => {
            let unfinished = RequestError::new(ErrorResponse::Unfinished, &error);
            unfinished.describe(entry);
            refused(unfinished.refusal)
        }
    }
}

fn refused(refusal: ErrorResponse) -> WebhookResponse {
    let allow = (refusal == ErrorResponse::Method).then_some(METHODS);
    let body = json!({"status": "error", "reason": refusal.word()});
    WebhookResponse { allow, ..WebhookResponse::json(refusal.status(), body) }
}

impl From<TooManyFields> for RequestError {
    fn from(error: TooManyFields) -> Self {
        Self::new(ErrorResponse::Malformed, &error)
    }
}

impl From<EventsError> for RequestError {
    fn from(error: EventsError) -> Self {
        Self::new(ErrorResponse::Malformed, &error)
    }
}
