//! The table of records, as one sandbox reaches it: away, slow, or away after it was done. It only
//! passes on: the judge knows nothing of records.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt, future::BoxFuture};
use shared::idempotency::{
    Acquire, Completion, Entry, IdempotencyStore, InLane, LaneRecord, Lease, LeaseRequest,
    MemoryStore, StoreError,
};
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{at_work::DOUBT, fault::Fault, world::World};

/// The adapter gives up after 2 s.
const SLOWEST: Duration = Duration::from_millis(1900);

/// So much later an attempt may arrive that was given up and made again meanwhile.
const STRAYS: Duration = Duration::from_secs(10);

/// The table.
pub(crate) struct Table {
    pub(crate) world: Arc<World>,
    pub(crate) sandbox: usize,
}

impl Table {
    /// Has something done at the table.
    async fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        ask: impl Fn(Arc<MemoryStore>) -> BoxFuture<'static, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let (world, sandbox) = (&self.world, self.sandbox);
        let chance = &world.chance;
        let ask = || ask(world.records.clone());
        let slow = chance.strikes(Fault::TableSlow);
        let longest = if slow { SLOWEST } else { Duration::from_millis(40) };
        let there = chance.time(Duration::from_millis(1)..longest);
        world.say(format_args!("sandbox {sandbox}: {what}"));
        if chance.strikes(Fault::TableAway) {
            world.troubles(sandbox, DOUBT);
            sleep(there).await;
            world.say(format_args!("sandbox {sandbox}: {what}: the table is away"));
            return Err(StoreError::Unreachable("away".into()));
        }
        if chance.strikes(Fault::TableTwice) {
            world.troubles(sandbox, DOUBT);
            let (later, again) = (there + chance.time(Duration::ZERO..STRAYS), ask());
            world.begin(async move {
                sleep(later).await;
                drop(again.await);
            });
        }
        let asked = world.afar(there, ask()).await;
        if chance.strikes(Fault::TableUnsaid) {
            world.troubles(sandbox, DOUBT);
            world.say(format_args!("sandbox {sandbox}: {what}: done, and no answer"));
            return Err(StoreError::Unreachable("no answer".into()));
        }
        asked
    }
}

/// Passes a call on to the records, with copies of what it is given.
macro_rules! pass {
    ($table:ident.$method:ident($($given:ident $(as $by:tt)?),*)) => {{
        $(let $given = $given.clone();)*
        $table.ask(stringify!($method), move |records| {
            $(let $given = $given.clone();)*
            async move { records.$method($(pass!(@ $given $(as $by)?)),*).await }.boxed()
        }).await
    }};
    (@ $given:ident as reference) => { &$given };
    (@ $given:ident as text) => { $given.as_deref() };
    (@ $given:ident) => { $given };
}

#[async_trait]
impl IdempotencyStore for Table {
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError> {
        let recipient = recipient.map(str::to_owned);
        pass!(self.acquire(request, recipient as text))
    }

    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError> {
        let recipient = recipient.map(str::to_owned);
        pass!(self.renew(lease, now, recipient as text))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        pass!(self.release(lease as reference))
    }

    async fn expire(&self, lease: &Lease) -> Result<(), StoreError> {
        pass!(self.expire(lease as reference))
    }

    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError> {
        pass!(self.complete(lease as reference, completion))
    }

    async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, StoreError> {
        let (world, record_id) = (self.world.clone(), record_id.to_owned());
        let (recipient, state) = (recipient.to_owned(), completion.state);
        // The world hears of it at the table: the sandbox may not live until the answer.
        self.ask("settle", move |records| {
            let (world, record_id, recipient) =
                (world.clone(), record_id.clone(), recipient.clone());
            let completion = completion.clone();
            async move {
                let settled = records.settle(&record_id, &recipient, completion).await;
                if let Ok(true) = settled {
                    world.was_settled(&record_id, state);
                }
                settled
            }
            .boxed()
        })
        .await
    }

    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError> {
        pass!(self.enter(request))
    }

    async fn leave(&self, lane: &InLane, written: Option<LaneRecord>) -> Result<(), StoreError> {
        pass!(self.leave(lane as reference, written))
    }

    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        let mark = mark.to_owned();
        pass!(self.is_marked(mark as reference, now))
    }

    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError> {
        let mark = mark.to_owned();
        pass!(self.mark(mark as reference, until))
    }

    async fn delete(&self, record_id: &str) -> Result<(), StoreError> {
        let record_id = record_id.to_owned();
        pass!(self.delete(record_id as reference))
    }
}
