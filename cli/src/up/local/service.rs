//! What a function depends on, each with faults on demand.

use fakes::Fault;

use crate::up::relays::Relay;

/// Something that a function of the local stack depends on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Service {
    /// Mandrill.
    Mandrill,
    /// Segment.
    Segment,
    /// Mailchimp's Marketing API.
    Mailchimp,
    /// Ory's admin API.
    Ory,
    /// The functions' queues.
    Queue,
    /// The vendor of a relay.
    Relayed(&'static Relay),
}

impl Service {
    /// The services of a stack without relays.
    const USUAL: [Self; 5] =
        [Self::Mandrill, Self::Segment, Self::Mailchimp, Self::Ory, Self::Queue];

    /// The services of a stack with these relays.
    pub fn all(relays: impl Iterator<Item = &'static Relay>) -> impl Iterator<Item = Self> {
        Self::USUAL.into_iter().chain(relays.map(Self::Relayed))
    }

    /// Its name, for a program.
    pub fn id(self) -> &'static str {
        match self {
            Self::Mandrill => "mandrill",
            Self::Segment => "segment",
            Self::Mailchimp => "mailchimp",
            Self::Ory => "ory",
            Self::Queue => "queue",
            Self::Relayed(relay) => relay.function,
        }
    }

    /// Its name, for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mandrill => "Mandrill",
            Self::Segment => "Segment",
            Self::Mailchimp => "Mailchimp",
            Self::Ory => "Ory",
            Self::Queue => "Queue",
            Self::Relayed(relay) => relay.vendor,
        }
    }

    /// The faults that it can have.
    pub fn faults(self) -> &'static [Fault] {
        match self {
            Self::Queue => &[Fault::None, Fault::Down, Fault::Slow, Fault::ResponseLost],
            _ => &Fault::ALL,
        }
    }

    /// Its state with this fault, in a word or two.
    pub fn state(self, fault: Fault) -> &'static str {
        match (self, fault) {
            (_, Fault::None) => "works",
            (Self::Queue, Fault::Down) => "down",
            (_, Fault::Down) => "down (503)",
            (_, Fault::Slow) => "slow (3 s)",
            (_, Fault::RateLimited) => "rate limited (429)",
            (Self::Mailchimp, Fault::Rejecting) => "refuses addresses",
            (_, Fault::Rejecting) => "rejects all",
            (_, Fault::InvalidKey) => "invalid API key",
            (_, Fault::ConnectionReset) => "connection reset",
            (_, Fault::ResponseLost) => "answer lost",
        }
    }

    /// What a fault of it means for an event.
    pub fn meaning(self, fault: Fault) -> &'static str {
        match (self, fault) {
            (_, Fault::None) => "It does what it is asked to do.",
            (Self::Queue, Fault::Down) => {
                "No event can be stored. A function delivers it before it answers; if that fails \
                 too, it answers 503, and Ory tries again."
            }
            (Self::Queue, Fault::Slow) => {
                "A function waits 2 s for the queue. Then it delivers the event before it answers."
            }
            (Self::Queue, _) => {
                "The event is stored, but the function does not learn that, and delivers it \
                 before it answers. The delivery from the queue is then a duplicate."
            }
            (_, Fault::Down) => {
                "Every call is answered with 503. The event stays in the queue; each wait is \
                 twice as long as the one before, up to 15 min."
            }
            (_, Fault::Slow) => {
                "Every answer takes 3 s. The caller does not notice: it has its 202 already."
            }
            (_, Fault::RateLimited) => {
                "Every call is answered with 429 and a Retry-After, which the next attempt waits \
                 for."
            }
            (Self::Mandrill, Fault::Rejecting) => {
                "Every address is rejected, inside a 200. The event is done, and its outcome is \
                 rejected, not delivered."
            }
            (Self::Mailchimp, Fault::Rejecting) => {
                "Every address that is new or opts in looks fake to Mailchimp. The event is done, \
                 and its outcome is rejected, not delivered."
            }
            (Self::Relayed(_), Fault::Rejecting) => {
                "Every call is answered with 422. The event is done, and its outcome is rejected, \
                 not delivered."
            }
            (Self::Relayed(relay), Fault::ConnectionReset) if relay.holds() => {
                "Connections close without an answer, and nothing is done. The function cannot know \
                 that: it holds the event, and never repeats the call by itself."
            }
            (Self::Relayed(relay), Fault::ResponseLost) if relay.holds() => {
                "The call is done, but the connection closes without an answer. The function holds \
                 the event, and never repeats the call by itself."
            }
            (_, Fault::Rejecting) => {
                "Every call is answered with 400. The event is blocked, and tried again every \
                 15 min, until somebody fixes the cause or it is a dead letter."
            }
            (_, Fault::InvalidKey) => {
                "The API key is refused. The function reads the secret once more; then the event \
                 is blocked until somebody fixes the key."
            }
            (Self::Mandrill, Fault::ConnectionReset) => {
                "Connections close without an answer, and nothing is sent. The function cannot \
                 know that: the event is in doubt, and the function searches before it sends again."
            }
            (Self::Mandrill, Fault::ResponseLost) => {
                "The mail is sent, but the connection closes without an answer. The event is in \
                 doubt, and the function searches before it sends again."
            }
            (Self::Mailchimp, Fault::ConnectionReset) => {
                "Connections close without an answer, and nothing is done. The next attempt begins \
                 with a read of the contact."
            }
            (Self::Mailchimp, Fault::ResponseLost) => {
                "The call is done, but the connection closes without an answer. The next attempt \
                 begins with a read of the contact, and decides anew."
            }
            (_, Fault::ConnectionReset) => {
                "Connections close without an answer, and nothing is done. The event is in \
                 doubt; the call is safe to repeat."
            }
            (_, Fault::ResponseLost) => {
                "The call is done, but the connection closes without an answer. The event is in \
                 doubt; the call is safe to repeat."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::up::relays::RELAYS;

    #[test]
    fn each_fault_of_a_service_has_its_own_state_and_meaning() {
        for service in Service::all(RELAYS.iter()) {
            let faults = service.faults();
            let states: BTreeSet<_> = faults.iter().map(|fault| service.state(*fault)).collect();
            let meanings: BTreeSet<_> =
                faults.iter().map(|fault| service.meaning(*fault)).collect();
            assert_eq!((states.len(), meanings.len()), (faults.len(), faults.len()), "{service:?}");
        }
    }
}
