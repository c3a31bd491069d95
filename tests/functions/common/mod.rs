//! What the functions have in common: how they are set up, who calls them, and the checks that
//! hold for more than one of them.

pub(crate) mod callers;
pub(crate) mod canaries;
pub(crate) mod event_log;
pub(crate) mod faults;
pub(crate) mod harm;
pub(crate) mod keys;
pub(crate) mod last_moments;
pub(crate) mod look_ups;
pub(crate) mod ory;
pub(crate) mod peers;
pub(crate) mod queue;
pub(crate) mod rows;
pub(crate) mod samples;
pub(crate) mod segment_says;
pub(crate) mod setup;
pub(crate) mod starting;
pub(crate) mod stored;
pub(crate) mod vendor_says;
