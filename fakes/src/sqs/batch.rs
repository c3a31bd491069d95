//! Several messages in one call.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Queues, check_body, queue, refusal, text};
use crate::aws::{Refusal, check_fields};

/// The most messages of one call.
const MOST_ENTRIES: usize = 10;

/// The most bytes of all bodies of one call.
const MOST_BYTES: usize = 1024 * 1024;

/// What the queue says of an entry that it has not taken, through nobody's fault.
const INTERNAL_ERROR: &str = "InternalError";

pub(super) fn send(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(input, &["QueueUrl", "Entries"])?;
    let name = queue(queues, input)?;
    let entries = input["Entries"].as_array().map_or(&[][..], Vec::as_slice);
    check(entries)?;
    let (mut sent, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let (id, body) = (text(entry, "Id")?, text(entry, "MessageBody")?);
        if queues.failing_entries > 0 {
            queues.failing_entries -= 1;
            failed.push(json!({"Id": id, "Code": INTERNAL_ERROR, "SenderFault": false}));
        } else if check_body(queues, body).is_err() {
            failed.push(json!({"Id": id, "Code": "InvalidParameterValue", "SenderFault": true}));
        } else {
            let message = queues.send(name, body);
            sent.push(json!({
                "Id": id, "MessageId": message.id, "MD5OfMessageBody": message.md5(),
            }));
        }
    }
    Ok(json!({"Successful": sent, "Failed": failed}))
}

fn check(entries: &[Value]) -> Result<(), Refusal> {
    let batch = |kind: &'static str, code: &'static str, message: &str| {
        Err(refusal(kind, message).query_code(code))
    };
    if entries.is_empty() {
        let code = "AWS.SimpleQueueService.EmptyBatchRequest";
        return batch("EmptyBatchRequest", code, "There should be at least one entry.");
    }
    if entries.len() > MOST_ENTRIES {
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        return batch("TooManyEntriesInBatchRequest", code, "Maximum number of entries is 10.");
    }
    for entry in entries {
        check_fields(entry, &["Id", "MessageBody"])?;
    }
    let ids: HashSet<_> = entries.iter().filter_map(|entry| entry["Id"].as_str()).collect();
    if ids.len() < entries.len() {
        let code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        return batch("BatchEntryIdsNotDistinct", code, "Two entries have the same id.");
    }
    let bytes = entries.iter().filter_map(|entry| entry["MessageBody"].as_str()).map(str::len);
    if bytes.sum::<usize>() > MOST_BYTES {
        let code = "AWS.SimpleQueueService.BatchRequestTooLong";
        return batch("BatchRequestTooLong", code, "The batch is too long.");
    }
    Ok(())
}
