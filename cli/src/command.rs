//! The commands of `ory-actions`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::telemetry::chain;

use crate::{action, completions, doctor, lint, mailchimp_webhook, render, up};

/// The local stack, and tools for Ory's webhooks.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Starts the local stack, plays the sample events and serves on (the default).
    Up(up::Up),
    /// Shows what the vendor would get, or where the template fails.
    Render(render::Render),
    /// Prints the webhooks by which Ory calls a function; sends nothing.
    Action(action::Action),
    /// Finds webhooks in Ory's configuration that never fire, leak or break a flow.
    Lint(lint::Lint),
    /// Prints the call that makes Mailchimp's webhook, and the steps by hand; sends nothing.
    MailchimpWebhook(mailchimp_webhook::MailchimpWebhook),
    /// Checks a deployed stack: what is missing, wrong or out of reach.
    Doctor(Box<doctor::Doctor>),
    /// Prints what a shell needs to complete the commands.
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
            Command::Completions(completions) => completions.run(),
        };
        done.unwrap_or_else(|error| {
            eprintln!("error: {}", chain(&*error));
            ExitCode::FAILURE
        })
    }
}

/// A command's end, or an error that a person can act on.
pub(crate) type Done = Result<ExitCode, Box<dyn std::error::Error>>;
