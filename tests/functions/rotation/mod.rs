//! Rotations, each by the steps of `docs/operations.md`: every event of a caller who follows them
//! is accepted, and delivered exactly once.

mod callers;
pub(crate) mod events;
mod fleet;
mod leaked_key;
mod mandrill_key;
mod signing;
mod vendors;
