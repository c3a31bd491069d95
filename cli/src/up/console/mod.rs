//! The console: one page that shows what happened to each event and can make vendors fail. It
//! watches the functions through their adapters; the functions do not know it.

mod editor;
mod event;
mod events;
mod feed;
mod guard;
mod page;
mod reading;
mod routes;
mod sending;
mod showing;
mod watch;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use fakes::{Fault, Shared};
use http::{Request, Response};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

pub(crate) use watch::watched;

use self::{
    editor::Draft,
    event::{Answer, Sent},
    events::Events,
};
use crate::up::local::{Fakes, Functions, VendorName};

/// The console of a local stack.
pub(crate) struct Console {
    functions: Functions,
    fakes: Arc<Fakes>,
    events: Events,
    faults: Shared<BTreeMap<VendorName, Fault>>,
    draft: Shared<Option<Draft>>,
}

impl Console {
    /// The console of these functions and fakes.
    pub(crate) fn new(functions: Functions, fakes: Arc<Fakes>) -> Self {
        let (events, faults, draft) = Default::default();
        Self { functions, fakes, events, faults, draft }
    }

    /// The names of the functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &'static str> {
        self.functions.names()
    }

    /// Calls a function and watches it; `None` if there is none with that name.
    pub(crate) async fn call(
        &self,
        function: &str,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let function = self.functions.names().find(|name| *name == function)?;
        let began = Instant::now();
        let at = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let arrival = reading::read(function, &request);
        let id = self.events.begin(arrival, at, Sent::of(&request));
        let work = self.functions.call(function, request);
        let response = watch::during(&self.events, id, work).await?;
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        let took_ms = watch::millis(began.elapsed());
        self.events.end(id, Answer { status: response.status().as_u16(), body, took_ms });
        Some(response)
    }

    fn inject_fault(&self, vendor: VendorName, fault: Fault) {
        self.fakes.inject_fault(vendor, fault);
        self.faults.lock().insert(vendor, fault);
        self.events.poke();
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
