//! The attributes of an item, read and written.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;

use super::super::{State, StoreError, Written};

/// The attributes besides key and end. `state` is a reserved word, so expressions call it `#state`.
pub(super) const STATE: &str = "state";
const HOLDER: &str = "holder";
const LEASE_UNTIL: &str = "lease_until";
pub(super) const IN_DOUBT_SINCE: &str = "in_doubt_since";
const RECIPIENT: &str = "recipient_digest";
const WRITTEN: &str = "written";

pub(super) type Item = HashMap<String, AttributeValue>;

/// Who holds the lease, or held it last.
pub(super) fn holder(item: &Item) -> Option<&String> {
    item.get(HOLDER)?.as_s().ok()
}

/// The recipient of the call that may have gone out.
pub(super) fn recipient(item: &Item) -> Option<String> {
    item.get(RECIPIENT)?.as_s().ok().cloned()
}

/// When the lease ends.
pub(super) fn lease(item: &Item) -> Result<OffsetDateTime, StoreError> {
    time(item, LEASE_UNTIL)?.ok_or(StoreError::Unreadable("it has no end of a lease"))
}

/// What the events of a lane have written.
pub(super) fn written(item: &Item) -> Result<Written, StoreError> {
    let Some(value) = item.get(WRITTEN) else { return Ok(Written::default()) };
    let json = value.as_s().ok().and_then(|json| serde_json::from_str(json).ok());
    json.ok_or(StoreError::Unreadable("it does not say what was written"))
}

/// A whole number.
pub(super) fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A time in milliseconds.
pub(super) fn time(item: &Item, name: &'static str) -> Result<Option<OffsetDateTime>, StoreError> {
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

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn milliseconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N((time.unix_timestamp_nanos() / 1_000_000).to_string())
}

pub(super) fn seconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N(time.unix_timestamp().to_string())
}

pub(super) fn word(state: State) -> &'static str {
    match state {
        State::InProgress => "in_progress",
        State::Delivered => "delivered",
        State::Rejected => "rejected",
    }
}

/// The item's state; `None` for an unknown one.
pub(super) fn state(item: &Item) -> Option<State> {
    of_word(item.get(STATE)?.as_s().ok()?)
}

fn of_word(text: &str) -> Option<State> {
    let states = [State::InProgress, State::Delivered, State::Rejected];
    states.into_iter().find(|state| word(*state) == text)
}
