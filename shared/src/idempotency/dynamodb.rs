//! The records in a table of DynamoDB: one item a record, each change one conditional write.
//!
//! Leases and in-doubt markers are in milliseconds, as a lease is over within a second; the end of a
//! record's life is in seconds, as DynamoDB's time to live wants it. DynamoDB deletes expired
//! items some days late, so the end is compared here, too.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::update_item::{
        UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
    },
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use time::OffsetDateTime;

use super::{
    Acquire, Completion, Entry, IdempotencyStore, InLane, LaneRecord, Lease, LeaseRequest, State,
    StoreError,
};
use crate::aws::{self, Aws};

/// The actions that a function's policy must allow on its table.
pub const ACTIONS: [&str; 2] = ["dynamodb:GetItem", "dynamodb:UpdateItem"];

/// The table's partition key, a string.
pub const KEY_ATTRIBUTE: &str = "id";

/// The attribute of the table's time to live.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// Nobody has it, it is not done, or its life or its holder's lease is over.
const IS_FREE: &str = "attribute_not_exists(id) OR expires_at <= :now_s \
     OR (#state = :in_progress AND lease_until <= :now)";

/// Nobody is in the lane, or the holder's lease is over.
const IS_EMPTY: &str = "attribute_not_exists(id) OR lease_until <= :now";

/// How long an item stays after its lease if nothing is to be remembered of it.
const EMPTY_LASTS: Duration = Duration::from_hours(1);

/// It is still the holder's.
const IS_HELD: &str = "holder = :holder AND #state = :in_progress";

/// Its call to this recipient may have gone out, and nobody knows what came of it.
const IS_IN_DOUBT: &str = "#state = :in_progress AND attribute_exists(in_doubt_since) \
     AND recipient_digest = :recipient";

/// A table of records.
pub struct DynamoDbStore {
    client: Client,
    table: String,
}

