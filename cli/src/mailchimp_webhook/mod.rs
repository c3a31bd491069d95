//! `mailchimp-webhook`: how to create the webhook in Mailchimp, with every setting explicit. It sends
//! nothing. <https://mailchimp.com/developer/marketing/api/list-webhooks/>

mod arguments;
mod instructions;

use std::process::ExitCode;

use clap::Args;

use self::{
    arguments::{fit_list, fit_url},
    instructions::instructions,
};
use crate::command::Done;

/// The query parameter that authenticates Mailchimp.
const SECRET: &str = "secret";

const EXAMPLES: &str = "\
Examples:
  ory-actions mailchimp-webhook --url \"$MAILCHIMP_INBOUND_URL?secret=$MAILCHIMP_SECRET\" \\
    --list a6b5da1054";

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
        println!("{}", instructions(&fit_url(&self.url)?, fit_list(&self.list)?));
        Ok(ExitCode::SUCCESS)
    }
}
