//! The mappers of social sign-in: what they write for every new identity.

use serde_json::Value;

use crate::{
    Configuration,
    template::{self, Library},
};

/// Whether the mapper of every provider can be read and always writes `metadata_public`.
///
/// Source: ory/kratos `selfservice/strategy/oidc/strategy_registration.go`, `setMetadata`, which
/// accepts nothing but an object.
pub(crate) fn write_public_metadata(configuration: &Configuration, library: &Library<'_>) -> bool {
    let keys = ["selfservice", "methods", "oidc", "config", "providers"];
    let writes = |provider: &Value| {
        let reference = provider.get("mapper_url").and_then(Value::as_str);
        let mapper = reference.and_then(|reference| library.load(reference).ok());
        let reading = mapper.and_then(|mapper| template::read(&mapper.code).ok());
        reading.is_some_and(|reading| reading.writes_public_metadata)
    };
    let providers = configuration.at(&keys).and_then(Value::as_array);
    providers.is_some_and(|providers| !providers.is_empty() && providers.iter().all(writes))
}
