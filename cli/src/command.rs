//! The commands of `ory-actions`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::telemetry::chain;

use crate::{action, completions, doctor, lint, mailchimp_webhook, render, renew, up};

/// A local stack and tools for Ory webhooks.
#[derive(Parser)]
#[command(version, about)]
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
    /// Check a deployed stack for what is missing, wrong or unreachable.
    Doctor(Box<doctor::Doctor>),
    /// Publish a version of a deployed function and move the alias `live` to it.
    Renew(renew::Renew),
    /// Print a shell completion script.
    Completions(completions::Completions),
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let done = match self.command.unwrap_or(Command::Up(up::Up::default())) {
            Command::Up(up) => up.run().await,
            Command::Render(render) => render.run().await,
            Command::Action(action) => action.run(),
            Command::Lint(lint) => lint.run(),
            Command::MailchimpWebhook(webhook) => webhook.run(),
            Command::Doctor(doctor) => doctor.run().await,
            Command::Renew(renew) => renew.run().await,
            Command::Completions(completions) => completions.run(),
        };
        done.unwrap_or_else(|error| {
            eprintln!("error: {}", chain(&*error));
            ExitCode::FAILURE
        })
    }
}

/// The exit code of a command, or an error that a person can act on.
pub(crate) type Done = Result<ExitCode, Box<dyn std::error::Error>>;
