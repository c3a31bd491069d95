//! The records in a table of DynamoDB: one item a record, each change one conditional write.
//!
//! Leases and in-doubt markers are in milliseconds, as a lease is over within a second; the end of a
//! record's life is in seconds, as DynamoDB's time to live wants it. DynamoDB deletes expired
//! items some days late, so the end is compared here, too.

mod wire;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use self::wire::{Attribute, ByKey, Deleted, Found, Item, Update, Updated};
use super::{
    Acquire, Completion, Entry, IdempotencyStore, InLane, LaneRecord, Lease, LeaseRequest, State,
    StoreError,
};
use crate::{
    aws::{Aws, CallError, Service, SignedCalls},
    http::Peer,
};

/// The actions that a function's policy must allow on its table.
pub const ACTIONS: [&str; 2] = ["dynamodb:GetItem", "dynamodb:UpdateItem"];

/// The table's partition key, a string.
pub const KEY_ATTRIBUTE: &str = "id";

/// The attribute of the table's time to live.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// The version of a record. Records of version 1 do not have it; this code writes them, and neither
/// reads nor changes any other. docs/versions.md says when a version may change.
const VERSION: &str = "record_version";

/// Nobody has it, it is not done, or its life or its holder's lease is over.
const IS_FREE: &str = "attribute_not_exists(record_version) AND (attribute_not_exists(id) \
     OR expires_at <= :now_s OR (#state = :in_progress AND lease_until <= :now))";

/// Nobody is in the lane, or the holder's lease is over.
const IS_EMPTY: &str = "attribute_not_exists(record_version) \
     AND (attribute_not_exists(id) OR lease_until <= :now)";

/// How long an item stays after its lease if nothing is to be remembered of it.
const EMPTY_LASTS: Duration = Duration::from_hours(1);

/// The error of a write whose condition does not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

/// It is still the holder's.
const IS_HELD: &str = "holder = :holder AND #state = :in_progress";

/// Its call to this recipient may have gone out, and nobody knows what came of it.
const IS_IN_DOUBT: &str = "attribute_not_exists(record_version) AND #state = :in_progress \
     AND attribute_exists(in_doubt_since) AND recipient_digest = :recipient";

/// A table of records.
pub struct DynamoDbStore {
    calls: SignedCalls,
    table: String,
}

impl DynamoDbStore {
    /// The table of this name.
    pub fn new(aws: &Aws, table: &str) -> Self {
        let calls = aws.signed_calls(&Service::DYNAMO_DB, None);
        Self { calls, table: table.to_owned() }
    }

    /// What a record says was written, whoever has its lease; `None`: there is no such record.
    ///
    /// # Errors
    /// The table cannot be reached, or says what this code does not read.
    pub async fn look(&self, record_id: &str) -> Result<Option<LaneRecord>, StoreError> {
        self.get(record_id).await?.as_ref().map(written).transpose()
    }

    /// An item, as it is after all writes before.
    async fn get(&self, id: &str) -> Result<Option<Item>, StoreError> {
        let get = ByKey::read(&self.table, KEY_ATTRIBUTE, id);
        let found = self.calls.call::<Found>("GetItem", &get).await.map_err(unreachable)?;
        found.item.map(of_version_1).transpose()
    }

