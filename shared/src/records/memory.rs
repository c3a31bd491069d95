//! Records in memory: for a function without a table, for local runs and tests. They live as
//! long as the sandbox.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Bid, Claim, Done, Held, Records, RecordsError, State};

/// Expired records are swept when this many have come together.
const SWEEP_AT: usize = 1024;

#[derive(Clone, Debug)]
struct Item {
    state: State,
    holder: String,
    lease_until: OffsetDateTime,
    unsure_since: Option<OffsetDateTime>,
    expires: Option<OffsetDateTime>,
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

    /// Changes the item if `held` still holds it.
    fn change(&self, held: &Held, change: impl FnOnce(&mut Item)) -> Result<(), RecordsError> {
        let mut items = self.items();
        match items.get_mut(&held.bid.record_id) {
            Some(item) if item.holder == held.bid.holder && item.state == State::InProgress => {
                change(item);
                Ok(())
            }
            _ => Err(RecordsError::Lost),
        }
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn claim(&self, bid: Bid) -> Result<Claim, RecordsError> {
        let mut items = self.items();
        if items.len() >= SWEEP_AT {
            items.retain(|_, item| !item.is_expired(bid.now));
        }
        let before = items.get(&bid.record_id).filter(|item| !item.is_expired(bid.now));
        let unsure_since = match before {
            Some(item) if item.state != State::InProgress => return Ok(Claim::Done(item.state)),
            Some(item) if item.lease_until > bid.now => {
                return Ok(Claim::Busy { until: item.lease_until });
            }
            Some(item) => item.unsure_since,
            None => None,
        };
        let item = Item {
            state: State::InProgress,
            holder: bid.holder.clone(),
            lease_until: bid.lease_until,
            unsure_since: unsure_since.or(Some(bid.now)),
            expires: bid.expires(),
        };
        items.insert(bid.record_id.clone(), item);
        Ok(Claim::Won(Held { bid, unsure_since }))
    }

    async fn release(&self, held: &Held) -> Result<(), RecordsError> {
        self.change(held, |item| {
            item.lease_until = held.bid.now;
            item.unsure_since = held.unsure_since;
        })
    }

    async fn complete(&self, held: &Held, done: Done) -> Result<(), RecordsError> {
        self.change(held, |item| {
            item.state = done.state;
            item.unsure_since = None;
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    const LEASE: Duration = Duration::from_secs(27);
    const TTL: Duration = Duration::from_hours(1);

    fn bid(holder: &str, now: OffsetDateTime) -> Bid {
        Bid {
            record_id: "f#event".to_owned(),
            holder: holder.to_owned(),
            now,
            lease_until: now + LEASE,
            ttl: Some(TTL),
        }
    }

    async fn win(records: &MemoryRecords, bid: Bid) -> Held {
        match records.claim(bid).await.unwrap() {
            Claim::Won(held) => held,
            other => panic!("{other:?}"),
        }
    }

    fn delivered() -> Done {
        Done { state: State::Delivered, vendor_id: None }
    }

    #[tokio::test]
    async fn one_holder_at_a_time() {
        let records = MemoryRecords::default();
        win(&records, bid("one", START)).await;
        match records.claim(bid("two", START + Duration::from_secs(26))).await.unwrap() {
            Claim::Busy { until } => assert_eq!(until, START + LEASE),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_dead_holder_leaves_the_event_unsure_to_whoever_takes_over() {
        let records = MemoryRecords::default();
        let first = win(&records, bid("one", START)).await;
        assert_eq!(first.unsure_since, None);
        let later = START + LEASE;
        let second = win(&records, bid("two", later)).await;
        assert_eq!(second.unsure_since, Some(START));
        assert!(matches!(records.complete(&first, delivered()).await, Err(RecordsError::Lost)));
        assert!(matches!(records.release(&first).await, Err(RecordsError::Lost)));
        assert!(!first.is_live(later) && second.is_live(later));
    }

    #[tokio::test]
    async fn a_release_ends_the_lease_and_its_own_unsure_mark_only() {
        let records = MemoryRecords::default();
        let first = win(&records, bid("one", START)).await;
        records.release(&first).await.unwrap();
        let second = win(&records, bid("two", START + Duration::from_secs(1))).await;
        assert_eq!(second.unsure_since, None, "the first claim set the mark and took it off");

        let third = win(&records, bid("three", START + LEASE * 2)).await;
        assert!(third.unsure_since.is_some());
        records.release(&third).await.unwrap();
        let fourth = win(&records, bid("four", START + LEASE * 2)).await;
        assert_eq!(fourth.unsure_since, third.unsure_since, "an inherited mark stays");
    }

    #[tokio::test]
    async fn done_stays_done_until_the_record_ends() {
        let records = MemoryRecords::default();
        let held = win(&records, bid("one", START)).await;
        records.complete(&held, delivered()).await.unwrap();
        let late = START + TTL - Duration::from_secs(1);
        let claim = records.claim(bid("two", late)).await.unwrap();
        assert!(matches!(claim, Claim::Done(State::Delivered)));
        win(&records, bid("three", START + TTL)).await;
    }

    #[tokio::test]
    async fn a_record_without_an_end_stays() {
        let records = MemoryRecords::default();
        let held = win(&records, Bid { ttl: None, ..bid("one", START) }).await;
        records.complete(&held, delivered()).await.unwrap();
        let years_later = START + Duration::from_hours(10 * 365 * 24);
        let claim = records.claim(bid("two", years_later)).await.unwrap();
        assert!(matches!(claim, Claim::Done(State::Delivered)));
    }

    #[tokio::test]
    async fn expired_records_are_swept() {
        let records = MemoryRecords::default();
        for n in 0..SWEEP_AT {
            let id = format!("f#{n}");
            records.claim(Bid { record_id: id, ..bid("one", START) }).await.unwrap();
        }
        win(&records, bid("two", START + TTL)).await;
        assert_eq!(records.items().len(), 1);
    }
}
