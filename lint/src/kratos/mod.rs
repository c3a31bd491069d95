//! What Kratos does with its configuration's hooks: facts, each with its source, and nothing else.
//!
//! The sources are files of ory/kratos, read at b86338da, and the tests of `tests/real/kratos`,
//! which ask a real Kratos.

mod ctx;
mod flow;
mod hook_list;
mod method;
mod moment;
mod response;

pub use ctx::{Field, Presence, Shape};
pub use flow::Flow;
pub use hook_list::HookList;
pub use method::Method;
pub use moment::Moment;
pub use response::Response;

/// A name that is none of those that there are.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown {kind} {name}: expected one of {known}")]
pub struct UnknownName {
    name: String,
    kind: &'static str,
    known: String,
}

/// The one of `all` that is called so.
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
