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
use crate::{command::Done, confirm::confirm, output};

/// The alias behind the URL, the permissions and the event source mapping of a function, as
/// `AutoPublishAlias` in `template.yaml` names it.
pub(crate) const ALIAS: &str = "live";

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
        if !self.yes && !confirm()? {
            return Ok(ExitCode::FAILURE);
        }
        lambda.mark(&deployed, OffsetDateTime::now_utc()).await?;
        let version = lambda.publish(&deployed).await?;
        lambda.move_alias(&deployed, &version).await?;
        output::line(plan::done(&deployed, &version))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The region in an ARN: who runs this need not have it in the environment.
fn region(function: &str) -> Option<&str> {
    function.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_is_read_from_an_arn_only() {
        assert_eq!(region("arn:aws:lambda:eu-west-1:000000000000:function:f"), Some("eu-west-1"));
        assert_eq!(region("ory-actions-MandrillWelcome-1A2B"), None);
    }
}
