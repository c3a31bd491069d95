//! A corpus of configurations.
//!
//! `good/` must bring nothing. A file of `bad/` is named after the rule that it breaks, with a word
//! behind it where there are several. `documents/` holds the examples of Ory's own documents.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod any_input;
mod docs;
mod examples;
mod files;
mod fix;
mod inputs;
mod printed;
mod templates;
