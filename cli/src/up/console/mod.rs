//! The console: one page that tells what happened to each event and can make vendors fail. It
//! watches the functions through their adapters; the functions do not know it.

mod contacts;
mod dead_letters;
mod editor;
mod event;
mod events;
mod feed;
mod guard;
mod in_doubt;
mod mails;
mod page;
mod people;
mod places;
mod reading;
mod retrying;
mod routes;
mod sending;
mod showing;
mod story;
mod telling;
mod watch;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use fakes::{Fault, Shared};
use http::{Request, Response};
use serde_json::Value;
use shared::{clock::Clock, queue::ReceivedMessage};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

pub use people::OryAct;
pub(crate) use watch::{watched_http, watched_log, watched_table};

use self::{
    editor::Draft,
    event::{Answer, Ended, Sent},
    events::Events,
};
use crate::up::{
    local::{Fakes, Functions, LocalQueue, Queues, Service, StackClock},
    samples::{self, Sample},
};

/// The event is not in a state in which this can be done.
#[derive(Debug, thiserror::Error)]
#[error("this cannot be done with the event now")]
pub(crate) struct Unfit;

/// The console of a local stack.
pub(crate) struct Console {
    functions: Functions,
    fakes: Arc<Fakes>,
    queues: Arc<Queues>,
    clock: Arc<StackClock>,
    events: Events,
    faults: Shared<BTreeMap<Service, Fault>>,
    draft: Shared<Option<Draft>>,
}

impl Console {
    /// The console of these functions, fakes and queues.
    pub(crate) fn new(
        functions: Functions,
        fakes: Arc<Fakes>,
        queues: Arc<Queues>,
        clock: Arc<StackClock>,
    ) -> Self {
        let (events, faults, draft) = Default::default();
        Self { functions, fakes, queues, clock, events, faults, draft }
    }

    /// The stack's clock.
    pub(crate) fn clock(&self) -> &StackClock {
        &self.clock
    }

    /// The names of the functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &'static str> {
        self.functions.names()
    }

    /// The samples that can be sent.
    fn samples(&self) -> impl Iterator<Item = &'static Sample> {
        samples::with(self.fakes.relays())
    }

    /// What can have a fault.
    fn services(&self) -> impl Iterator<Item = Service> {
        Service::all(self.fakes.relays())
    }

    /// Calls a function and watches it; `None` if there is none with that name.
    pub(crate) async fn call(
        &self,
        function: &str,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let function = self.functions.names().find(|name| *name == function)?;
        let began = Instant::now();
        let sent = Sent::of(&request);
        let open = |arrival| self.events.begin_request(arrival, self.now(), sent.clone());
        let ids: Vec<_> = reading::read(function, &request).into_iter().map(open).collect();
        let work = self.functions.call(function, request);
        let response = watch::during(&self.events, ids.clone(), work).await?;
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        let took_ms = watch::millis(began.elapsed());
        let answer = Answer { status: response.status().as_u16(), body, took_ms };
        for id in ids {
            self.events.answered(id, answer.clone());
        }
        Some(response)
    }

    /// Lets a function deliver messages of its queue, watches it, and deletes what is delivered.
    pub(crate) async fn deliver(
        &self,
        function: &str,
        queue: &LocalQueue,
        received: Vec<ReceivedMessage>,
    ) {
        let start = Instant::now();
        let begin = |message: &ReceivedMessage| {
            let event_id = reading::event_id(message)?;
            self.events.begin_delivery(function, &event_id, self.now(), message.attempt)
        };
        let ids: Vec<_> = received.iter().map(begin).collect();
        let work = self.functions.deliver(function, received.clone());
        let watched = ids.iter().copied().flatten().collect();
        let kept = watch::during(&self.events, watched, work).await;
        let took_ms = watch::millis(start.elapsed());
        for (message, id) in received.iter().zip(ids) {
            let is_done = !kept.contains(&message.id);
            let until = queue.visible_at(&message.id).filter(|_| !is_done);
            let wait_ms = until.map(|until| watch::millis(self.left_until(until)));
            if let Some(id) = id {
                self.events.delivered(id, Ended { took_ms, wait_ms });
            }
            queue.put_back(&message.id, is_done);
        }
    }

    /// The log entry of the last delivery of an event.
    pub(crate) fn last_delivery(&self, function: &str, event_id: &str) -> Option<Value> {
        Some(self.events.named(function, event_id)?.deliveries.pop()?.work.line)
    }

    fn inject_fault(&self, service: Service, fault: Fault) {
        match service {
            Service::Mandrill => self.fakes.mandrill.inject_fault(fault),
            Service::Segment => self.fakes.segment.inject_fault(fault),
            Service::Mailchimp => self.fakes.mailchimp.inject_fault(fault),
            Service::Ory => self.fakes.ory.inject_fault(fault),
            Service::Queue => self.queues.all().for_each(|(_, queue)| queue.inject_fault(fault)),
            Service::Relayed(relay) => {
                if let Some(vendor) = self.fakes.relayed(relay) {
                    vendor.inject_fault(fault);
                }
            }
        }
        self.faults.lock().insert(service, fault);
        self.events.poke();
    }

    /// What the stack's clock shows.
    fn now(&self) -> String {
        self.clock.now().format(&Rfc3339).unwrap_or_default()
    }

    /// How long until the stack's clock shows this time, without skips.
    fn left_until(&self, until: OffsetDateTime) -> Duration {
        (until - self.clock.now()).try_into().unwrap_or_default()
    }
}

impl Sent {
    fn of(request: &Request<Bytes>) -> Self {
        Self {
            method: request.method().clone(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: request.headers().clone(),
            body: request.body().clone(),
        }
    }

    fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.headers.clone();
        if let Ok(uri) = format!("/?{}", self.query).parse() {
            *request.uri_mut() = uri;
        }
        request
    }
}
