//! The vendors, each with faults on demand.

use fakes::Fault;
use serde::{Deserialize, Serialize};

use super::Fakes;

/// A vendor of the local stack.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Mandrill.
    Mandrill,
    /// Segment.
    Segment,
    /// Ory's admin API.
    Ory,
}

impl Vendor {
    /// All vendors.
    pub const ALL: [Self; 3] = [Self::Mandrill, Self::Segment, Self::Ory];
}

impl Fakes {
    /// Makes a vendor fail in this way from its next call on.
    pub fn inject_fault(&self, vendor: Vendor, fault: Fault) {
        match vendor {
            Vendor::Mandrill => self.mandrill.inject_fault(fault),
            Vendor::Segment => self.segment.inject_fault(fault),
            Vendor::Ory => self.ory.inject_fault(fault),
        }
    }
}
