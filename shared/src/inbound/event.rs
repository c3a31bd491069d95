//! What an event of a vendor says, as far as it decides whom it is about and when it counts.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::message::QueuedEvent;

/// An event of a vendor about a person.
pub trait PersonEvent: QueuedEvent {
    /// When it happened, by the vendor's clock.
    fn occurred_at(&self) -> OffsetDateTime;

    /// Whether it withdraws consent.
    fn withdraws(&self) -> bool;

    /// The addresses by which the person may be known, in the order to try them; none: the event is
    /// about no person.
    fn addresses(&self) -> Vec<&str>;

    /// The first of them.
    fn address(&self) -> Option<&str> {
        self.addresses().first().copied()
    }

    /// The identity that it names.
    fn named(&self) -> Option<Named>;

    /// The event as templates see it.
    fn for_template(&self) -> Value {
        json!(self)
    }
}

/// An identity that an event names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Named {
    /// Anybody could write the id there: the identity must have verified an address of the event.
    Claimed(Uuid),
    /// Only this bundle can have written it.
    Known(Uuid),
}

impl Named {
    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Claimed(id) | Self::Known(id) => id,
        }
    }
}
