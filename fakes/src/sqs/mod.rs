//! AWS SQS, as far as the functions and `ory-actions` call it. Methods receive and delete messages,
//! which Lambda does on AWS.

mod batch;
mod event;
mod queues;
mod reading;

use std::time::Duration;

use serde_json::{Value, json};

pub use event::lambda_event;
pub use queues::FakeMessage;
pub(super) use queues::Queues;

use crate::aws::{AwsServer, Refusal, Service, check_fields};

/// The account of all queues.
const ACCOUNT: &str = "000000000000";
/// The longest visibility timeout, in seconds.
const LONGEST_HIDING: u32 = 43_200;

/// A fake of SQS.
pub type FakeSqs = AwsServer<Queues>;

impl FakeSqs {
    /// Creates an empty queue.
    pub fn create_queue(&self, name: &str) {
        self.with(|queues| queues.create(name));
    }

    /// Creates a queue, and another for its dead letters. Nothing becomes one by itself.
    pub fn create_queue_with_dead_letters(&self, name: &str, dead_letters: &str) {
        self.with(|queues| {
            queues.create(name);
            queues.create(dead_letters);
            queues.dead_letters.insert(name.to_owned(), dead_letters.to_owned());
        });
    }

    /// The URL of a queue.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.url())
    }

    /// Sets the largest accepted message, in bytes. The default is 1 MiB.
    pub fn set_max_message_bytes(&self, bytes: usize) {
        self.with(|queues| queues.max_message_bytes = bytes);
    }

    /// Does not take this number of entries of batches, as if SQS had failed for them alone.
    pub fn fail_next_entries(&self, entries: usize) {
        self.with(|queues| queues.failing_entries = entries);
    }

    /// Sets how long a received message stays hidden. The default is 150 s.
    pub fn set_visibility_timeout(&self, timeout: Duration) {
        self.with(|queues| queues.visibility_timeout = timeout);
    }

    /// Puts a message with any body into a queue.
    pub fn put(&self, name: &str, body: &str) {
        self.with(|queues| drop(queues.send(name, body)));
    }

    /// Receives the visible messages of a queue, oldest first, and hides them.
    pub fn receive(&self, name: &str, most: usize) -> Vec<FakeMessage> {
        self.with(|queues| queues.receive(name, most, queues.visibility_timeout))
    }

    /// Deletes the message that was last received with this receipt handle.
    pub fn delete(&self, receipt: &str) {
        self.with(|queues| queues.delete(receipt));
    }

    /// All messages in a queue, hidden or not.
    pub fn messages(&self, name: &str) -> Vec<FakeMessage> {
        self.with(|queues| queues.of(name).to_vec())
    }

    /// Makes all messages of a queue visible, as if their timeouts had passed.
    pub fn make_visible(&self, name: &str) {
        self.with(|queues| queues.make_visible(name));
    }
}

impl Service for Queues {
    const TARGET: &'static str = "AmazonSQS";

    fn perform(&mut self, operation: &str, input: &Value) -> Result<Value, Refusal> {
        match operation {
            "SendMessage" => send(self, input),
            "SendMessageBatch" => batch::send(self, input),
            "ChangeMessageVisibility" => change_visibility(self, input),
            "DeleteMessage" => reading::delete(self, input),
            "GetQueueAttributes" => reading::attributes(self, input),
            "GetQueueUrl" => reading::url(self, input),
            "ReceiveMessage" => reading::receive(self, input),
            _ => Err(Refusal::unknown(operation).query_code("InvalidAction")),
        }
    }
}

fn send(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(input, &["QueueUrl", "MessageBody"])?;
    let queue = queue(queues, input)?;
    let body = text(input, "MessageBody")?;
    check_body(queues, body)?;
    let message = queues.send(queue, body);
    Ok(json!({"MessageId": message.id, "MD5OfMessageBody": message.md5()}))
}

fn check_body(queues: &Queues, body: &str) -> Result<(), Refusal> {
    let most = queues.max_message_bytes;
    if body.len() > most {
        return Err(invalid(format!(
            "One or more parameters are invalid. Reason: FakeMessage must be shorter than {most} bytes."
        )));
    }
    if !body.chars().all(is_allowed) {
        return Err(refusal("InvalidMessageContents", "Invalid characters found."));
    }
    Ok(())
}

fn change_visibility(queues: &mut Queues, input: &Value) -> Result<Value, Refusal> {
    check_fields(input, &["QueueUrl", "ReceiptHandle", "VisibilityTimeout"])?;
    let queue = queue(queues, input)?;
    let receipt = text(input, "ReceiptHandle")?;
    let seconds = &input["VisibilityTimeout"];
    if seconds.is_null() {
        return Err(missing("VisibilityTimeout"));
    }
    let seconds = seconds.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    let Some(seconds) = seconds.filter(|seconds| *seconds <= LONGEST_HIDING) else {
        return Err(invalid(format!(
            "Value {} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and \
             {LONGEST_HIDING}, if provided.",
            input["VisibilityTimeout"]
        )));
    };
    let Some(message) = queues.received(queue, receipt) else {
        return Err(invalid(format!(
            "Value {receipt} for parameter ReceiptHandle is invalid. Reason: FakeMessage does not \
             exist or is not available for visibility timeout change."
        )));
    };
    if !message.is_hidden() {
        return Err(refusal("MessageNotInflight", "The message is not in flight.")
            .query_code("AWS.SimpleQueueService.MessageNotInflight"));
    }
    message.ask_visibility(seconds);
    Ok(json!({}))
}

/// The name of the queue in the input.
fn queue<'a>(queues: &Queues, input: &'a Value) -> Result<&'a str, Refusal> {
    let url = input["QueueUrl"].as_str().unwrap_or_default();
    let parts = url.rsplit_once('/').filter(|(root, _)| root.ends_with(ACCOUNT));
    parts.map(|(_, name)| name).filter(|name| queues.exists(name)).ok_or_else(|| {
        refusal("QueueDoesNotExist", "The specified queue does not exist.")
            .query_code("AWS.SimpleQueueService.NonExistentQueue")
    })
}

fn text<'a>(input: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    input[field].as_str().filter(|text| !text.is_empty()).ok_or_else(|| missing(field))
}

/// The characters that SQS accepts: those of XML 1.0.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn refusal(kind: &'static str, message: &str) -> Refusal {
    Refusal::new(&format!("com.amazonaws.sqs#{kind}"), message).query_code(kind)
}

fn invalid(message: String) -> Refusal {
    Refusal::new("com.amazon.coral.service#InvalidParameterValueException", message)
        .query_code("InvalidParameterValue")
}

fn missing(parameter: &str) -> Refusal {
    let kind = "com.amazon.coral.service#MissingRequiredParameterException";
    let message = format!("The request must contain the parameter {parameter}.");
    Refusal::new(kind, message).query_code("MissingParameter")
}

#[cfg(test)]
mod tests;
