//! Templates: loaded from the reference in a configuration, parsed and walked.
//!
//! In this crate, only this module uses jrsonnet. It never evaluates: there is no ctx to evaluate
//! over, and a leak in a branch that a sample does not take is still a leak. It follows the
//! possible values of each expression: `value` says what is known about one, `walk` goes through
//! expressions with `scope` for names, `objects`, `index`, `calls`, `library` for `std`, and
//! `errors`; `harvest` collects what reaches the output, and `reading` is what the rules see.

mod calls;
mod errors;
mod harvest;
mod index;
mod library;
mod load;
mod objects;
mod parse;
mod path;
mod reading;
mod scope;
mod size;
mod value;
mod walk;

pub(crate) use load::{LoadError, Loaded, load};
pub(crate) use parse::{Unreadable, read};
pub(crate) use path::{Path, Step};
pub(crate) use reading::{
    Certainty, ErrorText, Forward, MessageType, NamedText, Parameter, Read, Reading, Tag, Text,
};
pub(crate) use size::{EVALUATOR_BYTES, evaluator_bytes};

#[cfg(test)]
mod tests;
