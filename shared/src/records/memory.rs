//! Records in memory: for a function without a table, for local runs and tests. They live as
//! long as the sandbox.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Applied, Bid, Claim, Done, Entry, Held, InLane, Records, RecordsError, State};

/// Expired records are swept when this many have come together.
const SWEEP_AT: usize = 1024;

#[derive(Clone, Debug)]
struct Item {
    state: State,
    holder: String,
    lease_until: OffsetDateTime,
    unsure_since: Option<OffsetDateTime>,
    expires: Option<OffsetDateTime>,
    last: Option<Applied>,
}

impl Item {
    fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// The records of one process.
#[derive(Default)]
pub struct MemoryRecords {
    items: Mutex<HashMap<String, Item>>,
}

impl MemoryRecords {
    fn items(&self) -> MutexGuard<'_, HashMap<String, Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is at work on it, with a lease that holds at `now`: for a simulation that watches.
    pub fn holder(&self, record_id: &str, now: OffsetDateTime) -> Option<String> {
        let items = self.items();
        let item = items.get(record_id)?;
        let at_work = item.state == State::InProgress && item.lease_until > now;
        at_work.then(|| item.holder.clone())
    }

    /// Changes the item if the bidder still holds it.
    fn change(&self, bid: &Bid, change: impl FnOnce(&mut Item)) -> Result<(), RecordsError> {
        let mut items = self.items();
        match items.get_mut(&bid.record_id) {
            Some(item) if item.holder == bid.holder && item.state == State::InProgress => {
                change(item);
                Ok(())
            }
            _ => Err(RecordsError::Lost),
        }
    }

    fn is_done_by(&self, held: &Held) -> bool {
        let items = self.items();
        let item = items.get(&held.bid.record_id);
        item.is_some_and(|item| item.holder == held.bid.holder && item.state != State::InProgress)
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn claim(&self, bid: Bid) -> Result<Claim, RecordsError> {
        let mut items = self.items();
        if items.len() >= SWEEP_AT {
            items.retain(|_, item| !item.is_expired(bid.now));
        }
        let before = items.get(&bid.record_id);
        let unsure_since = before.and_then(|item| item.unsure_since);
        match before.filter(|item| !item.is_expired(bid.now)) {
            Some(item) if item.state != State::InProgress => return Ok(Claim::Done(item.state)),
            Some(item) if item.lease_until > bid.now => {
                return Ok(Claim::Busy { until: item.lease_until });
            }
            _ => {}
        }
        let item = Item {
            state: State::InProgress,
            holder: bid.holder.clone(),
            lease_until: bid.lease_until,
            unsure_since: unsure_since.or(Some(bid.now)),
            expires: bid.expires(),
            last: None,
        };
        items.insert(bid.record_id.clone(), item);
        Ok(Claim::Won(Held { bid, unsure_since }))
    }

    async fn renew(&self, held: Held, now: OffsetDateTime) -> Result<Held, RecordsError> {
        self.change(&held.bid, |item| item.unsure_since = Some(now))?;
        Ok(Held { unsure_since: None, ..held })
    }

    async fn release(&self, held: &Held) -> Result<(), RecordsError> {
        self.change(&held.bid, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            item.unsure_since = held.unsure_since;
        })
    }

    async fn complete(&self, held: &Held, done: Done) -> Result<(), RecordsError> {
        let changed = self.change(&held.bid, |item| {
            item.state = done.state;
            item.unsure_since = None;
        });
        changed.or_else(|lost| if self.is_done_by(held) { Ok(()) } else { Err(lost) })
    }

    async fn enter(&self, bid: Bid) -> Result<Entry, RecordsError> {
        let mut items = self.items();
        let before = items.get(&bid.record_id).filter(|item| !item.is_expired(bid.now));
        if let Some(item) = before.filter(|item| item.lease_until > bid.now) {
            return Ok(Entry::Busy { until: item.lease_until });
        }
        let last = before.and_then(|item| item.last.clone());
        let item = Item {
            state: State::InProgress,
            holder: bid.holder.clone(),
            lease_until: bid.lease_until,
            unsure_since: None,
            expires: bid.expires(),
            last: last.clone(),
        };
        items.insert(bid.record_id.clone(), item);
        Ok(Entry::Entered(InLane { bid, last }))
    }

    async fn leave(&self, lane: &InLane, last: Option<Applied>) -> Result<(), RecordsError> {
        self.change(&lane.bid, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            item.last = last.or(item.last.take());
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    #[tokio::test]
    async fn expired_records_are_swept() {
        const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
        const TTL: Duration = Duration::from_hours(1);
        let records = MemoryRecords::default();
        let bid = |n: usize, now| Bid {
            record_id: format!("f#{n}"),
            holder: "one".to_owned(),
            now,
            lease_until: now,
            ttl: Some(TTL),
        };
        for n in 0..SWEEP_AT {
            records.claim(bid(n, START)).await.unwrap();
        }
        assert_eq!(records.items().len(), SWEEP_AT);
        records.claim(bid(0, START + TTL)).await.unwrap();
        assert_eq!(records.items().len(), 1);
    }
}
