//! The ports of the local stack.

/// The ports of a local stack, all on loopback; 0 takes any free port.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortNumbers {
    pub(crate) front: u16,
    pub(super) secrets: u16,
    pub(super) mandrill: u16,
    pub(super) segment: u16,
    pub(super) ory: u16,
    pub(super) mailchimp: u16,
    relays: u16,
}

impl PortNumbers {
    /// The front on `port` and the fakes on the next ports, where the cargo-lambda settings of the
    /// functions (`package.metadata.lambda.env`) expect them.
    pub fn from(port: u16) -> Self {
        Self {
            front: port,
            secrets: port + 1,
            mandrill: port + 2,
            segment: port + 3,
            ory: port + 4,
            mailchimp: port + 5,
            relays: port + 6,
        }
    }

    /// The port of the vendor of the `n`-th relay, from 0.
    pub(super) fn relay(&self, n: u16) -> u16 {
        if self.relays == 0 { 0 } else { self.relays + n }
    }
}
