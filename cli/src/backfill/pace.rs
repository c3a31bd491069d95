//! How fast messages are sent: no faster than the rate, and never so that new events wait behind them
//! for long.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::{
    outbox::{AT_ONCE, Outbox, OutboxError, Waiting},
    rate::Rate,
};

/// How long a new event may wait behind messages of a run.
const AHEAD: Duration = Duration::from_mins(1);

/// If so many are under way or delayed as are sent in this time, the vendor or Ory does not follow:
/// more of them would only be tried more often.
const DELAYED: Duration = Duration::from_mins(10);

/// SQS holds back further messages if 120,000 are received and not deleted, so those of new events,
/// too. While a vendor is down, all messages come to be counted so; half of them are left to new
/// events.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
const MOST_HIDDEN: u64 = 60_000;

/// SQS knows how many wait only to within seconds.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Decides when the next messages may be sent.
pub(super) struct Pace {
    rate: Rate,
    next: Instant,
    looked: Option<Instant>,
}

impl Pace {
    /// So many messages a second.
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, next: Instant::now(), looked: None }
    }

    /// The most messages at once: those of a second.
    pub(super) fn batch(&self) -> usize {
        let a_second = self.rate.messages_in(Duration::from_secs(1));
        AT_ONCE.min(usize::try_from(a_second).unwrap_or(AT_ONCE))
    }

    /// Waits until so many messages may be sent. `pausing` is told of a queue that is too full.
    ///
    /// It may be dropped at any time: only one that is awaited to its end counts.
    pub(super) async fn allow(
        &mut self,
        messages: usize,
        outbox: &dyn Outbox,
        pausing: &(dyn Fn(Waiting) + Sync),
    ) -> Result<(), OutboxError> {
        sleep_until(self.next).await;
        while self.looked.is_none_or(|at| at.elapsed() >= BETWEEN_LOOKS) {
            let waiting = outbox.waiting().await?;
            if self.has_room(waiting) {
                self.looked = Some(Instant::now());
            } else {
                pausing(waiting);
                sleep(BETWEEN_LOOKS).await;
            }
        }
        // From now on, not from when it might have been: a pause is not made up for.
        self.next = Instant::now() + self.rate.time_of(messages);
        Ok(())
    }

    fn has_room(&self, waiting: Waiting) -> bool {
        let [ahead, delayed] = [AHEAD, DELAYED].map(|time| self.rate.messages_in(time));
        waiting.visible <= ahead && waiting.hidden <= delayed.min(MOST_HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::{runtime::Builder, time::advance};

    use super::{super::fake_outbox::FakeOutbox, *};

    fn pace(rate: u32) -> Pace {
        Pace::new(Rate::per_second(rate))
    }

    fn quiet(_: Waiting) {}

    fn visible(count: u64) -> Waiting {
        Waiting { visible: count, hidden: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn messages_are_sent_at_the_rate() {
        let (mut pace, outbox) = (pace(2), FakeOutbox::default());
        let began = Instant::now();
        let mut times = Vec::new();
        for messages in [2, 2, 1, 2] {
            pace.allow(messages, &outbox, &quiet).await.unwrap();
            times.push(began.elapsed().as_millis());
        }
        assert_eq!(times, [0, 1000, 2000, 2500]);
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_went_by_is_not_made_up_for() {
        let (mut pace, outbox) = (pace(10), FakeOutbox::default());
        pace.allow(10, &outbox, &quiet).await.unwrap();
        advance(Duration::from_mins(10)).await;
        let began = Instant::now();
        for _ in 0..3 {
            pace.allow(10, &outbox, &quiet).await.unwrap();
        }
        assert_eq!(began.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn run_waits_while_too_many_messages_wait_or_are_delayed() {
        let hidden = |hidden| Waiting { visible: 0, hidden };
        let table = [
            (2, vec![visible(120)], 0),
            (2, vec![visible(121)], 5),
            (2, vec![visible(121), visible(500), visible(120)], 10),
            (2, vec![hidden(1200)], 0),
            (2, vec![hidden(1201), hidden(3)], 5),
            (1000, vec![hidden(60_000)], 0),
            (1000, vec![hidden(60_001)], 5),
        ];
        for (rate, waiting, seconds) in table {
            let (mut pace, outbox) = (pace(rate), FakeOutbox::default());
            outbox.wait(&waiting);
            let began = Instant::now();
            let told = std::sync::Mutex::new(0);
            pace.allow(2, &outbox, &|_| *told.lock().unwrap() += 5).await.unwrap();
            assert_eq!(began.elapsed(), Duration::from_secs(seconds), "{waiting:?}");
            assert_eq!(*told.lock().unwrap(), seconds, "{waiting:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn queue_is_looked_at_every_few_seconds_and_not_for_each_batch() {
        let (mut pace, outbox) = (pace(100), FakeOutbox::default());
        let began = Instant::now();
        for _ in 0..101 {
            pace.allow(10, &outbox, &quiet).await.unwrap();
        }
        assert_eq!(began.elapsed(), Duration::from_secs(10));
        let looks: Vec<_> = outbox.looks().iter().map(|at| (*at - began).as_secs()).collect();
        assert_eq!(looks, [0, 5, 10]);
    }

    #[test]
    fn batch_has_no_more_than_a_second_of_messages() {
        let batches = ["0.1", "1", "2", "2.9", "9", "10", "1000"].map(batch_of);
        assert_eq!(batches, [1, 1, 2, 2, 9, 10, 10]);
    }

    fn batch_of(rate: &str) -> usize {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { Pace::new(rate.parse().unwrap()).batch() })
    }

    proptest! {
        /// Whatever the sizes of the batches: in no time are there more than its seconds allow, and
        /// one batch.
        #[test]
        fn rate_is_never_exceeded(
            rate in 1_u32..300,
            sizes in prop::collection::vec(1_usize..=10, 1..60),
        ) {
            let runtime =
                Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let sent = runtime.block_on(async {
                let (mut pace, outbox) = (pace(rate), FakeOutbox::default());
                let mut sent = Vec::new();
                for size in &sizes {
                    let size = (*size).min(pace.batch());
                    pace.allow(size, &outbox, &quiet).await.unwrap();
                    sent.push((Instant::now(), size));
                }
                sent
            });
            for (from, (began, _)) in sent.iter().enumerate() {
                let mut total = 0;
                for (at, size) in &sent[from..] {
                    let allowed = f64::from(rate) * (*at - *began).as_secs_f64();
                    // A clock of milliseconds.
                    prop_assert!(f64::from(total) <= allowed + 0.5, "{total} {allowed}");
                    total += u32::try_from(*size).unwrap();
                }
            }
        }
    }
}
