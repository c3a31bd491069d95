//! `mailchimp-webhook`: how to create the webhook in Mailchimp, with every setting explicit. It sends
//! nothing. <https://mailchimp.com/developer/marketing/api/list-webhooks/>

mod arguments;
mod instructions;

use std::process::ExitCode;

use clap::Args;

pub(crate) use self::arguments::fit_list;
use self::{arguments::fit_url, instructions::instructions};
use crate::{command::Done, exit::InvalidInput, output};

/// The query parameter that authenticates Mailchimp.
const SECRET: &str = "secret";

const EXAMPLES: &str = "\
Examples:
  ory-actions mailchimp-webhook --list a6b5da1054 \\
    --url \"$MAILCHIMP_INBOUND_URL?secret=$MAILCHIMP_SECRET\"";

const NOTE: &str = "Nothing was sent. Create the webhook with the API (1) or in Mailchimp (2). The \
                    output contains the secret: keep it private.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MailchimpWebhook {
    /// The URL of the function, including the secret: https://….on.aws/?secret=…
    #[arg(long)]
    url: String,
    /// The audience id, as shown in its settings: letters and digits.
    #[arg(long, value_name = "LIST_ID")]
    list: String,
}

impl MailchimpWebhook {
    pub(crate) fn run(self) -> Done {
        let url = fit_url(&self.url).map_err(InvalidInput::new)?;
        let list = fit_list(&self.list).map_err(InvalidInput::new)?;
        output::line(instructions(&url, list))?;
        output::note(output::wrapped("note: ", NOTE));
        Ok(ExitCode::SUCCESS)
    }
}
