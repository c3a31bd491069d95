//! The records of a person: nobody else is at work on one while it is deleted.

use std::time::Duration;

use shared::{
    clock::Clock,
    idempotency::{
        Acquire, Entry, IdempotencyStore, InLane, LeaseRequest, MARK_LASTS, StoreError, erased_mark,
    },
    key::IdempotencyKey,
};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{dead_letters::holding::Failure, interruption::Interruption};

/// Some twenty contacts are erased within this time, even if Mailchimp is slow.
pub(super) const LEASE: Duration = Duration::from_mins(10);

/// A delivery is at work for a minute at most.
const PATIENCE: Duration = Duration::from_mins(2);

/// Two clocks may differ a little.
const MARGIN: Duration = Duration::from_millis(500);

/// A record cannot be deleted.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a delivery is at work on {0}; run this again in a few minutes")]
    InUse(String),
}

/// Until when the deliveries drop the events of somebody who is erased now.
pub(super) fn marked_until(now: OffsetDateTime) -> OffsetDateTime {
    now + MARK_LASTS
}

/// Writes the mark that every delivery reads before it makes a call.
pub(super) async fn mark(
    store: &dyn IdempotencyStore,
    identity: Uuid,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    store.mark(&erased_mark(identity), marked_until(now)).await
}

/// A record of a person.
pub(super) enum Record {
    /// It keeps work from being done twice.
    Key(String),
    /// It is what the events of a lane have written.
    Lane(String),
}

impl Record {
    /// That of the welcome by the shipped template, whose key is the id of the identity.
    pub(super) fn welcome(identity: Uuid) -> Self {
        let key = IdempotencyKey::of_name(&identity.to_string());
        Self::Key(key.record_id(mandrill_welcome::NAME))
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        let (Self::Key(id) | Self::Lane(id)) = self;
        id
    }
}

/// A store, and whoever waits for its records.
pub(super) struct Records<'a> {
    pub(super) store: &'a dyn IdempotencyStore,
    pub(super) clock: &'a dyn Clock,
    pub(super) interruption: &'a Interruption,
}