    /// A change of an item.
    fn change(&self, id: &str) -> Update<'_> {
        Update::of(&self.table, KEY_ATTRIBUTE, id)
    }

    async fn send(&self, write: &Update<'_>) -> Result<Updated, CallError> {
        self.calls.call("UpdateItem", write).await
    }

    /// A write to the record that `request` is for. Where its condition fails, the item comes back.
    fn write(
        &self,
        request: &LeaseRequest,
        condition: &'static str,
        update: impl Into<String>,
    ) -> Update<'_> {
        self.change(&request.record_id)
            .condition(condition)
            .change(update)
            .name("#state", STATE)
            .value(":in_progress", text(word(State::InProgress)))
            .value(":holder", text(&request.holder))
            .tells_failed()
    }

    /// A write that acquires the lease, for as long as the request says. What was there comes back.
    fn taking(
        &self,
        request: &LeaseRequest,
        condition: &'static str,
        set: &str,
        remove: &str,
    ) -> Update<'_> {
        let expires = request.expires();
        let set = if expires.is_some() {
            format!("{set}, expires_at = :expires")
        } else {
            set.to_owned()
        };
        let endless = if expires.is_none() { TTL_ATTRIBUTE } else { "" };
        let removed = [remove, endless].into_iter().filter(|name| !name.is_empty());
        let removed = removed.collect::<Vec<_>>().join(", ");
        let update = if removed.is_empty() { set } else { format!("{set} REMOVE {removed}") };
        let write = self
            .write(request, condition, update)
            .value(":now", milliseconds(request.now))
            .value(":lease", milliseconds(request.lease_until))
            .tells_before();
        match expires {
            Some(end) => write.value(":expires", seconds(end)),
            None => write,
        }
    }
}

