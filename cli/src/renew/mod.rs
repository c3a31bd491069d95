//! `renew` publishes a version of a deployed function and moves the alias `live` to it: a change of
//! its environment takes effect, and new sandboxes fetch their secrets.

mod deployed;
mod lambda;
mod plan;

use std::process::ExitCode;

use clap::Args;
use shared::{aws::Aws, http::Client};
use time::OffsetDateTime;

use self::{lambda::Lambda, plan::Plan};
use crate::{aws::region, command::Done, confirm::confirm, output};

const EXAMPLES: &str = "\
Examples:
  # after you rotated a secret and cannot wait five minutes
  ory-actions renew \"$FUNCTION\"

  # after you changed its environment by hand
  aws lambda update-function-configuration --function-name \"$FUNCTION\" --environment …
  ory-actions renew \"$FUNCTION\"

FUNCTION is the name or the ARN of the function in Lambda. Sandboxes that are at work finish their
event.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Renew {
    /// The name or ARN of the function in Lambda.
    function: String,
    /// Do not ask before the alias is moved.
    #[arg(long)]
    yes: bool,
}

impl Renew {
    pub(crate) async fn run(self) -> Done {
        let aws = Aws::at_hand(region(&self.function), &Client::new()?).await;
        let lambda = Lambda::new(&aws, self.function);
        let deployed = lambda.deployed().await?;
        output::line(Plan::of(&deployed)?)?;
        if !self.yes && !confirm().await? {
            return Ok(ExitCode::FAILURE);
        }
        lambda.mark(&deployed, OffsetDateTime::now_utc()).await?;
        let version = lambda.publish(&deployed).await?;
        lambda.move_alias(&deployed, &version).await?;
        output::line(plan::done(&deployed, &version))?;
        Ok(ExitCode::SUCCESS)
    }
}
