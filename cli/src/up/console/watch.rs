//! Watches a function: its adapters report each step to the work whose task they run on. The
//! function itself does not know it.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use shared::{
    http::{Client, Error, Http, Request, Response},
    idempotency::{
        Acquire, Completion, Entry, IdempotencyStore, InLane, LaneRecord, Lease, LeaseRequest,
        MemoryStore, State, StoreError, Written,
    },
    settings::Opener,
    telemetry::{Sink, chain},
};
use time::OffsetDateTime;
use tokio::{task_local, time::Instant};

use super::{
    event::{Call, Reply, Step},
    events::{Events, WorkId},
};
use crate::up::local::{Fakes, Service};

task_local! {
    static WORK: (Events, Vec<WorkId>);
}

/// Does `work` as part of a request, or of the deliveries of a batch.
pub(super) async fn during<T>(
    events: &Events,
    ids: Vec<WorkId>,
    work: impl Future<Output = T>,
) -> T {
    WORK.scope((events.clone(), ids), work).await
}

/// A client that reports its calls, all of which go to these fakes.
pub(crate) fn watched_http(http: Client, fakes: Arc<Fakes>) -> Arc<dyn Http> {
    Arc::new(WatchedHttp { http, fakes })
}

/// Opens one table in memory, which reports what is done to its records.
pub(crate) fn watched_table() -> Opener<dyn IdempotencyStore> {
    let table = Arc::new(Watched(MemoryStore::default()));
    Arc::new(move |_| table.clone())
}

/// Takes the log entries of the functions.
pub(crate) fn watched_log() -> Sink {
    Sink::Listener(line)
}

/// Reports a step to the work of this task, if it has any.
fn tell(step: impl Fn() -> Step) {
    let _ = WORK.try_with(|(events, ids)| ids.iter().for_each(|id| events.step(*id, step())));
}

fn line(line: Value) {
    let _ = WORK.try_with(|(events, ids)| events.line(ids, line));
}

fn record(did: &'static str, state: impl Into<String>) {
    let state = state.into();
    tell(|| Step::Record { did, state: state.clone() });
}

/// A watched adapter.
struct Watched<T>(T);

struct WatchedHttp {
    http: Client,
    fakes: Arc<Fakes>,
}

#[async_trait]
impl Http for WatchedHttp {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let began = Instant::now();
        let relay = self.fakes.relay_at(&request.url);
        let to = relay.map_or_else(|| vendor(&request.url), |relay| relay.vendor);
        let path = match relay {
            Some(relay) if relay.has_secret_path() => "…".to_owned(),
            _ => path_and_query(&request.url),
        };
        let line = format!("{} {path}", request.method);
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let answered = self.http.send(request).await;
        let reply = match &answered {
            Ok(answer) => Reply::Answer { status: answer.status, body: shown(&answer.body) },
            Err(error) => Reply::Nothing { error: chain(error) },
        };
        let took_ms = millis(began.elapsed());
        let call = Call { to, line, body: without_key(body), reply, took_ms };
        tell(|| Step::Call(call.clone()));
        answered
    }
}

fn path_and_query(url: &url::Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

/// The vendor of a call: each has paths of its own.
fn vendor(url: &url::Url) -> &'static str {
    let is_under = |root: &str| url.path().starts_with(root);
    let service = if is_under("/api/1.0/") {
        Service::Mandrill
    } else if is_under("/3.0/") {
        Service::Mailchimp
    } else if is_under("/admin/") {
        Service::Ory
    } else {
        Service::Segment
    };
    service.name()
}

/// The body for Mandrill contains the API key.
fn without_key(mut body: Value) -> Value {
    if let Some(key) = body.get_mut("key") {
        *key = "…".into();
    }
    body
}

fn shown(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl IdempotencyStore for Watched<MemoryStore> {
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError> {
        let acquired = self.0.acquire(request, recipient).await?;
        match &acquired {
            Acquire::Acquired(Lease { in_doubt_since: None, .. }) => {
                record("lease acquired", "in progress");
            }
            Acquire::Acquired(Lease { in_doubt_since: Some(_), .. }) => {
                record("lease acquired", "in doubt: an earlier call may have gone out");
            }
            Acquire::InProgress { .. } => record("lease not acquired", "another delivery holds it"),
            Acquire::Completed(state) => record("lease not acquired", word(*state)),
        }
        Ok(acquired)
    }

    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError> {
        record("lease renewed", "in progress; earlier calls are known");
        self.0.renew(lease, now, recipient).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        record("lease released", "free for the next attempt");
        self.0.release(lease).await
    }

    async fn expire(&self, lease: &Lease) -> Result<(), StoreError> {
        record("lease released", "expires: the person was erased");
        self.0.expire(lease).await
    }

    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError> {
        record("record completed", word(completion.state));
        self.0.complete(lease, completion).await
    }

    async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, StoreError> {
        let state = word(completion.state);
        let was_in_doubt = self.0.settle(record_id, recipient, completion).await?;
        if was_in_doubt {
            record("call in doubt settled", state);
        }
        Ok(was_in_doubt)
    }

    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError> {
        let entry = self.0.enter(request).await?;
        match &entry {
            Entry::Entered(lane) => record("lane entered", last_written(&lane.written)),
            Entry::InProgress { .. } => record("lane not entered", "another delivery holds it"),
        }
        Ok(entry)
    }

    async fn leave(&self, lane: &InLane, written: Option<LaneRecord>) -> Result<(), StoreError> {
        let state = written.as_ref().map_or("unchanged".to_owned(), last_written);
        record("lane left", state);
        self.0.leave(lane, written).await
    }

    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.0.is_marked(mark, now).await
    }

    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError> {
        self.0.mark(mark, until).await
    }

    async fn delete(&self, record_id: &str) -> Result<(), StoreError> {
        self.0.delete(record_id).await
    }
}

/// What was last written: by `mailchimp-inbound`, the time of its event; by another function, its
/// record, which holds no personal data.
fn last_written(record: &LaneRecord) -> String {
    let newest = |written: Written| written.writers().map(|(_, last)| last.at).max();
    match (record.read().map(newest), record.json()) {
        (Ok(Some(newest)), _) => format!("last written by an event from {newest}"),
        (Err(_), Some(json)) => json.to_owned(),
        _ => "nothing written yet".to_owned(),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::InProgress => "in progress",
        State::Delivered => "delivered",
        State::Rejected => "rejected",
    }
}
