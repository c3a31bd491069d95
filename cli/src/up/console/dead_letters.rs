//! Redrives and deletes dead letters.

use shared::queue::ReceivedMessage;

use super::{Console, Unfit, reading};

/// Moves the dead letters of an event back into their queue; of all events for `None`.
pub(super) fn redrive(console: &Console, event: Option<usize>) -> Result<(), Unfit> {
    let Some(event) = event else {
        console.queues.all().for_each(|(_, queue)| queue.redrive(|_| true));
        return Ok(());
    };
    let (function, event_id) = named(console, event)?;
    let queue = console.queues.of(function).ok_or(Unfit)?;
    queue.redrive(|dead| is_of(dead, &event_id));
    Ok(())
}

/// Deletes the dead letters of an event.
pub(super) fn delete(console: &Console, event: usize) -> Result<(), Unfit> {
    let (function, event_id) = named(console, event)?;
    let queue = console.queues.of(function).ok_or(Unfit)?;
    queue.delete_dead_letters(|dead| is_of(dead, &event_id));
    Ok(())
}

fn named(console: &Console, event: usize) -> Result<(&'static str, String), Unfit> {
    let event = console.events.event(event).ok_or(Unfit)?;
    Ok((event.function, event.key.ok_or(Unfit)?))
}

fn is_of(message: &ReceivedMessage, event_id: &str) -> bool {
    reading::event_id(message).as_deref() == Some(event_id)
}
