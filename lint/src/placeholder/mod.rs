//! Placeholders: values that another program fills in before Kratos reads the file.
//!
//! Known are the notations of Go templates (Helm), Jinja, ERB, shells and `envsubst`, and words such
//! as `<URL>`, `__URL__`, `@URL@`, `%URL%` and `((url))`. A word in single braces is none: nothing
//! fills it in.

mod fill;
mod hook;
mod scan;

pub(crate) use fill::{Filled, Quotes, fill};
pub(crate) use hook::{Unknown, known_parts};
pub(crate) use scan::is_in;
