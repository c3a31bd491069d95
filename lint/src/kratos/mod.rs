//! How Kratos treats the hooks in its configuration: only facts, each with its source.
//!
//! The sources are files of ory/kratos, read at b86338da, and the tests in `tests/real/kratos`,
//! which ask a real Kratos.

mod ctx;
mod flow;
mod headers;
mod hook_list;
mod hook_place;
mod method;
mod moment;
mod response;

pub use ctx::{Field, Presence, Shape};
pub use flow::Flow;
pub use headers::{Headers, canonical};
pub use hook_list::HookList;
pub use hook_place::{HookPlace, NoHookPlace};
pub use method::Method;
pub use moment::Moment;
pub use response::HookResponse;

/// An unknown name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown {kind} {name}: expected one of {known}")]
pub struct UnknownName {
    name: String,
    kind: &'static str,
    known: String,
}

/// The element of `all` with this name.
fn named<T: Copy>(
    name: &str,
    kind: &'static str,
    all: &[T],
    name_of: fn(T) -> &'static str,
) -> Result<T, UnknownName> {
    all.iter().copied().find(|one| name_of(*one) == name).ok_or_else(|| UnknownName {
        name: name.to_owned(),
        kind,
        known: all.iter().map(|one| name_of(*one)).collect::<Vec<_>>().join(", "),
    })
}
