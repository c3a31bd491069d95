//! The table of records, as one sandbox reaches it: away, slow, or away after it was done.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt, future::BoxFuture};
use shared::records::{Applied, Bid, Claim, Done, Entry, Held, InLane, Records, RecordsError};
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{chance::Fault, judge::Wrong, locked::Locked, world::World};

/// The adapter gives up after 2 s.
const SLOWEST: Duration = Duration::from_millis(1900);

/// So much later an attempt may arrive that was given up and made again meanwhile.
const STRAYS: Duration = Duration::from_secs(10);

/// The names under which one sandbox was told that it holds a claim.
pub(crate) type Holders = Arc<Locked<BTreeSet<String>>>;

/// The table.
pub(crate) struct Table {
    pub(crate) world: Arc<World>,
    pub(crate) sandbox: usize,
    pub(crate) holders: Holders,
}

impl Table {
    /// Has something done at the table.
    async fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        ask: impl Fn() -> BoxFuture<'static, Result<T, RecordsError>> + Send,
    ) -> Result<T, RecordsError> {
        let (world, sandbox) = (&self.world, self.sandbox);
        let chance = &world.chance;
        let slow = chance.strikes(Fault::TableSlow);
        let longest = if slow { SLOWEST } else { Duration::from_millis(40) };
        let there = chance.time(Duration::from_millis(1)..longest);
        if chance.strikes(Fault::TableAway) {
            sleep(there).await;
            world.say(format_args!("sandbox {sandbox}: {what}: the table is away"));
            return Err(RecordsError::Unreachable("away".into()));
        }
        if chance.strikes(Fault::TableTwice) {
            let (later, again) = (there + chance.time(Duration::ZERO..STRAYS), ask());
            world.begin(async move {
                sleep(later).await;
                drop(again.await);
            });
        }
        let asked = world.afar(there, ask()).await;
        if chance.strikes(Fault::TableUnsaid) {
            world.say(format_args!("sandbox {sandbox}: {what}: done, and no answer"));
            return Err(RecordsError::Unreachable("no answer".into()));
        }
        asked
    }
}

#[async_trait]
impl Records for Table {
    async fn claim(&self, bid: Bid, recipient: Option<&str>) -> Result<Claim, RecordsError> {
        let records = self.world.records.clone();
        let recipient = recipient.map(str::to_owned);
        let id = bid.record_id.clone();
        let ask = move || {
            let (records, bid, recipient) = (records.clone(), bid.clone(), recipient.clone());
            async move { records.claim(bid, recipient.as_deref()).await }.boxed()
        };
        let claim = self.ask("claim", ask).await?;
        if let Claim::Won(held) = &claim {
            self.holders.lock().insert(held.bid.holder.clone());
        }
        self.world.say(format_args!("sandbox {}: claim of {id}: {}", self.sandbox, told(&claim)));
        Ok(claim)
    }

    async fn renew(
        &self,
        held: Held,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Held, RecordsError> {
        let records = self.world.records.clone();
        let recipient = recipient.map(str::to_owned);
        self.say("renew", &held);
        let ask = move || {
            let (records, held, recipient) = (records.clone(), held.clone(), recipient.clone());
            async move { records.renew(held, now, recipient.as_deref()).await }.boxed()
        };
        self.ask("renew", ask).await
    }

    async fn release(&self, held: &Held) -> Result<(), RecordsError> {
        let (records, held) = (self.world.records.clone(), held.clone());
        self.say("release", &held);
        let ask = move || {
            let (records, held) = (records.clone(), held.clone());
            async move { records.release(&held).await }.boxed()
        };
        self.ask("release", ask).await
    }

    async fn complete(&self, held: &Held, done: Done) -> Result<(), RecordsError> {
        let (records, held) = (self.world.records.clone(), held.clone());
        self.say("complete", &held);
        let id = held.bid.record_id.clone();
        let ask = move || {
            let (records, held, done) = (records.clone(), held.clone(), done.clone());
            async move { records.complete(&held, done).await }.boxed()
        };
        self.ask("complete", ask).await?;
        self.world.was_recorded(id);
        Ok(())
    }

    async fn enter(&self, bid: Bid) -> Result<Entry, RecordsError> {
        let records = self.world.records.clone();
        let id = bid.record_id.clone();
        let ask = move || {
            let (records, bid) = (records.clone(), bid.clone());
            async move { records.enter(bid).await }.boxed()
        };
        let entry = self.ask("enter", ask).await?;
        if let Entry::Entered(lane) = &entry {
            self.world.has_entered(self.sandbox, id.clone(), lane.bid.holder.clone());
        }
        self.world.say(format_args!("sandbox {}: {id}: {entry:?}", self.sandbox));
        Ok(entry)
    }

    async fn leave(&self, lane: &InLane, last: Option<Applied>) -> Result<(), RecordsError> {
        let (world, lane) = (self.world.clone(), lane.clone());
        let (sandbox, id) = (self.sandbox, &lane.bid.record_id);
        world.say(format_args!("sandbox {sandbox}: leaves {id}: {last:?}"));
        let ask = move || {
            let (world, lane, last) = (world.clone(), lane.clone(), last.clone());
            async move {
                let key = last.as_ref().map(|last| last.key.clone());
                let (id, own) = (&lane.bid.record_id, &lane.bid.holder);
                let holder = || world.records.holder(id, world.now());
                let other = holder().filter(|holder| holder != own);
                let left = world.records.leave(&lane, last).await;
                if other.is_some() && holder() != other {
                    world.condemn(Wrong::OthersLane, format_args!("{id}"));
                }
                left?;
                if let Some(key) = key {
                    world.was_noted(key);
                }
                Ok(())
            }
            .boxed()
        };
        self.ask("leave", ask).await
    }
}

impl Table {
    fn say(&self, what: &str, held: &Held) {
        self.world.say(format_args!("sandbox {}: {what} {}", self.sandbox, held.bid.record_id));
    }
}

fn told(claim: &Claim) -> String {
    match claim {
        Claim::Won(held) => match held.unsure_since {
            Some(since) => format!("won, unsure since {since}"),
            None => "won".to_owned(),
        },
        Claim::Busy { until } => format!("busy until {until}"),
        Claim::Done(state) => format!("done: {state:?}"),
    }
}
