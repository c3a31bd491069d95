//! Templates: loaded from the reference in a configuration, parsed and walked.
//!
//! In this crate, only this module uses jrsonnet. It never evaluates: there is no ctx to evaluate
//! over, and a leak in a branch that a sample does not take is still a leak. It follows the
//! possible values of each expression: `value` says what is known about one, and `walk` goes through
//! expressions, with `scope` for names, `objects`, `condition`, `index`, `calls`, `library` for
//! `std`, and `errors`. `harvest` collects what reaches the output, `output` says what is in it for
//! sure, and `reading` is what the rules see. `names` looks for what is refused before anything is
//! evaluated.

mod calls;
mod condition;
mod errors;
mod files;
mod harvest;
mod index;
mod library;
mod load;
mod names;
mod objects;
mod output;
mod parse;
mod path;
mod reading;
mod scope;
mod size;
mod std_names;
mod value;
mod walk;

pub(crate) use load::{Library, LoadError, Loaded, Origin, read_file};
pub(crate) use parse::{Unreadable, read};
pub(crate) use path::{Path, Step};
pub(crate) use reading::{
    Asked, Certainty, ErrorText, External, Forward, MessageType, NamedText, Parameter, Read,
    Reading, Refused, Tag, Text, Use,
};
pub(crate) use size::{EVALUATOR_BYTES, evaluator_bytes};

/// Whether a text without a name is a template of a webhook.
pub(crate) fn is_likely(text: &str) -> bool {
    text.trim_start().starts_with("function(")
}

#[cfg(test)]
mod tests;
