//! The operations with which a person, and not Lambda, reads a queue.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ACCOUNT, FakeMessage, Queues, event::millis, invalid, queue, refusal, text};
use crate::aws::{Refusal, check_fields};

/// The most messages of one call.
const MOST_MESSAGES: u64 = 10;
/// The longest wait for a message, in seconds. The fake does not wait.
const LONGEST_WAIT: u64 = 20;

pub(super) fn receive(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(
        input,
        &[
            "QueueUrl",
            "MaxNumberOfMessages",
            "MessageSystemAttributeNames",
            "VisibilityTimeout",
            "WaitTimeSeconds",
        ],
    )?;
    let name = queue(queues, input)?;
    let most = within(input, "MaxNumberOfMessages", 1, MOST_MESSAGES)?.unwrap_or(1);
    let hidden = within(input, "VisibilityTimeout", 0, super::LONGEST_HIDING.into())?;
    within(input, "WaitTimeSeconds", 0, LONGEST_WAIT)?;
    let hidden = hidden.map_or(queues.visibility_timeout, Duration::from_secs);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let received = queues.receive(name, most, hidden);
    let asked = input["MessageSystemAttributeNames"].as_array().cloned().unwrap_or_default();
    let messages: Vec<_> = received.iter().map(|message| shown(message, &asked)).collect();
    Ok(if messages.is_empty() { json!({}) } else { json!({"Messages": messages}) })
}

fn shown(message: &FakeMessage, asked: &[Value]) -> Value {
    let known = [
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("SentTimestamp", millis(message.sent)),
    ];
    let attributes = known.into_iter().filter(|(name, _)| asked.iter().any(|one| one == name));
    let attributes: Map<_, _> =
        attributes.map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({
        "MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body,
        "MD5OfBody": message.md5(), "Attributes": attributes,
    })
}

/// SQS is content with a receipt of a message that is gone.
pub(super) fn delete(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(input, &["QueueUrl", "ReceiptHandle"])?;
    queue(queues, input)?;
    queues.delete(text(input, "ReceiptHandle")?);
    Ok(json!({}))
}

pub(super) fn attributes(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(input, &["QueueUrl", "AttributeNames"])?;
    let name = queue(queues, input)?;
    let mut attributes = Map::new();
    for asked in input["AttributeNames"].as_array().into_iter().flatten() {
        let asked = asked.as_str().unwrap_or_default();
        if let Some(value) = attribute(queues, name, asked)? {
            attributes.insert(asked.to_owned(), value.into());
        }
    }
    Ok(json!({"Attributes": attributes}))
}

fn attribute(queues: &Queues, name: &str, attribute: &str) -> Result<Option<String>, Refusal> {
    let hidden = queues.of(name).iter().filter(|message| message.is_hidden()).count();
    match attribute {
        "ApproximateNumberOfMessages" => Ok(Some((queues.of(name).len() - hidden).to_string())),
        "ApproximateNumberOfMessagesNotVisible" => Ok(Some(hidden.to_string())),
        "MaximumMessageSize" => Ok(Some(queues.max_message_bytes.to_string())),
        "RedrivePolicy" => Ok(queues.dead_letters.get(name).map(|dead_letters| {
            let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{dead_letters}");
            json!({"deadLetterTargetArn": arn, "maxReceiveCount": 100}).to_string()
        })),
        _ => Err(refusal("InvalidAttributeName", &format!("Unknown Attribute {attribute}."))),
    }
}

pub(super) fn url(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(input, &["QueueName"])?;
    let name = text(input, "QueueName")?;
    // SQS tells its own host, wherever it was called.
    let url = format!("https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}");
    queue(queues, &json!({"QueueUrl": url}))?;
    Ok(json!({"QueueUrl": url}))
}

/// An optional number in a range.
fn within(input: &Value, field: &str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
    match &input[field] {
        Value::Null => Ok(None),
        value => match value.as_u64().filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(invalid(format!(
                "Value {value} for parameter {field} is invalid. Reason: Must be between {least} \
                 and {most}, if provided."
            ))),
        },
    }
}
