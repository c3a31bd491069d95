//! The records in a table of DynamoDB: one item a record, each change one conditional write.
//!
//! Leases and marks are in milliseconds, as a lease is over within a second; the end of a
//! record's life is in seconds, as DynamoDB's time to live wants it. DynamoDB deletes expired
//! items some days late, so the end is compared here, too.

mod item;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::update_item::{
        UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
    },
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use time::OffsetDateTime;

use self::item::{
    Item, STATE, UNSURE_SINCE, holder, lease, milliseconds, recipient, seconds, state, text, time,
    word, written,
};
use super::{Bid, Claim, Done, Entry, Held, InLane, Records, RecordsError, State, Written};
use crate::aws::{self, Aws};

/// The action that a function's policy must allow on its table.
pub const ACTION: &str = "dynamodb:UpdateItem";

/// The table's partition key, a string.
pub const KEY_ATTRIBUTE: &str = "id";

/// The attribute of the table's time to live.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// Nobody has it, it is not done, or its life or its holder's lease is over.
const IS_FREE: &str = "attribute_not_exists(id) OR expires_at <= :now_s \
     OR (#state = :in_progress AND lease_until <= :now)";

/// Nobody is in the lane, or the holder's lease is over.
const IS_EMPTY: &str = "attribute_not_exists(id) OR lease_until <= :now";

/// How long a lane's item stays in which nothing was ever written.
const EMPTY_LANE_LASTS: Duration = Duration::from_hours(1);

/// It is still the holder's.
const IS_HELD: &str = "holder = :holder AND #state = :in_progress";

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

    /// A write by which the bidder takes the record, for as long as the bid says. What was there
    /// comes back.
    fn taking(
        &self,
        bid: &Bid,
        condition: &str,
        set: &str,
        remove: &str,
    ) -> UpdateItemFluentBuilder {
        let expires = bid.expires();
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
            .write(bid, condition, &update)
            .expression_attribute_values(":now", milliseconds(bid.now))
            .expression_attribute_values(":lease", milliseconds(bid.lease_until))
            .return_values(ReturnValue::AllOld);
        match expires {
            Some(end) => write.expression_attribute_values(":expires", seconds(end)),
            None => write,
        }
    }
}

#[async_trait]
impl Records for DynamoDb {
    async fn claim(&self, bid: Bid, recipient: Option<&str>) -> Result<Claim, RecordsError> {
        let take = "SET #state = :in_progress, holder = :holder, lease_until = :lease, \
             unsure_since = if_not_exists(unsure_since, :now)";
        // It comes and goes with the mark, so where there is one, there is a mark already.
        let of_recipient = ", recipient_digest = if_not_exists(recipient_digest, :recipient)";
        let write = match recipient {
            None => self.taking(&bid, IS_FREE, take, "vendor_id"),
            Some(recipient) => self
                .taking(&bid, IS_FREE, &format!("{take}{of_recipient}"), "vendor_id")
                .expression_attribute_values(":recipient", text(recipient)),
        };
        let write = write.expression_attribute_values(":now_s", seconds(bid.now));
        match write.send().await {
            Ok(output) => won(bid, output),
            Err(error) => turned_away(bid, refused(error)?),
        }
    }

