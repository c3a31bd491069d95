//! Stands for the commands that call AWS, in a build without the AWS SDK.

use clap::Args;

use crate::command::Done;

/// This build has no AWS SDK.
#[derive(Debug, thiserror::Error)]
#[error(
    "this build has no AWS SDK, which would make the first build much longer; use \
     `cargo run --features aws -- …`"
)]
struct NoAws;

#[derive(Args)]
#[command(
    after_help = "This command needs a build with the AWS SDK: cargo run --features aws -- …"
)]
pub(crate) struct NeedsAws {
    /// The arguments of the command.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl NeedsAws {
    pub(crate) fn run(self) -> Done {
        drop(self.arguments);
        Err(NoAws.into())
    }
}
