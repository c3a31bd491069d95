//! `up`: the local stack.

pub(crate) mod changes;
mod console;
mod contacts;
pub mod local;
#[cfg(test)]
mod mail_tests;
#[cfg(test)]
mod newsletter_tests;
pub(crate) mod people;
pub mod play;
pub mod relays;
pub mod samples;
pub mod table;

use std::{process::ExitCode, time::Duration};

use clap::Args;
use fakes::WEBHOOK_KEY;
use shared::http::Client;
use tokio::{select, time::timeout};

use self::{
    local::{LocalStack, Mode, PortNumbers},
    relays::Relay,
};
use crate::{command::Done, output};

/// The port that `cargo lambda watch` would use too.
const PORT: u16 = 9000;

/// The last port after which there are enough for the fakes.
const LAST_PORT: i64 = 65_500;

/// The samples are delivered in a few seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// An event is still waiting in a queue.
#[derive(Debug, thiserror::Error)]
#[error("not all samples were delivered within {} s", LIMIT.as_secs())]
struct NotAtRest;

const EXAMPLES: &str = "\
Examples:
  ory-actions up                  # play the samples and keep serving
  ory-actions up --relay hubspot  # with a relay to HubSpot
  ory-actions up --fast           # a minute of waiting takes a second
  ory-actions up --once           # exit after the samples, with 0 or 1
  ory-actions up --port 9500";

#[derive(Args, Default)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Up {
    /// Exit after playing the samples, with 1 if any result is unexpected. Implies `--fast`.
    #[arg(long)]
    once: bool,
    /// Let waits between deliveries pass 60 times as fast.
    #[arg(long)]
    fast: bool,
    /// Deliver before answering, as functions without a queue do.
    #[arg(long, conflicts_with = "fast")]
    inline: bool,
    /// Add a relay with this preset, and a fake of its vendor. Give it again for another one.
    #[arg(long = "relay", value_name = "PRESET", value_parser = relays::parser())]
    relays: Vec<&'static Relay>,
    /// The port to listen on; the fakes use the next ones (default: 9000; with `--once` any).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=LAST_PORT))]
    port: Option<u16>,
}

impl Up {
    pub(crate) async fn run(self) -> Done {
        let stack = LocalStack::with_relays(self.ports(), self.mode(), &self.relays()).await?;
        let client = Client::new()?;
        let Ok(played) = timeout(LIMIT, stack.play(&client)).await else {
            return Err(NotAtRest.into());
        };
        output::line(table::of(&played))?;
        if self.once {
            let fine = played.iter().all(play::Played::is_as_expected);
            return Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        output::note(format_args!("\n{}\n", invitation(&stack)));
        select! {
            stopped = tokio::signal::ctrl_c() => stopped?,
            error = stack.tell(|line| output::line(line)) => return Err(error.into()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Up {
    /// Each relay once.
    fn relays(&self) -> Vec<&'static Relay> {
        let mut relays: Vec<&'static Relay> = Vec::new();
        for relay in &self.relays {
            if !relays.contains(relay) {
                relays.push(relay);
            }
        }
        relays
    }

    fn ports(&self) -> PortNumbers {
        match self.port {
            None if self.once => PortNumbers::default(),
            port => PortNumbers::from(port.unwrap_or(PORT)),
        }
    }

    fn mode(&self) -> Mode {
        match self {
            Self { inline: true, .. } => Mode::Inline,
            Self { once: true, .. } | Self { fast: true, .. } => Mode::FAST,
            _ => Mode::DEPLOYED,
        }
    }
}

fn invitation(stack: &LocalStack) -> String {
    let root = stack.root();
    let urls: Vec<_> = stack.functions().map(|name| stack.function_url(name)).collect();
    let (urls, url) = (urls.join("\n  "), stack.function_url(mandrill_welcome::NAME));
    format!(
        "Open {root}/ to see what happened. Listening; press Ctrl-C to stop:

  {urls}

Send your own event:

  curl -i {url} -H 'Authorization: {WEBHOOK_KEY}' -H 'Content-Type: application/json' \\
    -d '{{\"identity\":{{\"id\":\"me\",\"traits\":{{\"email\":\"me@example.com\"}}}}}}'"
    )
}