impl DynamoDbStore {
    /// The table of this name.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { client: Client::new(aws.sdk()), table: table.to_owned() }
    }

    /// What a record says was written, whoever has its lease; `None`: there is no such record.
    ///
    /// # Errors
    /// The table cannot be reached, or says what this code does not read.
    pub async fn look(&self, record_id: &str) -> Result<Option<LaneRecord>, StoreError> {
        let get = self.client.get_item().table_name(&self.table);
        let get = get.key(KEY_ATTRIBUTE, text(record_id)).consistent_read(true);
        let found = get.send().await.map_err(unreachable)?;
        found.item.as_ref().map(written).transpose()
    }

    /// A write to the record that `request` is for. Where its condition fails, the item comes back.
    fn write(
        &self,
        request: &LeaseRequest,
        condition: &str,
        update: &str,
    ) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(KEY_ATTRIBUTE, text(&request.record_id))
            .condition_expression(condition)
            .update_expression(update)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":in_progress", text(word(State::InProgress)))
            .expression_attribute_values(":holder", text(&request.holder))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// A write that acquires the lease, for as long as the request says. What was there comes back.
    fn taking(
        &self,
        request: &LeaseRequest,
        condition: &str,
        set: &str,
        remove: &str,
    ) -> UpdateItemFluentBuilder {
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
            .write(request, condition, &update)
            .expression_attribute_values(":now", milliseconds(request.now))
            .expression_attribute_values(":lease", milliseconds(request.lease_until))
            .return_values(ReturnValue::AllOld);
        match expires {
            Some(end) => write.expression_attribute_values(":expires", seconds(end)),
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
                .expression_attribute_values(":recipient", text(recipient)),
        };
        let write = write.expression_attribute_values(":now_s", seconds(request.now));
        match write.send().await {
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
                write.expression_attribute_values(":recipient", text(recipient))
            }
        };
        let write = write.expression_attribute_values(":now", milliseconds(now));
        match write.send().await {
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
        match write.expression_attribute_values(":over", over).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn expire(&self, lease: &Lease) -> Result<(), StoreError> {
        let update = "SET lease_until = :over, expires_at = :expires \
             REMOVE in_doubt_since, recipient_digest";
        let write = self.write(&lease.request, IS_HELD, update);
        let write = write.expression_attribute_values(":expires", end_of_empty(&lease.request));
        let over = milliseconds(OffsetDateTime::UNIX_EPOCH);
        match write.expression_attribute_values(":over", over).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError> {
        let write = completing(self.write(&lease.request, IS_HELD, ""), &completion);
        match write.send().await.map_err(refused) {
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
        let write = self.client.update_item().table_name(&self.table);
        let write = write
            .key(KEY_ATTRIBUTE, text(record_id))
            .condition_expression(IS_IN_DOUBT)
            .expression_attribute_values(":recipient", text(recipient))
            .expression_attribute_values(":in_progress", text(word(State::InProgress)));
        match completing(write, &completion).send().await.map_err(refused) {
            Ok(_) => Ok(true),
            Err(Ok(_)) => Ok(false),
            Err(Err(error)) => Err(error),
        }
    }

    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError> {
        let take = "SET #state = :in_progress, holder = :holder, lease_until = :lease";
        let request = LeaseRequest { ttl: None, ..request };
        let write = self.taking(&request, IS_EMPTY, take, "");
        match write.send().await {
            Ok(output) => {
                let written = written(&output.attributes.unwrap_or_default())?;
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
                .expression_attribute_values(":expires", end_of_empty(&lane.request)),
            None => self.write(&lane.request, IS_HELD, "SET lease_until = :over"),
            Some(json) => self
                .write(&lane.request, IS_HELD, "SET lease_until = :over, written = :written")
                .expression_attribute_values(":written", text(json)),
        };
        match write.expression_attribute_values(":over", over).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        let get = self.client.get_item().table_name(&self.table).key(KEY_ATTRIBUTE, text(mark));
        let found = get.consistent_read(true).send().await.map_err(unreachable)?;
        let ends = found.item.as_ref().and_then(|item| number(item, TTL_ATTRIBUTE));
        Ok(ends.is_some_and(|ends| now.unix_timestamp() < ends))
    }

    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError> {
        let write = self.client.update_item().table_name(&self.table);
        let write = write.key(KEY_ATTRIBUTE, text(mark));
        let write = write.update_expression("SET expires_at = :expires");
        let write = write.expression_attribute_values(":expires", seconds(until));
        write.send().await.map(drop).map_err(unreachable)
    }

    async fn delete(&self, record_id: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.key(KEY_ATTRIBUTE, text(record_id));
        delete.send().await.map(drop).map_err(unreachable)
    }
}

/// The update that writes down the end.
fn completing(write: UpdateItemFluentBuilder, completion: &Completion) -> UpdateItemFluentBuilder {
    let gone = "lease_until, in_doubt_since, recipient_digest";
    let done = text(word(completion.state));
    let write = write
        .expression_attribute_names("#state", STATE)
        .expression_attribute_values(":done", done);
    match &completion.vendor_id {
        None => write.update_expression(format!("SET #state = :done REMOVE {gone}")),
        Some(id) => write
            .update_expression(format!("SET #state = :done, vendor_id = :vendor REMOVE {gone}"))
            .expression_attribute_values(":vendor", text(id)),
    }
}

fn end_of_empty(request: &LeaseRequest) -> AttributeValue {
    seconds(request.lease_until + EMPTY_LASTS)
}

fn unreachable<E>(error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    StoreError::Unreachable(aws::cause(&error))
}

fn won(request: LeaseRequest, output: UpdateItemOutput) -> Result<Acquire, StoreError> {
    let before = output.attributes.unwrap_or_default();
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
fn refused(error: SdkError<UpdateItemError>) -> Result<Item, StoreError> {
    let cause = aws::cause(&error);
    match error.into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(failed) => {
            Ok(failed.item.unwrap_or_default())
        }
        _ => Err(StoreError::Unreachable(cause)),
    }
}

/// Why a holder's write failed.
fn lost(error: SdkError<UpdateItemError>) -> StoreError {
    refused(error).map_or_else(|error| error, |_| StoreError::Lost)
}

/// The attributes besides key and end. `state` is a reserved word, so expressions call it `#state`.
const STATE: &str = "state";
const HOLDER: &str = "holder";
const LEASE_UNTIL: &str = "lease_until";
const IN_DOUBT_SINCE: &str = "in_doubt_since";
const RECIPIENT: &str = "recipient_digest";
const WRITTEN: &str = "written";

type Item = HashMap<String, AttributeValue>;

/// Who has the lease, or had it last.
fn holder(item: &Item) -> Option<&String> {
    item.get(HOLDER)?.as_s().ok()
}

/// Whom the call is for that may have gone out.
fn recipient(item: &Item) -> Option<String> {
    item.get(RECIPIENT)?.as_s().ok().cloned()
}

/// When the lease ends.
fn lease(item: &Item) -> Result<OffsetDateTime, StoreError> {
    time(item, LEASE_UNTIL)?.ok_or(StoreError::Unreadable("it has no end of a lease"))
}

/// What the events of a lane have written.
fn written(item: &Item) -> Result<LaneRecord, StoreError> {
    let Some(value) = item.get(WRITTEN) else { return Ok(LaneRecord::default()) };
    let json = value.as_s().map_err(|_| StoreError::Unreadable("it does not say what was written"));
    json.cloned().map(LaneRecord::from_json)
}

/// A whole number.
fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
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

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn milliseconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N((time.unix_timestamp_nanos() / 1_000_000).to_string())
}

fn seconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N(time.unix_timestamp().to_string())
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
    of_word(item.get(STATE)?.as_s().ok()?)
}

fn of_word(text: &str) -> Option<State> {
    let states = [State::InProgress, State::Delivered, State::Rejected];
    states.into_iter().find(|state| word(*state) == text)
}
