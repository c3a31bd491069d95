//! Records in memory: for a function without a table, for local runs and tests. They live as
//! long as the sandbox, and the oldest are forgotten for new ones.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Bid, Claim, Done, Entry, Held, InLane, Records, RecordsError, State, Written};

/// How many are kept: what repeats an event comes soon after it, and a sandbox' memory is small.
const KEPT: usize = 1024;

#[derive(Clone, Debug)]
struct Item {
    state: State,
    holder: String,
    lease_until: OffsetDateTime,
    unsure_since: Option<OffsetDateTime>,
    recipient: Option<String>,
    expires: Option<OffsetDateTime>,
    written: Written,
}

impl Item {
    fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether somebody is at work, or nobody knows what came of the work.
    fn is_open(&self, now: OffsetDateTime) -> bool {
        self.state == State::InProgress && (self.lease_until > now || self.unsure_since.is_some())
    }
}

#[derive(Default)]
struct Items {
    by_id: HashMap<String, Item>,
    /// Their ids, the oldest first.
    ages: VecDeque<String>,
}

impl Items {
    fn put(&mut self, id: String, item: Item, now: OffsetDateTime) {
        if self.by_id.insert(id.clone(), item).is_none() {
            self.forget_the_oldest(now);
            self.ages.push_back(id);
        }
    }

    /// Makes room for a new one, unless all are open.
    fn forget_the_oldest(&mut self, now: OffsetDateTime) {
        for _ in 0..self.ages.len() {
            if self.by_id.len() <= KEPT {
                return;
            }
            let Some(oldest) = self.ages.pop_front() else { return };
            if self.by_id.get(&oldest).is_some_and(|item| item.is_open(now)) {
                self.ages.push_back(oldest);
            } else {
                self.by_id.remove(&oldest);
            }
        }
    }
}

/// The records of one process.
#[derive(Default)]
pub struct MemoryRecords {
    items: Mutex<Items>,
}

impl MemoryRecords {
    fn items(&self) -> MutexGuard<'_, Items> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is at work on it, with a lease that holds at `now`: for a simulation that watches.
    pub fn holder(&self, record_id: &str, now: OffsetDateTime) -> Option<String> {
        let items = self.items();
        let item = items.by_id.get(record_id)?;
        let at_work = item.state == State::InProgress && item.lease_until > now;
        at_work.then(|| item.holder.clone())
    }

    /// Changes the item if the bidder still holds it.
    fn change(&self, bid: &Bid, change: impl FnOnce(&mut Item)) -> Result<(), RecordsError> {
        let mut items = self.items();
        match items.by_id.get_mut(&bid.record_id) {
            Some(item) if item.holder == bid.holder && item.state == State::InProgress => {
                change(item);
                Ok(())
            }
            _ => Err(RecordsError::Lost),
        }
    }

    fn is_done_by(&self, held: &Held) -> bool {
        let items = self.items();
        let item = items.by_id.get(&held.bid.record_id);
        item.is_some_and(|item| item.holder == held.bid.holder && item.state != State::InProgress)
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn claim(&self, bid: Bid, recipient: Option<&str>) -> Result<Claim, RecordsError> {
        let mut items = self.items();
        let before = items.by_id.get(&bid.record_id);
        let unsure_since = before.and_then(|item| item.unsure_since);
        let inherited = before.and_then(|item| item.recipient.clone());
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
            recipient: inherited.clone().or(recipient.map(str::to_owned)),
            expires: bid.expires(),
            written: Written::default(),
        };
        items.put(bid.record_id.clone(), item, bid.now);
        Ok(Claim::Won(Held { bid, unsure_since, recipient: inherited }))
    }

    async fn renew(
        &self,
        held: Held,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Held, RecordsError> {
        self.change(&held.bid, |item| {
            item.unsure_since = Some(now);
            item.recipient = recipient.map(str::to_owned);
        })?;
        Ok(Held { unsure_since: None, recipient: None, ..held })
    }

    async fn release(&self, held: &Held) -> Result<(), RecordsError> {
        self.change(&held.bid, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            item.unsure_since = held.unsure_since;
            if held.unsure_since.is_none() {
                item.recipient = None;
            }
        })
    }

    async fn complete(&self, held: &Held, done: Done) -> Result<(), RecordsError> {
        let changed = self.change(&held.bid, |item| {
            item.state = done.state;
            item.unsure_since = None;
            item.recipient = None;
        });
        changed.or_else(|lost| if self.is_done_by(held) { Ok(()) } else { Err(lost) })
    }

    async fn enter(&self, bid: Bid) -> Result<Entry, RecordsError> {
        let mut items = self.items();
        let before = items.by_id.get(&bid.record_id);
        if let Some(item) = before.filter(|item| item.lease_until > bid.now) {
            return Ok(Entry::Busy { until: item.lease_until });
        }
        let written = before.map(|item| item.written.clone()).unwrap_or_default();
        let item = Item {
            state: State::InProgress,
            holder: bid.holder.clone(),
            lease_until: bid.lease_until,
            unsure_since: None,
            recipient: None,
            expires: None,
            written: written.clone(),
        };
        items.put(bid.record_id.clone(), item, bid.now);
        Ok(Entry::Entered(InLane { bid, written }))
    }

    async fn leave(&self, lane: &InLane, written: Option<Written>) -> Result<(), RecordsError> {
        self.change(&lane.bid, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            if let Some(written) = written {
                item.written = written;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    const LEASE: Duration = Duration::from_mins(1);

    fn bid(n: usize) -> Bid {
        Bid {
            record_id: format!("f#{n}"),
            holder: "one".to_owned(),
            now: START,
            lease_until: START + LEASE,
            ttl: None,
        }
    }

    async fn claim(records: &MemoryRecords, n: usize) -> Claim {
        records.claim(bid(n), None).await.unwrap()
    }

    async fn finish(records: &MemoryRecords, n: usize) {
        let Claim::Won(held) = claim(records, n).await else { panic!("{n} is taken") };
        let done = Done { state: State::Delivered, vendor_id: None };
        records.complete(&held, done).await.unwrap();
    }

    #[tokio::test]
    async fn the_oldest_are_forgotten_but_none_that_is_open() {
        let records = MemoryRecords::default();
        assert!(matches!(claim(&records, 0).await, Claim::Won(_)));
        for n in 1..=2 * KEPT {
            finish(&records, n).await;
        }
        {
            let items = records.items();
            assert_eq!((items.by_id.len(), items.ages.len()), (KEPT, KEPT));
        }
        assert!(matches!(claim(&records, 0).await, Claim::Busy { .. }), "at work");
        assert!(matches!(claim(&records, 2 * KEPT).await, Claim::Done(_)), "the last");
        assert!(matches!(claim(&records, 1).await, Claim::Won(_)), "forgotten");
    }
}
