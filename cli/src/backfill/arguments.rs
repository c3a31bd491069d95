//! What is typed.

use std::path::PathBuf;

use clap::Args;
use shared::ctx::AddAs;

use super::{filter::Filters, ory::OryArguments, rate::Rate, template::TemplateArguments};

/// The arguments of both commands.
#[derive(Args)]
pub(super) struct Options {
    /// The name or ARN of the function in Lambda.
    pub(super) function: String,
    /// Send nothing: count who would be sent, and show the first three calls. They hold the data of
    /// these people.
    #[arg(long, conflicts_with = "resume")]
    pub(super) dry_run: bool,
    /// At most this many messages a second, or 0.5 (default: mailchimp-subscribe 2, mandrill-welcome
    /// 10, segment-identify 100, relay 2).
    #[arg(long, value_name = "N")]
    pub(super) rate: Option<Rate>,
    /// Send to a relay even though it may make a call twice.
    #[arg(long)]
    pub(super) may_repeat: bool,
    #[command(flatten)]
    pub(super) going: Going,
    #[command(flatten)]
    pub(super) filters: Filters,
    #[command(flatten)]
    pub(super) ory: OryArguments,
    #[command(flatten)]
    pub(super) template: TemplateArguments,
}

/// How a run is started.
#[derive(Args)]
pub(super) struct Going {
    /// Go on with a run that was interrupted.
    #[arg(long)]
    pub(super) resume: bool,
    /// The file in which a run saves how far it is (default:
    /// ory-actions-backfill-FUNCTION.json in this folder).
    #[arg(long, value_name = "FILE")]
    pub(super) state_file: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    pub(super) yes: bool,
}

/// What becomes of people with consent who are no contacts.
#[derive(Args)]
#[command(next_help_heading = "People with consent and a verified address who are no contacts yet")]
#[group(multiple = false)]
pub(super) struct Adding {
    /// Add them as subscribed: the consent in Ory proves it. Only for mailchimp-subscribe.
    #[arg(long)]
    consent_in_ory_is_proof: bool,
    /// Add them as pending: Mailchimp asks each by mail. Only for mailchimp-subscribe.
    #[arg(long)]
    confirm: bool,
}

impl Adding {
    /// How they are added; `None`: they are not.
    pub(super) fn add_as(&self) -> Option<AddAs> {
        match (self.consent_in_ory_is_proof, self.confirm) {
            (true, _) => Some(AddAs::Subscribed),
            (false, true) => Some(AddAs::Pending),
            (false, false) => None,
        }
    }
}
