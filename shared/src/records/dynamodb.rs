//! The records in a table of DynamoDB: one item a record, each change one conditional write.
//!
//! Leases and marks are in milliseconds, as a lease is over within a second; the end of a
//! record's life is in seconds, as DynamoDB's time to live wants it. DynamoDB deletes expired
//! items some days late, so the end is compared here, too.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::update_item::{
        UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
    },
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use time::OffsetDateTime;

use super::{Bid, Claim, Done, Held, Records, RecordsError, State};
use crate::aws::Aws;

/// The action that a function's policy must allow on its table.
pub const ACTION: &str = "dynamodb:UpdateItem";

/// The table's partition key, a string.
pub const KEY_ATTRIBUTE: &str = "id";

/// The attribute of the table's time to live.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// The attributes besides. `state` is a reserved word, so expressions call it `#state`.
const STATE: &str = "state";
const HOLDER: &str = "holder";
const LEASE_UNTIL: &str = "lease_until";
const UNSURE_SINCE: &str = "unsure_since";

/// Nobody has it, it is not done, or its life or its holder's lease is over.
const IS_FREE: &str = "attribute_not_exists(id) OR expires_at <= :now_s \
     OR (#state = :in_progress AND lease_until <= :now)";

/// It is still the holder's.
const IS_HELD: &str = "holder = :holder AND #state = :in_progress";

type Item = HashMap<String, AttributeValue>;

/// A table of records.
pub struct DynamoDb {
    client: Client,
    table: String,
}

impl DynamoDb {
    /// The table of this name.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { client: Client::new(aws.sdk()), table: table.to_owned() }
    }

    /// A write to the record that `bid` is for. Where its condition fails, the item comes back.
    fn write(&self, bid: &Bid, condition: &str, update: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(KEY_ATTRIBUTE, text(&bid.record_id))
            .condition_expression(condition)
            .update_expression(update)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":in_progress", text(word(State::InProgress)))
            .expression_attribute_values(":holder", text(&bid.holder))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

#[async_trait]
impl Records for DynamoDb {
    async fn claim(&self, bid: Bid) -> Result<Claim, RecordsError> {
        let take = "SET #state = :in_progress, holder = :holder, lease_until = :lease, \
             unsure_since = if_not_exists(unsure_since, :now)";
        let expires = bid.expires();
        let update = match expires {
            Some(_) => format!("{take}, expires_at = :expires REMOVE vendor_id"),
            None => format!("{take} REMOVE vendor_id, expires_at"),
        };
        let write = self
            .write(&bid, IS_FREE, &update)
            .expression_attribute_values(":now", milliseconds(bid.now))
            .expression_attribute_values(":now_s", seconds(bid.now))
            .expression_attribute_values(":lease", milliseconds(bid.lease_until))
            .set_return_values(Some(ReturnValue::AllOld));
        let write = match expires {
            Some(end) => write.expression_attribute_values(":expires", seconds(end)),
            None => write,
        };
        match write.send().await {
            Ok(output) => won(bid, output),
            Err(error) => turned_away(bid, refused(error)?),
        }
    }

    async fn renew(&self, held: Held, now: OffsetDateTime) -> Result<Held, RecordsError> {
        let write = self.write(&held.bid, IS_HELD, "SET unsure_since = :now");
        let write = write.expression_attribute_values(":now", milliseconds(now));
        match write.send().await {
            Ok(_) => Ok(Held { unsure_since: None, ..held }),
            Err(error) => Err(lost(error)),
        }
    }

    async fn release(&self, held: &Held) -> Result<(), RecordsError> {
        let update = match held.unsure_since {
            None => "SET lease_until = :over REMOVE unsure_since",
            Some(_) => "SET lease_until = :over",
        };
        let write = self.write(&held.bid, IS_HELD, update);
        let over = milliseconds(OffsetDateTime::UNIX_EPOCH);
        match write.expression_attribute_values(":over", over).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn complete(&self, held: &Held, done: Done) -> Result<(), RecordsError> {
        let update = match done.vendor_id {
            None => "SET #state = :done REMOVE lease_until, unsure_since",
            Some(_) => "SET #state = :done, vendor_id = :vendor REMOVE lease_until, unsure_since",
        };
        let write = self.write(&held.bid, IS_HELD, update);
        let write = write.expression_attribute_values(":done", text(word(done.state)));
        let write = match &done.vendor_id {
            Some(id) => write.expression_attribute_values(":vendor", text(id)),
            None => write,
        };
        match write.send().await.map_err(refused) {
            Ok(_) => Ok(()),
            Err(Err(error)) => Err(error),
            // The first attempt was written and its answer lost.
            Err(Ok(item)) if holder(&item) == Some(&held.bid.holder) => Ok(()),
            Err(Ok(_)) => Err(RecordsError::Lost),
        }
    }
}

fn won(bid: Bid, output: UpdateItemOutput) -> Result<Claim, RecordsError> {
    let before = output.attributes.unwrap_or_default();
    let unsure_since = time(&before, UNSURE_SINCE)?;
    Ok(Claim::Won(Held { bid, unsure_since }))
}

/// What the item says to a bid that did not get it.
fn turned_away(bid: Bid, item: Item) -> Result<Claim, RecordsError> {
    let state = item.get(STATE).and_then(|state| state.as_s().ok()).map(String::as_str);
    match state.and_then(of_word) {
        None => Err(RecordsError::Unreadable("its state is not known")),
        // The first attempt was written and its answer lost.
        Some(State::InProgress) if holder(&item) == Some(&bid.holder) => {
            let ours = Some(bid.now.truncate_to_millisecond());
            let unsure_since = time(&item, UNSURE_SINCE)?.filter(|since| Some(*since) != ours);
            Ok(Claim::Won(Held { bid, unsure_since }))
        }
        Some(State::InProgress) => {
            let until = time(&item, LEASE_UNTIL)?;
            let until = until.ok_or(RecordsError::Unreadable("it has no end of a lease"))?;
            Ok(Claim::Busy { until })
        }
        Some(done) => Ok(Claim::Done(done)),
    }
}

/// The item that stood against a write; any other failure is an error.
fn refused(error: SdkError<UpdateItemError>) -> Result<Item, RecordsError> {
    match error {
        SdkError::ServiceError(refused)
            if refused.err().is_conditional_check_failed_exception() =>
        {
            match refused.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(failed.item.unwrap_or_default())
                }
                other => Err(RecordsError::Unreachable(other.into())),
            }
        }
        other => Err(RecordsError::Unreachable(other.into_source().unwrap_or_else(Into::into))),
    }
}

/// Why a holder's write failed.
fn lost(error: SdkError<UpdateItemError>) -> RecordsError {
    refused(error).map_or_else(|error| error, |_| RecordsError::Lost)
}

fn holder(item: &Item) -> Option<&String> {
    item.get(HOLDER)?.as_s().ok()
}

fn time(item: &Item, name: &'static str) -> Result<Option<OffsetDateTime>, RecordsError> {
    let Some(value) = item.get(name) else { return Ok(None) };
    let milliseconds = value.as_n().ok().and_then(|number| number.parse::<i64>().ok());
    milliseconds
        .and_then(|number| {
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(number) * 1_000_000).ok()
        })
        .map(Some)
        .ok_or(RecordsError::Unreadable("it holds a time that is none"))
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

fn of_word(text: &str) -> Option<State> {
    let states = [State::InProgress, State::Delivered, State::Rejected];
    states.into_iter().find(|state| word(*state) == text)
}