#[async_trait]
impl IdempotencyStore for DynamoDbStore {
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError> {
        let take = "SET #state = :in_progress, holder = :holder, lease_until = :lease, \
             in_doubt_since = if_not_exists(in_doubt_since, :now)";
        // It comes and goes with the in-doubt marker.
        let of_recipient = ", recipient_digest = if_not_exists(recipient_digest, :recipient)";
        let write = match recipient {
            None => self.taking(&request, IS_FREE, take, "vendor_id"),
            Some(recipient) => self
                .taking(&request, IS_FREE, &format!("{take}{of_recipient}"), "vendor_id")
                .value(":recipient", text(recipient)),
        };
        let write = write.value(":now_s", seconds(request.now));
        match self.send(&write).await {
            Ok(output) => won(request, output),
            Err(error) => turned_away(request, refused(error)?),
        }
    }

    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError> {
        let write = match recipient {
            None => {
                let update = "SET in_doubt_since = :now REMOVE recipient_digest";
                self.write(&lease.request, IS_HELD, update)
            }
            Some(recipient) => {
                let update = "SET in_doubt_since = :now, recipient_digest = :recipient";
                let write = self.write(&lease.request, IS_HELD, update);
                write.value(":recipient", text(recipient))
            }
        };
        let write = write.value(":now", milliseconds(now));
        match self.send(&write).await {
            Ok(_) => Ok(Lease { in_doubt_since: None, recipient: None, ..lease }),
            Err(error) => Err(lost(error)),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let update = match lease.in_doubt_since {
            None => "SET lease_until = :over REMOVE in_doubt_since, recipient_digest",
            Some(_) => "SET lease_until = :over",
        };
        let write = self.write(&lease.request, IS_HELD, update);
        let over = milliseconds(OffsetDateTime::UNIX_EPOCH);
        match self.send(&write.value(":over", over)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn expire(&self, lease: &Lease) -> Result<(), StoreError> {
        let update = "SET lease_until = :over, expires_at = :expires \
             REMOVE in_doubt_since, recipient_digest";
        let write = self.write(&lease.request, IS_HELD, update);
        let write = write.value(":expires", end_of_empty(&lease.request));
        let over = milliseconds(OffsetDateTime::UNIX_EPOCH);
        match self.send(&write.value(":over", over)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError> {
        let write = completing(self.write(&lease.request, IS_HELD, ""), &completion);
        match self.send(&write).await.map_err(refused) {
            Ok(_) => Ok(()),
            Err(Err(error)) => Err(error),
            // The first attempt was written and its answer lost.
            Err(Ok(item)) if holder(&item) == Some(&lease.request.holder) => Ok(()),
            Err(Ok(_)) => Err(StoreError::Lost),
        }
    }

    async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, StoreError> {
        let write = self
            .change(record_id)
            .condition(IS_IN_DOUBT)
            .tells_failed()
            .value(":recipient", text(recipient))
            .value(":in_progress", text(word(State::InProgress)));
        match self.send(&completing(write, &completion)).await.map_err(refused) {
            Ok(_) => Ok(true),
            Err(Ok(_)) => Ok(false),
            Err(Err(error)) => Err(error),
        }
    }

    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError> {
        let take = "SET #state = :in_progress, holder = :holder, lease_until = :lease";
        let request = LeaseRequest { ttl: None, ..request };
        let write = self.taking(&request, IS_EMPTY, take, "");
        match self.send(&write).await {
            Ok(output) => {
                let written = written(&output.before)?;
                Ok(Entry::Entered(InLane { request, written }))
            }
            Err(error) => {
                let item = refused(error)?;
                if holder(&item) == Some(&request.holder) {
                    return Ok(Entry::Entered(InLane { written: written(&item)?, request }));
                }
                Ok(Entry::InProgress { until: lease(&item)? })
            }
        }
    }

    async fn leave(&self, lane: &InLane, written: Option<LaneRecord>) -> Result<(), StoreError> {
        let over = milliseconds(OffsetDateTime::UNIX_EPOCH);
        let write = match written.as_ref().and_then(LaneRecord::json) {
            // Of somebody about whom nothing is to be remembered, nothing stays.
            None if lane.written == LaneRecord::default() => self
                .write(&lane.request, IS_HELD, "SET lease_until = :over, expires_at = :expires")
                .value(":expires", end_of_empty(&lane.request)),
            None => self.write(&lane.request, IS_HELD, "SET lease_until = :over"),
            Some(json) => self
                .write(&lane.request, IS_HELD, "SET lease_until = :over, written = :written")
                .value(":written", text(json)),
        };
        match self.send(&write.value(":over", over)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        let item = self.get(mark).await?;
        let ends = item.as_ref().and_then(|item| number(item, TTL_ATTRIBUTE));
        Ok(ends.is_some_and(|ends| now.unix_timestamp() < ends))
    }

    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError> {
        let write = self.change(mark).change("SET expires_at = :expires");
        let write = write.value(":expires", seconds(until));
        self.send(&write).await.map(drop).map_err(unreachable)
    }

    async fn delete(&self, record_id: &str) -> Result<(), StoreError> {
        let delete = ByKey::delete(&self.table, KEY_ATTRIBUTE, record_id);
        let deleted = self.calls.call::<Deleted>("DeleteItem", &delete).await;
        deleted.map(drop).map_err(unreachable)
    }

    fn peer(&self) -> Option<Peer> {
        self.calls.peer()
    }
}

/// The update that writes down the end.
fn completing<'a>(write: Update<'a>, completion: &Completion) -> Update<'a> {
    let gone = "lease_until, in_doubt_since, recipient_digest";
    let done = text(word(completion.state));
    let write = write.name("#state", STATE).value(":done", done);
    match &completion.vendor_id {
        None => write.change(format!("SET #state = :done REMOVE {gone}")),
        Some(id) => write
            .change(format!("SET #state = :done, vendor_id = :vendor REMOVE {gone}"))
            .value(":vendor", text(id)),
    }
}

fn end_of_empty(request: &LeaseRequest) -> Attribute {
    seconds(request.lease_until + EMPTY_LASTS)
}

fn unreachable(error: CallError) -> StoreError {
    StoreError::Unreachable(error.into())
}

fn won(request: LeaseRequest, output: Updated) -> Result<Acquire, StoreError> {
    let before = output.before;
    let in_doubt_since = time(&before, IN_DOUBT_SINCE)?;
    Ok(Acquire::Acquired(Lease { request, in_doubt_since, recipient: recipient(&before) }))
}

/// What the item says to a request that did not get it.
fn turned_away(request: LeaseRequest, item: Item) -> Result<Acquire, StoreError> {
    match state(&item) {
        None => Err(StoreError::Unreadable("its state is not known")),
        // The first attempt was written and its answer lost.
        Some(State::InProgress) if holder(&item) == Some(&request.holder) => {
            let ours = Some(request.now.truncate_to_millisecond());
            let in_doubt_since = time(&item, IN_DOUBT_SINCE)?.filter(|since| Some(*since) != ours);
            // Without an earlier marker, this lease set it.
            let recipient = in_doubt_since.and_then(|_| recipient(&item));
            Ok(Acquire::Acquired(Lease { request, in_doubt_since, recipient }))
        }
        Some(State::InProgress) => Ok(Acquire::InProgress { until: lease(&item)? }),
        Some(done) => Ok(Acquire::Completed(done)),
    }
}

/// The item that stood against a write; any other failure is an error.
fn refused(error: CallError) -> Result<Item, StoreError> {
    match error {
        CallError::Refused(refusal) if refusal.is(CONDITION_FAILED) => {
            let found = refusal.body::<Found>().ok_or(StoreError::Unreadable("it is no item"))?;
            of_version_1(found.item.unwrap_or_default())
        }
        error => Err(unreachable(error)),
    }
}

/// The item, if this code may read it.
fn of_version_1(item: Item) -> Result<Item, StoreError> {
    if item.contains_key(VERSION) {
        return Err(StoreError::Unreadable("it is of another version"));
    }
    Ok(item)
}

/// Why a holder's write failed.
fn lost(error: CallError) -> StoreError {
    refused(error).map_or_else(|error| error, |_| StoreError::Lost)
}

/// The attributes besides key and end. `state` is a reserved word, so expressions call it `#state`.
const STATE: &str = "state";
const HOLDER: &str = "holder";
const LEASE_UNTIL: &str = "lease_until";
const IN_DOUBT_SINCE: &str = "in_doubt_since";
const RECIPIENT: &str = "recipient_digest";
const WRITTEN: &str = "written";

/// Who has the lease, or had it last.
fn holder(item: &Item) -> Option<&String> {
    item.get(HOLDER)?.text.as_ref()
}

/// Whom the call is for that may have gone out.
fn recipient(item: &Item) -> Option<String> {
    item.get(RECIPIENT)?.text.clone()
}

/// When the lease ends.
fn lease(item: &Item) -> Result<OffsetDateTime, StoreError> {
    time(item, LEASE_UNTIL)?.ok_or(StoreError::Unreadable("it has no end of a lease"))
}

/// What the events of a lane have written.
fn written(item: &Item) -> Result<LaneRecord, StoreError> {
    let Some(value) = item.get(WRITTEN) else { return Ok(LaneRecord::default()) };
    let json = value.text.clone();
    json.map(LaneRecord::from_json)
        .ok_or(StoreError::Unreadable("it does not say what was written"))
}

/// A whole number.
fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.number.as_ref()?.parse().ok()
}

/// A time in milliseconds.
fn time(item: &Item, name: &'static str) -> Result<Option<OffsetDateTime>, StoreError> {
    if !item.contains_key(name) {
        return Ok(None);
    }
    number(item, name)
        .and_then(|milliseconds| {
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
        })
        .map(Some)
        .ok_or(StoreError::Unreadable("it holds a time that is none"))
}

fn text(value: &str) -> Attribute {
    Attribute::text(value)
}

fn milliseconds(time: OffsetDateTime) -> Attribute {
    Attribute::number(time.unix_timestamp_nanos() / 1_000_000)
}

fn seconds(time: OffsetDateTime) -> Attribute {
    Attribute::number(time.unix_timestamp().into())
}

fn word(state: State) -> &'static str {
    match state {
        State::InProgress => "in_progress",
        State::Delivered => "delivered",
        State::Rejected => "rejected",
    }
}

/// The item's state; `None` for one that this code does not know.
fn state(item: &Item) -> Option<State> {
    of_word(item.get(STATE)?.text.as_ref()?)
}

fn of_word(text: &str) -> Option<State> {
    let states = [State::InProgress, State::Delivered, State::Rejected];
    states.into_iter().find(|state| word(*state) == text)
}
