//! `up`: the local stack.

use std::process::ExitCode;

use clap::Args;
use fakes::WEBHOOK_KEY;
use shared::http::Client;

use super::Done;
use crate::{
    stack::{Stack, play, table},
    world::PortNumbers,
};

/// The port that `cargo lambda watch` would use too.
const PORT: u16 = 9000;

const EXAMPLES: &str = "\
Examples:
  ory-actions up              # plays the samples, and serves on
  ory-actions up --once       # ends after the play, with 0 or 1
  ory-actions up --port 9500";

#[derive(Args, Default)]
#[command(after_help = EXAMPLES)]
pub(super) struct Up {
    /// Ends after the play: 0 if every event came out as expected, else 1.
    #[arg(long)]
    once: bool,
    /// The port to serve on; the fakes take the four behind it (9000; with `--once` any).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=65_531))]
    port: Option<u16>,
}

impl Up {
    pub(super) async fn run(self) -> Done {
        let stack = Stack::start(self.ports()).await?;
        let played = play::play(&stack.root(), &stack.surroundings, &Client::new()?).await;
        println!("{}", table::of(&played));
        if self.once {
            let fine = played.iter().all(play::Played::is_as_expected);
            return Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        println!("\n{}", invitation(&stack));
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

fn invitation(stack: &Stack) -> String {
    let root = stack.root();
    let url = stack.function_url(mandrill_welcome::NAME);
    let segment = stack.function_url(segment_identify::NAME);
    let mailchimp = stack.function_url(mailchimp_inbound::NAME);
    format!(
        "Look at {root}/ to see what happened. Serving on, Ctrl-C ends:

  {url}
  {segment}
  {mailchimp}

Send an event of your own:

  curl -i {url} -H 'Authorization: {WEBHOOK_KEY}' -H 'Content-Type: application/json' \\
    -d '{{\"identity\":{{\"id\":\"me\",\"traits\":{{\"email\":\"me@example.com\"}}}}}}'"
    )
}
