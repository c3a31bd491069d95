//! What a function depends on, each with faults on demand.

use fakes::Fault;
use serde::{Deserialize, Serialize};

/// Something that a function of the local stack depends on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Mandrill.
    Mandrill,
    /// Segment.
    Segment,
    /// Ory's admin API.
    Ory,
    /// The functions' queues.
    Queue,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 4] = [Self::Mandrill, Self::Segment, Self::Ory, Self::Queue];

    /// The faults that it can have.
    pub fn faults(self) -> &'static [Fault] {
        match self {
            Self::Queue => &[Fault::None, Fault::Down, Fault::Slow, Fault::ResponseLost],
            _ => &Fault::ALL,
        }
    }
}
