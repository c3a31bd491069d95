//! Records in memory: for a function without a table, for local runs and tests. They live as long
//! as the sandbox, and the oldest make room for new ones.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{
    Acquire, Completion, Entry, IdempotencyStore, InLane, LaneRecord, Lease, LeaseRequest, State,
    StoreError,
};

/// How many are kept: an event is repeated soon after it, and a sandbox has little memory.
const KEPT: usize = 1024;

#[derive(Clone, Debug)]
struct Item {
    state: State,
    holder: String,
    lease_until: OffsetDateTime,
    in_doubt_since: Option<OffsetDateTime>,
    recipient: Option<String>,
    expires: Option<OffsetDateTime>,
    written: LaneRecord,
}

impl Item {
    fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether a delivery is at work, or the outcome is in doubt.
    fn is_open(&self, now: OffsetDateTime) -> bool {
        self.state == State::InProgress && (self.lease_until > now || self.in_doubt_since.is_some())
    }
}

#[derive(Default)]
struct Items {
    by_id: HashMap<String, Item>,
    /// Their ids, the oldest first.
    ages: VecDeque<String>,
    /// The marks, each with its end.
    marks: HashMap<String, OffsetDateTime>,
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
pub struct MemoryStore {
    items: Mutex<Items>,
}

impl MemoryStore {
    fn items(&self) -> MutexGuard<'_, Items> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who holds a lease that is valid at `now`: for a simulation that watches.
    pub fn holder(&self, record_id: &str, now: OffsetDateTime) -> Option<String> {
        let items = self.items();
        let item = items.by_id.get(record_id)?;
        let at_work = item.state == State::InProgress && item.lease_until > now;
        at_work.then(|| item.holder.clone())
    }

    /// Changes the item if the lease still belongs to the holder.
    fn change(
        &self,
        request: &LeaseRequest,
        change: impl FnOnce(&mut Item),
    ) -> Result<(), StoreError> {
        let mut items = self.items();
        match items.by_id.get_mut(&request.record_id) {
            Some(item) if item.holder == request.holder && item.state == State::InProgress => {
                change(item);
                Ok(())
            }
            _ => Err(StoreError::Lost),
        }
    }

    fn is_done_by(&self, lease: &Lease) -> bool {
        let items = self.items();
        let item = items.by_id.get(&lease.request.record_id);
        item.is_some_and(|item| {
            item.holder == lease.request.holder && item.state != State::InProgress
        })
    }
}

#[async_trait]
impl IdempotencyStore for MemoryStore {
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError> {
        let mut items = self.items();
        let before = items.by_id.get(&request.record_id);
        let in_doubt_since = before.and_then(|item| item.in_doubt_since);
        let inherited = before.and_then(|item| item.recipient.clone());
        match before.filter(|item| !item.is_expired(request.now)) {
            Some(item) if item.state != State::InProgress => {
                return Ok(Acquire::Completed(item.state));
            }
            Some(item) if item.lease_until > request.now => {
                return Ok(Acquire::InProgress { until: item.lease_until });
            }
            _ => {}
        }
        let item = Item {
            state: State::InProgress,
            holder: request.holder.clone(),
            lease_until: request.lease_until,
            in_doubt_since: in_doubt_since.or(Some(request.now)),
            recipient: inherited.clone().or(recipient.map(str::to_owned)),
            expires: request.expires(),
            written: LaneRecord::default(),
        };
        items.put(request.record_id.clone(), item, request.now);
        Ok(Acquire::Acquired(Lease { request, in_doubt_since, recipient: inherited }))
    }

    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError> {
        self.change(&lease.request, |item| {
            item.in_doubt_since = Some(now);
            item.recipient = recipient.map(str::to_owned);
        })?;
        Ok(Lease { in_doubt_since: None, recipient: None, ..lease })
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.change(&lease.request, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            item.in_doubt_since = lease.in_doubt_since;
            if lease.in_doubt_since.is_none() {
                item.recipient = None;
            }
        })
    }

