//! Setup, callers and checks that several functions share.

pub(crate) mod callers;
pub(crate) mod canaries;
pub(crate) mod deadline;
pub(crate) mod enqueued;
pub(crate) mod event_log;
pub(crate) mod keys;
pub(crate) mod malicious_peers;
pub(crate) mod malicious_vendor;
pub(crate) mod ory;
pub(crate) mod queue;
pub(crate) mod samples;
pub(crate) mod secret_lookups;
pub(crate) mod segment_replies;
pub(crate) mod setup;
pub(crate) mod startup_config;
pub(crate) mod status_rows;
pub(crate) mod vendor_errors;
pub(crate) mod vendor_replies;
