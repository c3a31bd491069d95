//! `up`: the local stack.

pub(crate) mod changes;
mod console;
pub mod local;
pub mod play;
pub mod samples;
pub mod table;

use std::process::ExitCode;

use clap::Args;
use fakes::WEBHOOK_KEY;
use shared::http::Client;

use self::local::{LocalStack, PortNumbers};
use crate::{command::Done, output};

/// The port that `cargo lambda watch` would use too.
const PORT: u16 = 9000;

const EXAMPLES: &str = "\
Examples:
  ory-actions up              # play the samples and keep serving
  ory-actions up --once       # exit after the samples, with 0 or 1
  ory-actions up --port 9500";

#[derive(Args, Default)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Up {
    /// Exit after playing the samples, with 1 if any result is unexpected.
    #[arg(long)]
    once: bool,
    /// The port to listen on; the fakes use the next four (default: 9000; with `--once` any).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=65_531))]
    port: Option<u16>,
}

impl Up {
    pub(crate) async fn run(self) -> Done {
        let stack = LocalStack::start(self.ports()).await?;
        let played = play::play(&stack.root(), &stack.fakes, &Client::new()?).await;
        output::line(table::of(&played))?;
        if self.once {
            let fine = played.iter().all(play::Played::is_as_expected);
            return Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        output::note(format_args!("\n{}", invitation(&stack)));
        tokio::signal::ctrl_c().await?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Up {
    fn ports(&self) -> PortNumbers {
        match self.port {
            None if self.once => PortNumbers::default(),
            port => PortNumbers::from(port.unwrap_or(PORT)),
        }
    }
}

fn invitation(stack: &LocalStack) -> String {
    let root = stack.root();
    let url = stack.function_url(mandrill_welcome::NAME);
    let segment = stack.function_url(segment_identify::NAME);
    let mailchimp = stack.function_url(mailchimp_inbound::NAME);
    format!(
        "Open {root}/ to see what happened. Listening; press Ctrl-C to stop:

  {url}
  {segment}
  {mailchimp}

Send your own event:

  curl -i {url} -H 'Authorization: {WEBHOOK_KEY}' -H 'Content-Type: application/json' \\
    -d '{{\"identity\":{{\"id\":\"me\",\"traits\":{{\"email\":\"me@example.com\"}}}}}}'"
    )
}