    async fn expire(&self, lease: &Lease) -> Result<(), StoreError> {
        self.change(&lease.request, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            item.in_doubt_since = None;
            item.recipient = None;
            item.expires = Some(lease.request.lease_until);
        })
    }

    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError> {
        let changed = self.change(&lease.request, |item| {
            item.state = completion.state;
            item.in_doubt_since = None;
            item.recipient = None;
        });
        changed.or_else(|lost| if self.is_done_by(lease) { Ok(()) } else { Err(lost) })
    }

    async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, StoreError> {
        let mut items = self.items();
        let item = items.by_id.get_mut(record_id);
        let is_in_doubt = |item: &&mut Item| {
            item.state == State::InProgress
                && item.in_doubt_since.is_some()
                && item.recipient.as_deref() == Some(recipient)
        };
        let Some(item) = item.filter(is_in_doubt) else { return Ok(false) };
        item.state = completion.state;
        item.in_doubt_since = None;
        item.recipient = None;
        Ok(true)
    }

    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError> {
        let mut items = self.items();
        let before = items.by_id.get(&request.record_id);
        if let Some(item) = before.filter(|item| item.lease_until > request.now) {
            return Ok(Entry::InProgress { until: item.lease_until });
        }
        let written = before.map(|item| item.written.clone()).unwrap_or_default();
        let item = Item {
            state: State::InProgress,
            holder: request.holder.clone(),
            lease_until: request.lease_until,
            in_doubt_since: None,
            recipient: None,
            expires: None,
            written: written.clone(),
        };
        items.put(request.record_id.clone(), item, request.now);
        Ok(Entry::Entered(InLane { request, written }))
    }

    async fn leave(&self, lane: &InLane, written: Option<LaneRecord>) -> Result<(), StoreError> {
        self.change(&lane.request, |item| {
            item.lease_until = OffsetDateTime::UNIX_EPOCH;
            if let Some(written) = written {
                item.written = written;
            }
        })
    }

    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        let items = self.items();
        let ends = items.marks.get(mark).map(|until| until.unix_timestamp());
        Ok(ends.is_some_and(|ends| now.unix_timestamp() < ends))
    }

    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError> {
        self.items().marks.insert(mark.to_owned(), until);
        Ok(())
    }

    async fn delete(&self, record_id: &str) -> Result<(), StoreError> {
        let mut items = self.items();
        items.marks.remove(record_id);
        items.by_id.remove(record_id);
        items.ages.retain(|id| id != record_id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    const LEASE: Duration = Duration::from_mins(1);

    fn request(n: usize) -> LeaseRequest {
        LeaseRequest {
            record_id: format!("f#{n}"),
            holder: "one".to_owned(),
            now: START,
            lease_until: START + LEASE,
            ttl: None,
        }
    }

    async fn acquire(records: &MemoryStore, n: usize) -> Acquire {
        records.acquire(request(n), None).await.unwrap()
    }

    async fn finish(records: &MemoryStore, n: usize) {
        let Acquire::Acquired(lease) = acquire(records, n).await else { panic!("{n} is taken") };
        let completion = Completion { state: State::Delivered, vendor_id: None };
        records.complete(&lease, completion).await.unwrap();
    }

    #[tokio::test]
    async fn oldest_completed_records_are_dropped_and_open_ones_kept() {
        let records = MemoryStore::default();
        assert!(matches!(acquire(&records, 0).await, Acquire::Acquired(_)));
        for n in 1..=2 * KEPT {
            finish(&records, n).await;
        }
        {
            let items = records.items();
            assert_eq!((items.by_id.len(), items.ages.len()), (KEPT, KEPT));
        }
        assert!(matches!(acquire(&records, 0).await, Acquire::InProgress { .. }), "at work");
        assert!(matches!(acquire(&records, 2 * KEPT).await, Acquire::Completed(_)), "the last");
        assert!(matches!(acquire(&records, 1).await, Acquire::Acquired(_)), "forgotten");
    }
}
