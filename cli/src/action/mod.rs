//! The webhooks by which Ory calls the functions: where each one goes, what is in it, and what to
//! know of it. What would never be called, or be called for nothing, is refused.

mod function;
mod notes;
mod output;
mod plan;
mod webhook;

pub use function::{Function, NoFunction};
pub use notes::notes;
pub use output::{Format, Key, PrintError, Project, print};
pub use plan::{Place, Refused, Wish};

/// How a function is called.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The function's URL.
    pub url: String,
    /// The header that carries the API key.
    pub api_key_name: String,
}