impl Records<'_> {
    /// Deletes a record once nobody else is at work on it.
    pub(super) async fn delete(&self, record: &Record) -> Result<(), Failure> {
        match record {
            Record::Key(id) => self.acquire(id).await?,
            Record::Lane(lane) => drop(self.enter(lane).await?),
        }
        Ok(self.store.delete(record.id()).await?)
    }

    async fn acquire(&self, record_id: &str) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        while let Acquire::InProgress { until } =
            self.store.acquire(self.request(record_id), None).await?
        {
            self.wait(record_id, until, end).await?;
        }
        Ok(())
    }

    /// Enters a lane once nobody else is in it.
    pub(super) async fn enter(&self, lane: &str) -> Result<InLane, Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.store.enter(self.request(lane)).await? {
                Entry::Entered(entered) => return Ok(entered),
                Entry::InProgress { until } => self.wait(lane, until, end).await?,
            }
        }
    }

    /// Leaves a lane as it was.
    pub(super) async fn leave(&self, lane: &InLane) -> Result<(), StoreError> {
        self.store.leave(lane, None).await
    }

    fn request(&self, record_id: &str) -> LeaseRequest {
        let now = self.clock.now();
        LeaseRequest {
            record_id: record_id.to_owned(),
            holder: format!("forget-{:x}", fastrand::u128(..)),
            now,
            lease_until: now + LEASE,
            ttl: None,
        }
    }

    async fn wait(
        &self,
        record_id: &str,
        until: OffsetDateTime,
        end: Instant,
    ) -> Result<(), Failure> {
        let left: Duration = (until - self.clock.now()).try_into().unwrap_or_default();
        let pause = left + MARGIN;
        if Instant::now() + pause > end {
            return Err(RecordError::InUse(record_id.to_owned()).into());
        }
        Ok(self.interruption.unless(sleep(pause)).await?)
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        clock::VirtualClock,
        idempotency::{Completion, LaneRecord, MemoryStore, State},
    };
    use time::macros::datetime;

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);
    const LANE: &str = "contact#7";
    const SECOND: Duration = Duration::from_secs(1);

    fn lane_record() -> Record {
        Record::Lane(LANE.to_owned())
    }

    struct World {
        store: MemoryStore,
        clock: VirtualClock,
        interruption: Interruption,
    }

    impl World {
        fn new() -> Self {
            let clock = VirtualClock::starting_at(datetime!(2026-01-31 12:00 UTC));
            let interruption = Interruption::listen().unwrap();
            Self { store: MemoryStore::default(), clock, interruption }
        }

        fn records(&self) -> Records<'_> {
            let Self { store, clock, interruption } = self;
            Records { store, clock, interruption }
        }

        /// A delivery that is at work for so long.
        fn delivery(&self, record_id: &str, lasts: Duration) -> LeaseRequest {
            let now = self.clock.now();
            let lease_until = now + lasts;
            let (record_id, holder) = (record_id.to_owned(), "delivery".to_owned());
            LeaseRequest { record_id, holder, now, lease_until, ttl: None }
        }

        async fn enter_as_delivery(&self, lasts: Duration) -> InLane {
            match self.store.enter(self.delivery(LANE, lasts)).await.unwrap() {
                Entry::Entered(lane) => lane,
                other @ Entry::InProgress { .. } => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn lane_is_deleted_once_the_delivery_in_it_is_over() {
        let world = World::new();
        let lane = world.enter_as_delivery(60 * SECOND).await;
        let written = Some(LaneRecord::from_json("{}".to_owned()));
        let delivery = async {
            sleep(30 * SECOND).await;
            world.store.leave(&lane, written).await.unwrap();
        };
        let records = world.records();
        let record = lane_record();
        let (deleted, ()) = tokio::join!(records.delete(&record), delivery);
        deleted.unwrap();
        assert_eq!(world.enter_as_delivery(SECOND).await.written, LaneRecord::default());
    }

    #[tokio::test(start_paused = true)]
    async fn record_in_use_for_long_is_left() {
        let world = World::new();
        world.enter_as_delivery(2 * PATIENCE).await;
        let error = world.records().delete(&lane_record()).await.unwrap_err();
        assert!(error.to_string().contains("a delivery is at work on contact#7"), "{error}");
        let request = world.delivery("f#1", 2 * PATIENCE);
        world.store.acquire(request, None).await.unwrap();
        assert!(world.records().delete(&Record::Key("f#1".to_owned())).await.is_err());
        assert!(world.store.holder("f#1", world.clock.now()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn record_of_a_key_is_deleted_in_whatever_state() {
        let world = World::new();
        let record = Record::welcome(ID);
        let id = record.id();
        // There is none; it is done; its delivery died in doubt.
        world.records().delete(&record).await.unwrap();
        for completes in [true, false] {
            let request = world.delivery(id, 20 * SECOND);
            let Acquire::Acquired(lease) = world.store.acquire(request, None).await.unwrap() else {
                panic!("the record is still there")
            };
            assert_eq!(lease.in_doubt_since, None, "what was before is gone");
            if completes {
                let completion = Completion { state: State::Delivered, vendor_id: None };
                world.store.complete(&lease, completion).await.unwrap();
            }
            world.records().delete(&record).await.unwrap();
        }
        assert_eq!(world.store.holder(id, world.clock.now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn mark_outlives_every_dead_letter() {
        let world = World::new();
        mark(&world.store, ID, world.clock.now()).await.unwrap();
        let mark = erased_mark(ID);
        let after = |days: u64| world.clock.now() + Duration::from_hours(24 * days);
        assert!(world.store.is_marked(&mark, after(28)).await.unwrap());
        assert!(!world.store.is_marked(&mark, after(30)).await.unwrap());
    }
}
