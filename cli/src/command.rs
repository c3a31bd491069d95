//! The commands of `ory-actions`.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use shared::{telemetry::chain, version};

#[cfg(not(feature = "aws"))]
use crate::needs_aws::NeedsAws;
use crate::{
    action, completions, exit, lint, mailchimp_audience, mailchimp_webhook, mandrill_webhook,
    output, preset, render, template, terminal, up,
};
#[cfg(feature = "aws")]
use crate::{backfill, dead_letters, doctor, forget, renew};

/// A local stack and tools for Ory webhooks.
#[derive(Parser)]
#[command(version = version::in_words(), about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the local stack, play the sample events and keep serving (default).
    Up(up::Up),
    /// Show what a vendor would receive, or where the template fails.
    Render(render::Render),
    /// Print the webhooks with which Ory calls a function; sends nothing.
    Action(action::Action),
    /// Find webhooks in an Ory configuration that never run, leak data or break a flow.
    Lint(lint::Lint),
    /// Print how to create the webhook in Mailchimp; sends nothing.
    MailchimpWebhook(mailchimp_webhook::MailchimpWebhook),
    /// Make the merge field in a Mailchimp audience, and say what the audience asks for.
    MailchimpAudience(mailchimp_audience::MailchimpAudience),
    /// Make the webhook in Mandrill and keep its key, or print how to.
    MandrillWebhook(mandrill_webhook::MandrillWebhook),
    /// List, show or test what a relay knows of a vendor.
    Preset(preset::Preset),
    /// Pack templates of your own for deployed functions.
    Template(template::Template),
    /// Check a deployed stack for what is missing, wrong or unreachable.
    #[cfg(feature = "aws")]
    Doctor(Box<doctor::Doctor>),
    /// Check a deployed stack for what is missing, wrong or unreachable.
    #[cfg(not(feature = "aws"))]
    Doctor(NeedsAws),
    /// Publish a version of a deployed function and move the alias `live` to it.
    #[cfg(feature = "aws")]
    Renew(renew::Renew),
    /// Publish a version of a deployed function and move the alias `live` to it.
    #[cfg(not(feature = "aws"))]
    Renew(NeedsAws),
    /// List, show, redrive or delete the events that a deployed function could not deliver.
    #[cfg(feature = "aws")]
    DeadLetters(dead_letters::DeadLetters),
    /// List, show, redrive or delete the events that a deployed function could not deliver.
    #[cfg(not(feature = "aws"))]
    DeadLetters(NeedsAws),
    /// Erase a person who is gone from Ory: queue, dead letters, Mailchimp contact and records.
    #[cfg(feature = "aws")]
    Forget(forget::Forget),
    /// Erase a person who is gone from Ory: queue, dead letters, Mailchimp contact and records.
    #[cfg(not(feature = "aws"))]
    Forget(NeedsAws),
    /// Send the people who are in Ory already to a deployed function.
    #[cfg(feature = "aws")]
    Backfill(Box<backfill::Backfill>),
    /// Send the people who are in Ory already to a deployed function.
    #[cfg(not(feature = "aws"))]
    Backfill(NeedsAws),
    /// Send the people who changed since the last run to a deployed function.
    #[cfg(feature = "aws")]
    Reconcile(Box<backfill::Reconcile>),
    /// Send the people who changed since the last run to a deployed function.
    #[cfg(not(feature = "aws"))]
    Reconcile(NeedsAws),
    /// Print a shell completion script.
    Completions(completions::Completions),
}

impl Cli {
    /// The command that was typed. Ends the process after help, the version or wrong arguments.
    pub fn typed() -> Self {
        let mut command = with_exit_codes(Self::command()).term_width(terminal::width().into());
        let matches = command.get_matches_mut();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }

    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let done = match self.command.unwrap_or(Command::Up(up::Up::default())) {
            Command::Up(up) => up.run().await,
            Command::Render(render) => render.run().await,
            Command::Action(action) => action.run().await,
            Command::Lint(lint) => lint.run(),
            Command::MailchimpWebhook(webhook) => webhook.run(),
            Command::MailchimpAudience(audience) => audience.run().await,
            Command::MandrillWebhook(webhook) => webhook.run().await,
            Command::Preset(preset) => preset.run().await,
            Command::Template(template) => template.run().await,
            #[cfg(feature = "aws")]
            Command::Doctor(doctor) => doctor.run().await,
            #[cfg(feature = "aws")]
            Command::Renew(renew) => renew.run().await,
            #[cfg(feature = "aws")]
            Command::DeadLetters(dead_letters) => dead_letters.run().await,
            #[cfg(feature = "aws")]
            Command::Forget(forget) => forget.run().await,
            #[cfg(feature = "aws")]
            Command::Backfill(backfill) => Box::pin(backfill.run()).await,
            #[cfg(feature = "aws")]
            Command::Reconcile(reconcile) => Box::pin(reconcile.run()).await,
            #[cfg(not(feature = "aws"))]
            Command::Doctor(absent)
            | Command::Renew(absent)
            | Command::DeadLetters(absent)
            | Command::Forget(absent)
            | Command::Backfill(absent)
            | Command::Reconcile(absent) => absent.run(),
            Command::Completions(completions) => completions.run(),
        };
        done.unwrap_or_else(|error| {
            if !exit::is_closed_output(&*error) {
                output::note(format_args!("error: {}", chain(&*error)));
            }
            exit::code(&*error)
        })
    }
}

/// Adds the exit codes to the help of each command, after its examples. A part of a command has the
/// same ones.
fn with_exit_codes(command: clap::Command) -> clap::Command {
    command.mut_subcommands(|command| {
        let codes = exit::help(command.get_name());
        with(&codes, command).mut_subcommands(|part| with(&codes, part))
    })
}

fn with(codes: &str, command: clap::Command) -> clap::Command {
    let help = match command.get_after_help() {
        Some(examples) => format!("{examples}\n\n{codes}"),
        None => codes.to_owned(),
    };
    command.after_help(help)
}

/// The exit code of a command, or an error that a person can act on.
pub(crate) type Done = Result<ExitCode, Box<dyn std::error::Error>>;
