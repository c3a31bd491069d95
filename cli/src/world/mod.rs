//! The functions as they are deployed, and fakes of all that is around them.

pub(crate) mod changes;
mod functions;
mod ports;
mod surroundings;
mod vendor;

pub use functions::FunctionError;
pub(crate) use functions::Functions;
pub use ports::PortNumbers;
pub use surroundings::Surroundings;
pub use vendor::Vendor;
