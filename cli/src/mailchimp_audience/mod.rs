//! `mailchimp-audience`: makes the merge field that mailchimp-subscribe writes, and says what an
//! audience asks for. <https://mailchimp.com/developer/marketing/api/list-merges/>

mod api;
mod audience;
mod report;

use std::process::ExitCode;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use shared::{config::Endpoint, http::Client};

pub(crate) use self::{api::Api, audience::OryId};
#[cfg(feature = "aws")]
pub(crate) use self::{
    api::ApiError,
    audience::Audience,
    report::{double_opt_in, ory_id, permissions, required},
};
use self::{audience::Change, report::Report};
use crate::{
    command::Done,
    confirm::confirm,
    exit::InvalidInput,
    mailchimp_key::{self, MAILCHIMP_API_KEY, OTHER_PRODUCT},
    mailchimp_webhook::fit_list,
    output,
};

const EXAMPLES: &str = "\
Examples:
  # say what the audience asks for, and what is missing
  MAILCHIMP_API_KEY=… ory-actions mailchimp-audience --list a6b5da1054

  # make the merge field
  MAILCHIMP_API_KEY=… ory-actions mailchimp-audience --list a6b5da1054 --apply

MAILCHIMP_API_KEY is a Mailchimp Marketing API key. It is not printed.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MailchimpAudience {
    /// The audience id, as shown in its settings: letters and digits.
    #[arg(long, value_name = "LIST_ID")]
    list: String,
    /// Make the merge field `ORY_ID`, which is not public; asks first.
    #[arg(long)]
    apply: bool,
    /// Do not ask before the merge field is made.
    #[arg(long, requires = "apply")]
    yes: bool,
    /// The root of the Mailchimp Marketing API (default: the data center of the key).
    #[arg(long, value_name = "URL", env = "MAILCHIMP_URL")]
    mailchimp_url: Option<String>,
}

impl MailchimpAudience {
    pub(crate) async fn run(self) -> Done {
        let list = fit_list(&self.list).map_err(InvalidInput::new)?;
        let (key, root) = account(self.mailchimp_url.as_deref()).map_err(InvalidInput::new)?;
        let client = Client::new()?;
        let api = Api { http: &client, root, key: &key };
        let audience = api.audience(list).await?;
        output::line(Report(&audience))?;
        let Some(change) = audience.ory_id().change() else {
            let is_ready = audience.ory_id() == OryId::Ready;
            return Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        };
        output::line(format_args!("\n{}", written(&api, list, &change)))?;
        if !self.apply {
            output::note("note: Nothing was changed. To send this call, add --apply.");
            return Ok(ExitCode::FAILURE);
        }
        if !self.yes && !confirm().await? {
            return Ok(ExitCode::FAILURE);
        }
        api.make(list, &change).await?;
        output::line("ORY_ID is there, and not public.")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The call, as it is sent.
fn written(api: &Api<'_>, list: &str, change: &Change) -> String {
    format!("{} {}\n{:#}", change.method, api.change_url(list, change), change.body)
}

/// Why the account cannot be reached. No message holds the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum Unfit {
    #[error("{MAILCHIMP_API_KEY} is not set; set it to a Mailchimp Marketing API key")]
    NoKey,
    #[error("{OTHER_PRODUCT}")]
    OtherProduct,
    #[error("--mailchimp-url: not an https URL")]
    Url,
}

fn account(url: Option<&str>) -> Result<(SecretString, Endpoint), Unfit> {
    let key = mailchimp_key::from_environment().ok_or(Unfit::NoKey)?;
    let of_key = mailchimp_key::root_for(key.expose_secret()).ok_or(Unfit::OtherProduct)?;
    let root = url.map_or(Some(of_key), Endpoint::parse).ok_or(Unfit::Url)?;
    Ok((key, root))
}
