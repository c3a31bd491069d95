//! The functions as they are deployed, and stand-ins for all that is around them.

pub(crate) mod changes;
mod functions;
mod health;
mod ports;
mod surroundings;

pub(crate) use functions::Functions;
pub use functions::{FunctionError, event};
pub use health::{Health, Vendor};
pub use ports::PortNumbers;
pub use surroundings::{Surroundings, WEBHOOK_KEY};
