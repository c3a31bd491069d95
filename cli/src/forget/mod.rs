//! `forget` erases a person who is gone from Ory, as far as the functions and their vendors can be
//! reached.
//!
//! `erasing` has the steps in their order, `plan` what is found before. What is said of them is in
//! plain functions; the others make the calls.

mod account;
mod contacts;
mod erasing;
mod letters;
mod mapping;
mod ory;
mod plan;
mod reach;
mod records;
mod rows;
mod stack;
mod told;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, value_parser};
use mailchimp_subscribe::erase::Erasure;
use shared::deliver::MAX_RETRY_AFTER;
use uuid::Uuid;

use self::{erasing::Erasing, ory::OryArguments, plan::Plan, stack::Stack};
use crate::{
    command::Done,
    confirm::confirm,
    format::Format,
    input,
    interruption::Interruption,
    output::{self, note},
};

const EXAMPLES: &str = "\
Examples:
  ory delete identity IDENTITY-ID
  sam list stack-outputs --stack-name ory-actions --output json > outputs.json
  ory-actions forget IDENTITY-ID --outputs outputs.json --dry-run
  ory-actions forget IDENTITY-ID --outputs outputs.json

  # delete the Mailchimp contact for good, instead of archiving it
  ory-actions forget IDENTITY-ID --outputs outputs.json --permanent

First of all, a mark is written that keeps deliveries from making calls for the
person. It can be run again: it then does what is left. What it cannot reach is
printed at the end.";

/// The longest that a message is hidden for its backoff, in minutes.
const LONGEST_WAIT: u64 = MAX_RETRY_AFTER.as_secs() / 60;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Forget {
    /// The id of the identity in Ory.
    #[arg(value_name = "IDENTITY-ID")]
    identity: Uuid,
    /// The output of `sam list stack-outputs --output json`; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    outputs: PathBuf,
    /// Do not ask Ory, and go on even if it still has the identity.
    #[arg(long)]
    keep_identity: bool,
    /// Delete the Mailchimp contact for good: only the person can come back. By default it is archived.
    #[arg(long)]
    permanent: bool,
    /// How long to wait for messages of segment-identify that are hidden until they are tried again. Its
    /// event source mapping is paused meanwhile. After an hour none is hidden any more.
    #[arg(long, value_name = "MINUTES", default_value_t = 2, value_parser = value_parser!(u64).range(..=LONGEST_WAIT))]
    wait: u64,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    ory: OryArguments,
    #[command(flatten)]
    question: Question,
}

/// Whether anything is changed.
#[derive(Args)]
struct Question {
    /// Print what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Forget {
    pub(crate) async fn run(self) -> Done {
        let interruption = Interruption::listen()?;
        let Self { identity, keep_identity, format, question, .. } = self;
        let outputs = input::read(&self.outputs)?;
        let stack = interruption.unless(Box::pin(Stack::of(&outputs))).await??;
        if !keep_identity {
            interruption.unless(self.ory.check_gone(&stack, identity)).await??;
        }
        let how = if self.permanent { Erasure::Permanent } else { Erasure::Archive };
        let wait = Duration::from_secs(self.wait * 60);
        let erasing = Erasing::of(&stack, identity, how, wait, &interruption).await?;
        let beyond = reach::of(&stack, identity, keep_identity);
        let plan = Plan::of(&erasing).await?;
        if question.dry_run {
            match format {
                Format::Text => {
                    let beyond = reach::to_text(&beyond);
                    output::line(format_args!("{}\n\n{beyond}", plan.to_text()))?;
                }
                Format::Json => output::line(format_args!("{:#}", plan.to_json(&beyond)))?,
            }
            return Ok(ExitCode::SUCCESS);
        }
        match format {
            Format::Text => output::line(format_args!("{}\n", plan.to_text()))?,
            // Standard output is for the account.
            Format::Json => note(plan.to_text()),
        }
        if !question.yes && !interruption.unless(confirm()).await?? {
            return Ok(ExitCode::FAILURE);
        }
        let account = erasing.run().await?;
        match format {
            Format::Text => output::line(account.to_text(&beyond))?,
            Format::Json => output::line(format_args!("{:#}", account.to_json(&beyond)))?,
        }
        Ok(if account.is_done() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