    async fn renew(
        &self,
        held: Held,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Held, RecordsError> {
        let write = match recipient {
            None => {
                let update = "SET unsure_since = :now REMOVE recipient_digest";
                self.write(&held.bid, IS_HELD, update)
            }
            Some(recipient) => {
                let update = "SET unsure_since = :now, recipient_digest = :recipient";
                let write = self.write(&held.bid, IS_HELD, update);
                write.expression_attribute_values(":recipient", text(recipient))
            }
        };
        let write = write.expression_attribute_values(":now", milliseconds(now));
        match write.send().await {
            Ok(_) => Ok(Held { unsure_since: None, recipient: None, ..held }),
            Err(error) => Err(lost(error)),
        }
    }

    async fn release(&self, held: &Held) -> Result<(), RecordsError> {
        let update = match held.unsure_since {
            None => "SET lease_until = :over REMOVE unsure_since, recipient_digest",
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
            None => "SET #state = :done REMOVE lease_until, unsure_since, recipient_digest",
            Some(_) => {
                "SET #state = :done, vendor_id = :vendor \
                 REMOVE lease_until, unsure_since, recipient_digest"
            }
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

    async fn enter(&self, bid: Bid) -> Result<Entry, RecordsError> {
        let take = "SET #state = :in_progress, holder = :holder, lease_until = :lease";
        let bid = Bid { ttl: None, ..bid };
        let write = self.taking(&bid, IS_EMPTY, take, "");
        match write.send().await {
            Ok(output) => {
                let written = written(&output.attributes.unwrap_or_default())?;
                Ok(Entry::Entered(InLane { bid, written }))
            }
            Err(error) => {
                let item = refused(error)?;
                if holder(&item) == Some(&bid.holder) {
                    return Ok(Entry::Entered(InLane { written: written(&item)?, bid }));
                }
                Ok(Entry::Busy { until: lease(&item)? })
            }
        }
    }

    async fn leave(&self, lane: &InLane, written: Option<Written>) -> Result<(), RecordsError> {
        let over = milliseconds(OffsetDateTime::UNIX_EPOCH);
        let write = match written {
            // Of somebody about whom nothing is to be remembered, nothing stays.
            None if lane.written == Written::default() => {
                let end = lane.bid.lease_until + EMPTY_LANE_LASTS;
                self.write(&lane.bid, IS_HELD, "SET lease_until = :over, expires_at = :expires")
                    .expression_attribute_values(":expires", seconds(end))
            }
            None => self.write(&lane.bid, IS_HELD, "SET lease_until = :over"),
            Some(written) => {
                let json = serde_json::to_string(&written)
                    .map_err(|_| RecordsError::Unreadable("what was written cannot be told"))?;
                self.write(&lane.bid, IS_HELD, "SET lease_until = :over, written = :written")
                    .expression_attribute_values(":written", text(&json))
            }
        };
        match write.expression_attribute_values(":over", over).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }
}

fn won(bid: Bid, output: UpdateItemOutput) -> Result<Claim, RecordsError> {
    let before = output.attributes.unwrap_or_default();
    let unsure_since = time(&before, UNSURE_SINCE)?;
    Ok(Claim::Won(Held { bid, unsure_since, recipient: recipient(&before) }))
}

/// What the item says to a bid that did not get it.
fn turned_away(bid: Bid, item: Item) -> Result<Claim, RecordsError> {
    match state(&item) {
        None => Err(RecordsError::Unreadable("its state is not known")),
        // The first attempt was written and its answer lost.
        Some(State::InProgress) if holder(&item) == Some(&bid.holder) => {
            let ours = Some(bid.now.truncate_to_millisecond());
            let unsure_since = time(&item, UNSURE_SINCE)?.filter(|since| Some(*since) != ours);
            // Without an earlier mark, it is this claim's own.
            let recipient = unsure_since.and_then(|_| recipient(&item));
            Ok(Claim::Won(Held { bid, unsure_since, recipient }))
        }
        Some(State::InProgress) => Ok(Claim::Busy { until: lease(&item)? }),
        Some(done) => Ok(Claim::Done(done)),
    }
}

/// The item that stood against a write; any other failure is an error.
fn refused(error: SdkError<UpdateItemError>) -> Result<Item, RecordsError> {
    let told = aws::told(&error);
    match error.into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(failed) => {
            Ok(failed.item.unwrap_or_default())
        }
        _ => Err(RecordsError::Unreachable(told)),
    }
}

/// Why a holder's write failed.
fn lost(error: SdkError<UpdateItemError>) -> RecordsError {
    refused(error).map_or_else(|error| error, |_| RecordsError::Lost)
}
