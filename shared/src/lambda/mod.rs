//! The Lambda end: starts a function and runs it.

#[cfg(feature = "aws")]
mod runtime;

use std::time::Duration;

#[cfg(feature = "aws")]
pub use runtime::main;

use crate::{config::ConfigError, http::ClientError, template::TemplateFault};

/// How long Lambda lets a function run, as `template.yaml` has it.
pub const LAMBDA_TIMEOUT: Duration = Duration::from_secs(25);

/// Why a function did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A template does not parse.
    #[error(transparent)]
    Template(#[from] TemplateFault),
    /// The HTTP client could not be built.
    #[error("cannot build the HTTP client")]
    Http(#[from] ClientError),
    /// The binary was started by hand.
    #[error(
        "AWS_LAMBDA_RUNTIME_API: is not set; this program runs in Lambda. Use `cargo run` for the local stack"
    )]
    NotInLambda,
    /// The Runtime API failed.
    #[error("the Lambda runtime ended")]
    Runtime(#[source] Box<dyn std::error::Error + Send + Sync>),
}
