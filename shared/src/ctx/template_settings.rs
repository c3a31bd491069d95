//! What a function's templates read besides the event.

use serde_json::{Map, Value};

use crate::outcome::Outcome;

/// Settings of a function that its templates read as fields of ctx.
#[derive(Clone, Debug, Default)]
pub struct TemplateSettings {
    /// The fields, by their names in ctx.
    pub fields: Map<String, Value>,
    /// Why nothing can be rendered, if a setting is missing that the template needs.
    pub missing: Option<&'static str>,
}

impl TemplateSettings {
    /// Whether the template has the settings that it needs.
    ///
    /// # Errors
    /// The outcome of every event until an operator sets what is missing.
    pub fn check(&self) -> Result<(), Outcome> {
        self.missing.map_or(Ok(()), |cause| Err(Outcome::blocked(cause)))
    }
}
