//! `backfill` and `reconcile` send identities that no webhook told of: they list those of Ory and put
//! each into the queue of a deployed function, as the message that the function would have stored.
//!
//! What is sent and in which order things happen is decided by plain functions; `function`, `ory`,
//! `listing` and `outbox` make the calls, and `state_file` keeps how far a run is. `order`
//! does one after the other; `going` is the run itself, `preview` the dry run.

mod arguments;
mod condition;
mod counts;
mod ending;
#[cfg(test)]
mod fake_outbox;
mod filter;
mod function;
mod going;
#[cfg(test)]
mod going_tests;
mod job;
mod listing;
mod order;
mod ory;
mod outbox;
mod pace;
mod plan;
mod preview;
mod rate;
mod repeats;
mod sending;
mod shown;
mod start;
mod state;
mod state_file;
mod target;
mod template;

use clap::Args;
use shared::backfill::Run;

use self::{
    arguments::{Adding, Options},
    order::Order,
};
use crate::command::Done;

const BACKFILL_EXAMPLES: &str = "\
Examples:
  # who would be sent, and what would be done with them
  ory-actions backfill \"$FUNCTION\" --dry-run

  # send all, of a self-hosted Ory
  ory-actions backfill \"$FUNCTION\" --ory-url http://127.0.0.1:4434

  # send some
  ory-actions backfill \"$FUNCTION\" --schema customer --state active
  ory-actions backfill \"$FUNCTION\" --where 'identity.metadata_admin != null'

  # go on after Ctrl-C, an error or a crash
  ory-actions backfill \"$FUNCTION\" --resume

FUNCTION is the name or the ARN of the function in Lambda, in the output
SegmentIdentifyFunction; each function has one. Ory's token is taken from
ORY_ACCESS_TOKEN, else from the secret; a self-hosted Ory needs none. A second
run does nothing that a person can see.";

const RECONCILE_EXAMPLES: &str = "\
Examples:
  # once, to say since when
  ory-actions reconcile \"$FUNCTION\" --since 2026-01-31

  # on a schedule: what changed since the run before
  ory-actions reconcile \"$FUNCTION\" --resume --yes --state-file STATE.json

It lists all identities, as Ory cannot list by time, and sends those that
changed. The run before may be a backfill. With --resume, a run that was
interrupted is finished first.";

/// Send the people who are in Ory already.
#[derive(Args)]
#[command(after_help = BACKFILL_EXAMPLES)]
pub(crate) struct Backfill {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    adding: Adding,
}

/// Send the people who changed since the last run.
#[derive(Args)]
#[command(after_help = RECONCILE_EXAMPLES)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    options: Options,
}

impl Backfill {
    pub(crate) async fn run(self) -> Done {
        let add_as = self.adding.add_as();
        Order { kind: Run::Backfill, add_as, options: self.options }.carry_out().await
    }
}

impl Reconcile {
    pub(crate) async fn run(self) -> Done {
        let order = Order { kind: Run::Reconcile, add_as: None, options: self.options };
        order.carry_out().await
    }
}
