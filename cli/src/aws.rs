//! AWS, for the commands on a deployed stack.

use std::sync::Arc;

use shared::{http::Client, secrets::SecretStore};

/// This program was built without the AWS SDK.
#[derive(Debug, thiserror::Error)]
#[error("this build cannot call AWS; use `cargo run --features aws -- doctor …`")]
pub(crate) struct NoAws;

/// Secrets Manager, with the user's own credentials.
///
/// # Errors
/// There is no AWS SDK in this build.
#[cfg(feature = "aws")]
pub(crate) async fn secrets(
    region: Option<&str>,
    client: &Client,
) -> Result<Arc<dyn SecretStore>, NoAws> {
    use shared::{aws::Aws, secrets::AwsSecrets};
    Ok(Arc::new(AwsSecrets::new(&Aws::at_hand(region, client).await)))
}

/// Secrets Manager, with the user's own credentials.
///
/// # Errors
/// There is no AWS SDK in this build.
#[cfg(not(feature = "aws"))]
pub(crate) async fn secrets(_: Option<&str>, _: &Client) -> Result<Arc<dyn SecretStore>, NoAws> {
    Err(NoAws)
}
