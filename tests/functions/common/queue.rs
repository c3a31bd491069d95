//! The queue between accept and deliver: tests play Lambda's part, read records and move time.

use std::time::{Duration, Instant};

use fakes::FakeMessage;
use integration::let_time_pass;
use serde_json::Value;
use tokio::time::sleep;

use super::setup::{QUEUE, Running, TABLE, Vendor};

impl<V: Vendor> Running<V> {
    /// Delivers the visible messages one by one, as Lambda does. Returns those that stay.
    pub(crate) async fn work(&mut self) -> Vec<FakeMessage> {
        self.work_together(1).await
    }

    /// The same in batches of this size.
    pub(crate) async fn work_together(&mut self, most: usize) -> Vec<FakeMessage> {
        for batch in self.sqs.receive(QUEUE, usize::MAX).chunks(most) {
            self.deliver(batch).await;
        }
        self.stored()
    }

    /// Delivers the only visible message with this receive count. Returns its backoff.
    pub(crate) async fn work_after(&mut self, receives: u32) -> Option<u32> {
        let [message] = self.sqs.receive(QUEUE, usize::MAX).try_into().unwrap();
        self.deliver(&[FakeMessage { receive_count: receives, ..message }]).await;
        self.stored_once().visibility
    }

    /// Delivers messages together; those that need not stay are deleted.
    pub(crate) async fn deliver(&mut self, messages: &[FakeMessage]) {
        let kept = self.sandbox.deliver(messages).await;
        for message in messages.iter().filter(|message| !kept.contains(&message.id)) {
            self.sqs.delete(&message.receipt);
        }
    }

    /// The messages in the queue, visible or not.
    pub(crate) fn stored(&self) -> Vec<FakeMessage> {
        self.sqs.messages(QUEUE)
    }

    /// The only message in the queue.
    pub(crate) fn stored_once(&self) -> FakeMessage {
        let [message] = self.stored().try_into().unwrap();
        message
    }

    /// What the one message in the queue says.
    pub(crate) fn stored_body(&self) -> Value {
        serde_json::from_str(&self.stored_once().body).unwrap()
    }

    /// The one record.
    pub(crate) fn record(&self) -> Value {
        let [record] = self.dynamo_db.items(TABLE).try_into().unwrap();
        record
    }

    /// Moves all times in the records back and makes all messages visible, as if this time had
    /// passed.
    pub(crate) fn let_time_pass(&self, time: Duration) {
        let_time_pass(&self.dynamo_db, TABLE, time);
        self.sqs.make_visible(QUEUE);
    }
}

/// Waits until a vendor has been called; the calls.
pub(crate) async fn until_called<V: Vendor>(vendor: &V) -> Vec<V::Call> {
    let began = Instant::now();
    loop {
        let calls = vendor.take_received();
        if !calls.is_empty() {
            return calls;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "waited in vain for a call");
        sleep(Duration::from_millis(5)).await;
    }
}
