//! Where everything listens.

/// Where the parts of a local stack listen, all on loopback; 0 takes any free port.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortNumbers {
    pub(crate) front: u16,
    pub(super) secrets: u16,
    pub(super) mandrill: u16,
    pub(super) segment: u16,
    pub(super) ory: u16,
}

impl PortNumbers {
    /// The front on `port` and the fakes right behind it, where the functions' settings for
    /// cargo-lambda (`package.metadata.lambda.env`) look for them.
    pub fn from(port: u16) -> Self {
        Self {
            front: port,
            secrets: port + 1,
            mandrill: port + 2,
            segment: port + 3,
            ory: port + 4,
        }
    }
}
