//! Reads all messages of a queue, and gives back those that it leaves.
//!
//! SQS has no way to look at a message: to read one is to receive it, which hides it for a time. So
//! all are received until there are no more, and those that are left at the end are made visible
//! again, after an error and after Ctrl-C too. Whatever ends the program otherwise, SQS itself does so
//! [after a time](Queue::hidden). A receive counts up in the message; nothing depends on that, as no policy
//! moves a dead letter on.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    error::Error,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{message::with_not_sent_before, queue::without_noncharacters};
use time::OffsetDateTime;

use super::{
    letter::{Letter, Received},
    queue::Queue,
};
use crate::{
    aws::CallError,
    interruption::Interruption,
    output::{note, wrapped},
    progress::Progress,
};

/// Calls at once: some thousand letters are done within a minute, and SQS takes many more.
const CALLS_AT_ONCE: usize = 16;

pub(crate) type Failure = Box<dyn Error>;

/// The person ended it.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; {done} were done, and the others are still {noun}")]
pub(crate) struct Interrupted {
    done: usize,
    noun: &'static str,
}

/// A change failed.
#[derive(Debug, thiserror::Error)]
#[error("{done} of {chosen} were done, and the others are still {noun}")]
struct Incomplete {
    done: usize,
    chosen: usize,
    noun: &'static str,
    source: CallError,
}

/// The messages of a queue, hidden from everybody else.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) letters: Vec<Letter>,
    /// Where each message is, by its id in SQS.
    places: HashMap<String, usize>,
    /// The ids of the messages that were deleted.
    pub(crate) gone: HashSet<String>,
    /// About how many more SQS counts.
    pub(crate) unread: usize,
}

/// Reads all messages, and holds them while `work` goes on.
pub(crate) async fn hold<T>(
    queue: &Queue,
    interruption: &Interruption,
    work: impl AsyncFnOnce(&mut Held) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut held = Held::default();
    let read_and_work = async {
        held.read(queue).await?;
        work(&mut held).await
    };
    let done = match interruption.unless(read_and_work).await {
        Ok(done) => done,
        Err(_) => Err(Interrupted { done: held.gone.len(), noun: queue.noun }.into()),
    };
    held.give_back(queue).await;
    done
}

impl Held {
    /// Reads those that are visible by now.
    pub(crate) async fn read(&mut self, queue: &Queue) -> Result<(), Failure> {
        let progress = Progress::new();
        let total = queue.count().await?.all();
        while self.take(queue.receive().await?) {
            let read = self.letters.len();
            progress.say(format_args!("{read} of about {total} {} read", queue.noun));
        }
        self.unread = total.saturating_sub(self.letters.len());
        Ok(())
    }

    /// Says how many could not be read.
    pub(crate) fn note_unread(&self, queue: &Queue) {
        if self.unread > 0 {
            let text = format!(
                "SQS counts about {} more. They were removed just now, or are hidden: somebody else \
                 reads them, or did and was cut off. Run this again in {} minutes.",
                self.unread,
                queue.hidden.as_secs() / 60
            );
            note(wrapped("note: ", &text));
        }
    }

    /// Whether there was a new one. SQS may give one twice, with another receipt.
    fn take(&mut self, received: Vec<Received>) -> bool {
        let before = self.letters.len();
        for one in received {
            match self.places.entry(one.id.clone()) {
                Entry::Occupied(place) => self.letters[*place.get()].received = one,
                Entry::Vacant(place) => {
                    place.insert(self.letters.len());
                    self.letters.push(Letter::of(one));
                }
            }
        }
        self.letters.len() > before
    }

    /// Makes those visible that are left.
    async fn give_back(&self, queue: &Queue) {
        let left = self.letters.iter().map(|letter| &letter.received);
        let left = left.filter(|received| !self.gone.contains(&received.id));
        let calls = stream::iter(left.map(|received| queue.make_visible(&received.receipt)));
        let done: Vec<_> = calls.buffer_unordered(CALLS_AT_ONCE).collect().await;
        let failed: Vec<_> = done.into_iter().filter_map(Result::err).collect();
        if let Some(why) = failed.first() {
            let (count, noun) = (failed.len(), queue.noun);
            let minutes = queue.hidden.as_secs() / 60;
            let text = format!("{count} {noun} stay hidden for {minutes} minutes: {why}");
            note(wrapped("note: ", &text));
        }
    }
}

/// Where messages go to, and with which word.
pub(crate) struct Destination<'a> {
    pub(crate) queue: &'a Queue,
    /// Until when it is known that no call for them went out.
    pub(crate) not_sent_before: Option<OffsetDateTime>,
}

impl Destination<'_> {
    /// Sends a message there. One that cannot be read goes as it is: without the word it is held, if it
    /// is in doubt.
    async fn send(&self, body: &str) -> Result<(), CallError> {
        let told = self.not_sent_before.and_then(|time| with_not_sent_before(body, time).ok());
        let told = told.map(without_noncharacters);
        self.queue.send(told.as_deref().unwrap_or(body)).await
    }
}

/// Deletes the chosen ones, up to the first failure, and says which are gone. Where they are to go
/// `into` another queue, each is deleted only once it is there.
pub(crate) async fn take_out(
    queue: &Queue,
    into: Option<&Destination<'_>>,
    chosen: &[&Letter],
    gone: &mut HashSet<String>,
) -> Result<(), Failure> {
    let progress = Progress::new();
    let calls = stream::iter(chosen.iter().map(|letter| take_out_one(queue, into, letter)));
    let mut calls = calls.buffer_unordered(CALLS_AT_ONCE);
    let incomplete = |done: usize| {
        move |source| Incomplete { done, chosen: chosen.len(), noun: queue.noun, source }
    };
    while let Some(id) = calls.try_next().await.map_err(incomplete(gone.len()))? {
        gone.insert(id);
        progress.say(format_args!("{} of {} done", gone.len(), chosen.len()));
    }
    Ok(())
}

/// If the deletion is all that fails, the event is delivered twice, and the function does its work
/// once.
async fn take_out_one(
    queue: &Queue,
    into: Option<&Destination<'_>>,
    letter: &Letter,
) -> Result<String, CallError> {
    let Received { id, receipt, body, .. } = &letter.received;
    if let Some(into) = into {
        into.send(body).await?;
    }
    queue.delete(receipt).await?;
    Ok(id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(id: &str, receipt: &str) -> Received {
        let (id, receipt) = (id.to_owned(), receipt.to_owned());
        Received { id, receipt, body: String::new(), sent: None }
    }

    #[test]
    fn message_that_comes_twice_is_one_letter_with_the_last_receipt() {
        let mut held = Held::default();
        assert!(held.take(vec![received("a", "1"), received("b", "2")]));
        assert!(held.take(vec![received("a", "3"), received("c", "4")]));
        assert!(!held.take(vec![received("b", "5")]));
        assert!(!held.take(Vec::new()));
        let receipts = held.letters.iter().map(|letter| letter.received.receipt.as_str());
        assert_eq!(receipts.collect::<Vec<_>>(), ["3", "5", "4"]);
    }
}
