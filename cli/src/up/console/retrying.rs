//! Makes the next attempt of an event come sooner: the stack's clock skips to it.

use std::sync::Arc;

use super::{Console, Unfit};
use crate::up::local::Place;

/// Skips to the next attempt of an event.
pub(super) fn retry(console: &Arc<Console>, event: usize) -> Result<(), Unfit> {
    let Some(Place::Waiting(until)) = console.place(event) else { return Err(Unfit) };
    let clock = console.clock.clone();
    tokio::spawn(async move { clock.skip_to(until).await });
    Ok(())
}

/// Skips to attempt after attempt, until the message is delivered or a dead letter.
pub(super) fn retry_until_settled(console: &Arc<Console>, event: usize) -> Result<(), Unfit> {
    let Some(Place::Waiting(_)) = console.place(event) else { return Err(Unfit) };
    let console = console.clone();
    tokio::spawn(async move {
        let mut changes = console.queues.changes();
        loop {
            changes.mark_unchanged();
            match console.place(event) {
                Some(Place::Waiting(until)) => console.clock.skip_to(until).await,
                Some(Place::InFlight) => (),
                Some(Place::Dead) | None => return,
            }
            // The sender lives as long as the queues.
            let _ = changes.changed().await;
        }
    });
    Ok(())
}

impl Console {
    /// The place of an event's message now.
    fn place(&self, event: usize) -> Option<Place> {
        self.places().of(&self.events.event(event)?)
    }
}
