//! `up`: the local stack.

use std::process::ExitCode;

use clap::Args;
use shared::http::Client;

use super::Done;
use crate::stack::{Stack, WEBHOOK_KEY, play};

/// The port that `cargo lambda watch` uses too.
const PORT: u16 = 9000;

#[derive(Args, Default)]
pub(super) struct Up {
    /// Ends after the play: 0 if every event came out as expected, else 1.
    #[arg(long)]
    once: bool,
    /// The port to serve on (9000; with `--once` any free one).
    #[arg(long)]
    port: Option<u16>,
}

impl Up {
    pub(super) async fn run(self) -> Done {
        let port = self.port.unwrap_or(if self.once { 0 } else { PORT });
        let stack = Stack::start(port).await?;
        let played = play::play(&stack, &Client::new()?).await;
        println!("{}", play::table(&played));
        if self.once {
            let fine = played.iter().all(play::Played::is_as_expected);
            return Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        println!("\n{}", invitation(&stack));
        tokio::signal::ctrl_c().await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn invitation(stack: &Stack) -> String {
    let url = stack.function_url(mandrill_welcome::NAME);
    format!(
        "Serving on, Ctrl-C ends:

  {url}

Send an event of your own:

  curl -i {url} -H 'Authorization: {WEBHOOK_KEY}' -H 'Content-Type: application/json' \\
    -d '{{\"identity\":{{\"id\":\"me\",\"traits\":{{\"email\":\"me@example.com\"}}}}}}'"
    )
}
