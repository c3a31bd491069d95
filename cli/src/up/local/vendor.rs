//! The vendors, each with faults on demand.

use fakes::Fault;
use serde::{Deserialize, Serialize};

use super::Fakes;

/// A vendor of the local stack.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorName {
    /// Mandrill.
    Mandrill,
    /// Segment.
    Segment,
    /// Ory's admin API.
    Ory,
}

impl VendorName {
    /// All vendors.
    pub const ALL: [Self; 3] = [Self::Mandrill, Self::Segment, Self::Ory];
}

impl Fakes {
    /// Makes a vendor fail in this way from its next call on.
    pub fn inject_fault(&self, vendor: VendorName, fault: Fault) {
        match vendor {
            VendorName::Mandrill => self.mandrill.inject_fault(fault),
            VendorName::Segment => self.segment.inject_fault(fault),
            VendorName::Ory => self.ory.inject_fault(fault),
        }
    }
}
