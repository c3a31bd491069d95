//! A queue in memory, for the tests of this module.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    job::Entry,
    outbox::{Outbox, OutboxError, Sent, Waiting},
};
use crate::aws::CallError;

type Answer = Box<dyn FnOnce(&[Entry]) -> Result<Vec<Sent>, OutboxError> + Send>;

#[derive(Default)]
struct State {
    sent: Vec<Uuid>,
    answers: VecDeque<Answer>,
    waiting: VecDeque<Waiting>,
    calls: usize,
    lag: Duration,
    looks: Vec<Instant>,
}

/// It takes everything, and holds nothing, unless it is told otherwise.
#[derive(Default)]
pub(super) struct FakeOutbox(Mutex<State>);

impl FakeOutbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Answers the next call so.
    pub(super) fn answer(
        &self,
        answer: impl FnOnce(&[Entry]) -> Result<Vec<Sent>, OutboxError> + Send + 'static,
    ) {
        self.state().answers.push_back(Box::new(answer));
    }

    /// Fails the next call.
    pub(super) fn fail(&self, is_temporary: bool) {
        let source = CallError::new("SendMessageBatch", "failed");
        self.answer(move |_| Err(OutboxError { is_temporary, source }));
    }

    /// Says at the next looks that so many wait.
    pub(super) fn wait(&self, waiting: &[Waiting]) {
        self.state().waiting.extend(waiting);
    }

    /// What it has taken, in order.
    pub(super) fn sent(&self) -> Vec<Uuid> {
        self.state().sent.clone()
    }

    /// Answers so much later than it takes something.
    pub(super) fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    fn take(&self, entries: &[Entry]) -> Result<Vec<Sent>, OutboxError> {
        let mut state = self.state();
        state.calls += 1;
        let told = match state.answers.pop_front() {
            Some(answer) => answer(entries)?,
            None => vec![Sent::Yes; entries.len()],
        };
        let taken = entries.iter().zip(&told).filter(|(_, sent)| **sent == Sent::Yes);
        state.sent.extend(taken.map(|(entry, _)| entry.id));
        Ok(told)
    }

    /// How often something was sent.
    pub(super) fn calls(&self) -> usize {
        self.state().calls
    }

    /// When somebody looked how many wait.
    pub(super) fn looks(&self) -> Vec<Instant> {
        self.state().looks.clone()
    }
}

#[async_trait]
impl Outbox for FakeOutbox {
    async fn waiting(&self) -> Result<Waiting, OutboxError> {
        let mut state = self.state();
        state.looks.push(Instant::now());
        Ok(state.waiting.pop_front().unwrap_or_default())
    }

    async fn send(&self, entries: &[Entry]) -> Result<Vec<Sent>, OutboxError> {
        // A process may be killed before SQS has taken a batch, and after it and before it says so.
        let lag = self.state().lag;
        sleep(lag / 2).await;
        let told = self.take(entries)?;
        sleep(lag / 2).await;
        Ok(told)
    }
}
