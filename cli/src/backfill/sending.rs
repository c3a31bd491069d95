//! Sends a batch until all of it is in the queue, or SQS has failed too often.

use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use super::{
    job::{Entry, Unfit},
    outbox::{Outbox, OutboxError, Sent},
};
use crate::aws::CallError;

/// How often a batch is sent, at most. The SDK tries each call twice.
const MOST_ATTEMPTS: u32 = 6;

/// The wait before the second attempt; each later one is twice as long. All together take some
/// seconds: whoever presses Ctrl-C waits for them.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Those that are in the queue.
    pub(super) sent: Vec<Uuid>,
    /// Those that SQS will never take.
    pub(super) refused: Vec<(Uuid, Unfit)>,
    /// Why the others are not in the queue.
    pub(super) failure: Option<OutboxError>,
}

/// Sends a batch. An entry that may have arrived is sent again: it is the same event.
pub(super) async fn send(outbox: &dyn Outbox, mut entries: Vec<Entry>) -> Batch {
    let mut batch = Batch::default();
    let (mut attempts, mut wait) = (0, FIRST_WAIT);
    loop {
        let failure = match outbox.send(&entries).await {
            Ok(told) => batch.take(&mut entries, told),
            Err(error) if !error.is_temporary => {
                batch.failure = Some(error);
                return batch;
            }
            Err(error) => Some(error),
        };
        attempts += 1;
        if failure.is_none() || attempts == MOST_ATTEMPTS {
            batch.failure = failure;
            return batch;
        }
        sleep(wait).await;
        wait *= 2;
    }
}

impl Batch {
    /// Takes what SQS said of each entry, and keeps those that are to be sent again; why, if there are
    /// any.
    fn take(&mut self, entries: &mut Vec<Entry>, told: Vec<Sent>) -> Option<OutboxError> {
        let mut failure = None;
        let mut left = Vec::new();
        for (entry, sent) in entries.drain(..).zip(told) {
            match sent {
                Sent::Yes => self.sent.push(entry.id),
                Sent::Never(code) => self.refused.push((entry.id, Unfit::NotTaken(code))),
                Sent::NotYet(code) => {
                    let source = CallError::new("SendMessageBatch", code);
                    failure = Some(OutboxError { is_temporary: true, source });
                    left.push(entry);
                }
            }
        }
        *entries = left;
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fake_outbox::FakeOutbox, *};

    fn entries(count: u128) -> Vec<Entry> {
        let entry = |number| Entry { id: Uuid::from_u128(number), body: format!("{number}") };
        (0..count).map(entry).collect()
    }

    fn ids(numbers: &[u128]) -> Vec<Uuid> {
        numbers.iter().copied().map(Uuid::from_u128).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn entries_that_failed_are_sent_again_and_no_others() {
        let outbox = FakeOutbox::default();
        outbox.answer(|entries| {
            let not_yet = || Sent::NotYet("InternalError".to_owned());
            let of = |entry: &Entry| {
                let is_even = entry.id.as_u128().is_multiple_of(2);
                if is_even { Sent::Yes } else { not_yet() }
            };
            Ok(entries.iter().map(of).collect())
        });
        let batch = send(&outbox, entries(4)).await;
        assert_eq!(batch.sent, ids(&[0, 2, 1, 3]));
        assert!(batch.failure.is_none() && batch.refused.is_empty());
        assert_eq!(outbox.sent(), ids(&[0, 2, 1, 3]));
    }

    #[tokio::test(start_paused = true)]
    async fn entry_that_sqs_will_never_take_is_named_and_the_others_are_sent() {
        let outbox = FakeOutbox::default();
        outbox.answer(|_| Ok(vec![Sent::Never("InvalidParameterValue".to_owned()), Sent::Yes]));
        let batch = send(&outbox, entries(2)).await;
        assert_eq!(batch.sent, ids(&[1]));
        let refused = Unfit::NotTaken("InvalidParameterValue".to_owned());
        assert_eq!(batch.refused, [(Uuid::from_u128(0), refused)]);
        assert!(batch.failure.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn temporary_failure_is_tried_again_a_few_times_and_another_one_never() {
        for (is_temporary, attempts) in [(true, 6), (false, 1)] {
            let outbox = FakeOutbox::default();
            for _ in 0..20 {
                outbox.fail(is_temporary);
            }
            let batch = send(&outbox, entries(2)).await;
            assert!(batch.failure.is_some() && batch.sent.is_empty());
            assert_eq!(outbox.calls(), attempts);
        }
        let outbox = FakeOutbox::default();
        (0..5).for_each(|_| outbox.fail(true));
        assert_eq!(send(&outbox, entries(2)).await.sent, ids(&[0, 1]));
    }
}
