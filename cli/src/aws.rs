//! AWS, for the commands on a deployed stack.

use std::sync::Arc;

use shared::{http::Client, secrets::SecretStore};

use crate::doctor::Topics;

/// This program was built without the AWS SDK.
#[derive(Debug, thiserror::Error)]
#[error("this build cannot call AWS; use `cargo run --features aws -- …`")]
pub(crate) struct NoAws;

/// The services, called with the user's own credentials.
pub(crate) struct AwsServices {
    pub(crate) secrets: Arc<dyn SecretStore>,
    pub(crate) topics: Arc<dyn Topics>,
}

impl AwsServices {
    /// The services in a region, or in the user's default region.
    ///
    /// # Errors
    /// There is no AWS SDK in this build.
    #[cfg(feature = "aws")]
    pub(crate) async fn at_hand(region: Option<&str>, client: &Client) -> Result<Self, NoAws> {
        use shared::{aws::Aws, secrets::AwsSecrets};

        use crate::doctor::Sns;

        let aws = Aws::at_hand(region, client).await;
        Ok(Self { secrets: Arc::new(AwsSecrets::new(&aws)), topics: Arc::new(Sns::new(&aws)) })
    }

    /// The services in a region, or in the user's default region.
    ///
    /// # Errors
    /// There is no AWS SDK in this build.
    #[cfg(not(feature = "aws"))]
    pub(crate) async fn at_hand(_: Option<&str>, _: &Client) -> Result<Self, NoAws> {
        Err(NoAws)
    }
}
