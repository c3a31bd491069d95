//! A function, independent of where it runs: it accepts the calls of its URL, and delivers the
//! messages of its queue.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;
use time::OffsetDateTime;

use crate::{
    answer::WebhookResponse,
    budget::Budget,
    deliver::{Deliver, Dispatch, Resources},
    envelope::RawEvent,
    http::{Peer, connect},
    key::FunctionArn,
    message::QueuedEvent,
    queue::ReceivedMessage,
    secrets::{Cached, prefetch},
    telemetry::LogEntry,
    template::{Template, TemplateFault},
};

/// What Lambda says about one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function's ARN.
    pub arn: FunctionArn,
    /// When Lambda ends the invocation, at the latest.
    pub ends: OffsetDateTime,
}

/// A function, independent of where it runs.
#[async_trait]
pub trait Function: Send + Sync {
    /// Answers any call of its URL; a panic does not leave this function.
    async fn accept(&self, event: RawEvent, invocation: &Invocation) -> WebhookResponse;

    /// Delivers messages from its queue; returns the ids of those that stay there.
    async fn deliver(&self, received: Vec<ReceivedMessage>, invocation: &Invocation)
    -> Vec<String>;

    /// Fetches in advance what every call needs, connects to what the first one will call, and waits
    /// until the templates are ready.
    ///
    /// # Errors
    /// A template that does not parse, if that stops the start.
    async fn warm(&self) -> Result<(), TemplateFault>;

    /// Whether the process should end after its answer.
    fn must_end(&self) -> bool;
}

/// Accepts the calls of one kind of caller: checks them, dispatches their events, and answers.
#[async_trait]
pub trait Accept: Send + Sync {
    /// The content of the calls.
    type Event: QueuedEvent;

    /// How long the caller waits.
    const LIMIT: Duration;

    /// The answer to a call that has none of its own in time.
    fn unfinished(&self) -> WebhookResponse;

    /// Answers one call.
    async fn answer<D: Deliver<Self::Event>>(
        &self,
        event: RawEvent,
        invocation: &Invocation,
        dispatch: &Dispatch<D>,
        entry: &mut LogEntry,
    ) -> WebhookResponse;

    /// The secrets that callers present.
    fn secrets(&self) -> Vec<&Cached>;

    /// The reply template, if there is one.
    fn template(&self) -> Option<&Template> {
        None
    }
}

/// The function behind a webhook: `A` accepts its calls, and `D` delivers their events.
pub struct Webhook<A, D> {
    /// How calls are accepted.
    pub accept: A,
    /// What delivery needs before the first event.
    pub resources: Resources,
    /// The way from accept to deliver.
    pub dispatch: Dispatch<D>,
}

impl<A: Accept, D> Webhook<A, D> {
    /// The servers that the first event will call. With a queue it is enqueued, and the delivery
    /// comes later, maybe in another sandbox; but a reply template tells of the delivery, which
    /// then comes first.
    fn first_peers(&self) -> Vec<Peer> {
        let queue = self.dispatch.queue.as_ref();
        let is_only_enqueued = queue.is_some() && self.accept.template().is_none();
        let delivery = if is_only_enqueued { &[][..] } else { &self.resources.peers };
        let queue = queue.and_then(|queue| queue.peer());
        queue.into_iter().chain(delivery.iter().cloned()).collect()
    }
}

#[async_trait]
impl<A: Accept, D: Deliver<A::Event>> Function for Webhook<A, D> {
    async fn accept(&self, event: RawEvent, invocation: &Invocation) -> WebhookResponse {
        let answer = async |entry: &mut LogEntry| {
            self.accept.answer(event, invocation, &self.dispatch, entry).await
        };
        self.dispatch.event_log.request(A::LIMIT, self.accept.unfinished(), answer).await
    }

    async fn deliver(
        &self,
        received: Vec<ReceivedMessage>,
        invocation: &Invocation,
    ) -> Vec<String> {
        let budget = Budget::of_invocation(self.dispatch.clock.now(), invocation.ends);
        self.dispatch.deliver_received(received, &invocation.arn, &budget).await
    }

    /// A delivery template that does not parse stops the start of a function without a queue; one
    /// with a queue logs it, and goes on enqueuing events. A reply template always stops it: no
    /// caller would get the expected answer.
    async fn warm(&self) -> Result<(), TemplateFault> {
        let mut secrets = self.resources.secrets();
        secrets.extend(self.accept.secrets());
        join(prefetch(&secrets), connect(&self.first_peers())).await;
        self.accept.template().map_or(Ok(()), Template::check)?;
        match self.resources.template.check() {
            Err(fault) if self.dispatch.queue.is_some() => {
                self.dispatch.event_log.write(&LogEntry::for_broken_template(&fault));
                Ok(())
            }
            checked => checked,
        }
    }

    fn must_end(&self) -> bool {
        self.resources.template.overran() || self.accept.template().is_some_and(Template::overran)
    }
}
