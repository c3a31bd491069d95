//! The messages of one person: among the dead letters of a function, and in the queue of one that has
//! no table.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::stack::Stack;
use crate::{
    dead_letters::{
        Reach,
        holding::{Failure, Held, hold, take_out},
        queue::Queue,
        selection::Selection,
    },
    interruption::Interruption,
    progress::Progress,
};

/// Between two looks for messages that were hidden.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// What was found of a person's messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Found {
    /// Those of the person.
    pub(super) own: usize,
    /// Those of which nobody knows whose they are.
    pub(super) doubtful: usize,
    /// Those that are hidden, so that they could not be read.
    pub(super) hidden: usize,
    /// All that were read.
    pub(super) read: usize,
}

impl Found {
    /// Whether none of the person's can be left.
    pub(super) fn is_complete(self) -> bool {
        self.doubtful == 0 && self.hidden == 0
    }
}

/// What is done with the person's messages.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Action {
    Count,
    Delete,
}

/// The dead letters of a function.
pub(super) struct Letters {
    /// The name of the function.
    pub(super) function: &'static str,
    reach: Reach,
}

impl Letters {
    /// Those of all functions with a queue.
    pub(super) async fn of_all(stack: &Stack) -> Result<Vec<Self>, Failure> {
        let mut all = Vec::new();
        for (function, live) in stack.functions().filter(|(_, live)| live.queue_url().is_ok()) {
            all.push(Self { function, reach: Reach::of_live(&stack.aws, live).await? });
        }
        Ok(all)
    }

    /// Reads all, and gives back what is left.
    pub(super) async fn search(
        &self,
        identity: Uuid,
        action: Action,
        interruption: &Interruption,
    ) -> Result<Found, Failure> {
        let queue = &self.reach.dead_letters;
        let selection = Selection::Identity(identity);
        let work = async |held: &mut Held| {
            self.reach.explain(held, &selection).await?;
            act(queue, held, &selection, action).await
        };
        hold(queue, interruption, work).await
    }
}

/// Deletes the person's messages from the queue of a function, which must be paused. Waits for hidden
/// messages up to `wait`.
pub(super) async fn delete_from(
    queue: &Queue,
    identity: Uuid,
    wait: Duration,
    interruption: &Interruption,
) -> Result<Found, Failure> {
    let work = async |held: &mut Held| {
        wait_for_hidden(queue, held, wait).await?;
        act(queue, held, &Selection::Identity(identity), Action::Delete).await
    };
    hold(queue, interruption, work).await
}

async fn wait_for_hidden(queue: &Queue, held: &mut Held, wait: Duration) -> Result<(), Failure> {
    let progress = Progress::new();
    let end = Instant::now() + wait;
    while held.unread > 0 && Instant::now() < end {
        progress.say(format_args!("waiting for about {} hidden messages", held.unread));
        sleep(BETWEEN_LOOKS).await;
        held.read(queue).await?;
    }
    Ok(())
}

async fn act(
    queue: &Queue,
    held: &mut Held,
    selection: &Selection,
    action: Action,
) -> Result<Found, Failure> {
    let Held { letters, gone, unread, .. } = held;
    let own = selection.among(letters)?;
    if action == Action::Delete {
        take_out(queue, None, &own, gone).await?;
    }
    Ok(Found {
        own: own.len(),
        doubtful: selection.doubtful(letters),
        hidden: *unread,
        read: letters.len(),
    })
}
