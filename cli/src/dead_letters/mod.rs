//! `dead-letters` lists, shows, redrives and deletes the events that a deployed function could not
//! deliver.
//!
//! What is chosen and printed is decided by plain functions; `queue`, `log` and `function` make the
//! calls. No value of an event is printed unless that is asked for.

mod attempt;
pub(crate) mod function;
pub(crate) mod holding;
mod letter;
mod log;
mod not_sent;
pub(crate) mod queue;
pub(crate) mod selection;
mod shown;
mod table;
mod time_of_aws;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;
use shared::{aws::Aws, http::Client};
use time::OffsetDateTime;

use self::{
    function::Live,
    holding::{Destination, Failure, Held, hold, take_out},
    letter::Letter,
    log::Log,
    queue::Queue,
    selection::{Choice, Filter, Selection, event_id},
};
use crate::{
    aws::region,
    command::Done,
    confirm::confirm,
    exit::InvalidInput,
    format::Format,
    interruption::Interruption,
    output::{self, note, wrapped},
    terminal,
};

const EXAMPLES: &str = "\
Examples:
  ory-actions dead-letters list \"$FUNCTION\"
  ory-actions dead-letters show \"$FUNCTION\" 0195e4f6-6f0e

  # after you fixed the cause
  ory-actions dead-letters redrive \"$FUNCTION\" --all
  ory-actions dead-letters redrive \"$FUNCTION\" --cause \"API key\"

  # a call that a relay holds, of which nothing arrived at the vendor
  ory-actions dead-letters redrive \"$FUNCTION\" --event 0195e4f6-6f0e --not-sent

  # to erase a person
  ory-actions dead-letters delete \"$FUNCTION\" --identity IDENTITY-ID

FUNCTION is the name or the ARN of the function in Lambda, in the output
MandrillWelcomeFunction; each function has one. To be read, dead letters are
hidden for as long as the command runs, so run one at a time.";

/// The dead letters of a function.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print a row for each: event, time, attempts, identity and cause.
    List(List),
    /// Print what is known about one, and the names of the fields of its event.
    Show(Show),
    /// Send them to the queue of the function again, after you fixed the cause.
    #[command(
        override_usage = "ory-actions dead-letters redrive <FUNCTION> <WHICH> [--not-sent] [--yes]"
    )]
    Redrive(Redrive),
    /// Give them up.
    #[command(override_usage = "ory-actions dead-letters delete <FUNCTION> <WHICH> [--yes]")]
    Delete(Chosen),
}

#[derive(Args)]
struct List {
    /// The name or ARN of the function in Lambda.
    function: String,
    #[command(flatten)]
    filter: Filter,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Args)]
struct Show {
    /// The name or ARN of the function in Lambda.
    function: String,
    /// The event id, or the beginning that `list` prints.
    #[arg(value_parser = event_id)]
    event_id: String,
    /// Also print the values of the event.
    #[arg(long)]
    with_personal_data: bool,
}

#[derive(Args)]
struct Redrive {
    #[command(flatten)]
    chosen: Chosen,
    /// You have looked at the vendor, and nothing arrived: make the calls that are held in doubt. Only for
    /// a relay that holds them; a call that is in doubt after this is held again.
    #[arg(long)]
    not_sent: bool,
}

/// Those that are to be changed.
#[derive(Args)]
struct Chosen {
    /// The name or ARN of the function in Lambda.
    function: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    choice: Choice,
}

impl DeadLetters {
    pub(crate) async fn run(self) -> Done {
        match self.command {
            Command::List(list) => list.run().await,
            Command::Show(show) => show.run().await,
            Command::Redrive(redrive) => redrive.run().await,
            Command::Delete(chosen) => chosen.run(Change::Delete).await,
        }
    }
}

/// What is done with dead letters.
#[derive(Clone, Copy)]
enum Change {
    /// They go back to the queue of their function.
    Redrive {
        /// Whether no call for them went out that is in doubt.
        not_sent: bool,
    },
    /// They are given up.
    Delete,
}

impl Change {
    /// Whether it can be made to dead letters of this function.
    fn check(self, function: &Live) -> Result<(), InvalidInput> {
        match self {
            Self::Redrive { not_sent: true } => {
                not_sent::check(function).map_err(InvalidInput::new)
            }
            Self::Redrive { not_sent: false } | Self::Delete => Ok(()),
        }
    }

    /// Where the dead letters go to, if anywhere.
    fn destination(self, reach: &Reach) -> Result<Option<Destination<'_>>, TimeUnknown> {
        let queue = &reach.queue;
        let not_sent_before = match self {
            Self::Delete => return Ok(None),
            Self::Redrive { not_sent: false } => None,
            // When the dead letters were read: the person had looked at the vendor before.
            Self::Redrive { not_sent: true } => Some(queue.time().ok_or(TimeUnknown)?),
        };
        Ok(Some(Destination { queue, not_sent_before }))
    }
}

/// No word of an operator can be dated.
#[derive(Debug, thiserror::Error)]
#[error("SQS does not say what time it is, so --not-sent cannot be dated")]
struct TimeUnknown;

/// A function, with the AWS that it is in.
async fn deployed(function: &str) -> Result<(Aws, Live), Failure> {
    let aws = Aws::at_hand(region(function), &Client::new()?).await;
    let live = Live::of(&aws, function).await?;
    Ok((aws, live))
}

/// The dead letters of a function, and what is said of them.
pub(crate) struct Reach {
    /// The queue of the function.
    queue: Queue,
    /// That of its dead letters.
    pub(crate) dead_letters: Queue,
    log: Log,
}

impl Reach {
    async fn of(function: &str) -> Result<Self, Failure> {
        let (aws, live) = deployed(function).await?;
        Self::of_live(&aws, &live).await
    }

    /// Those of a function whose settings are known.
    pub(crate) async fn of_live(aws: &Aws, function: &Live) -> Result<Self, Failure> {
        let queue = Queue::at(aws, function.queue_url()?);
        let log = Log::new(aws, function.log_group.clone());
        Ok(Self { dead_letters: queue.dead_letters().await?, queue, log })
    }

    /// Reads all, and holds them while `work` goes on. Says how many could not be read.
    async fn hold<T>(
        &self,
        work: impl AsyncFnOnce(&mut Held) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let work = async |held: &mut Held| {
            held.note_unread(&self.dead_letters);
            work(held).await
        };
        hold(&self.dead_letters, &Interruption::listen()?, work).await
    }

    /// Reads the causes, and goes on without them where nothing depends on them.
    pub(crate) async fn explain(
        &self,
        held: &mut Held,
        selection: &Selection,
    ) -> Result<(), Failure> {
        match self.log.explain(&mut held.letters).await {
            Err(error) if !selection.needs_the_log() => {
                note(wrapped("note: ", &format!("cannot read the causes in the log: {error}")));
                Ok(())
            }
            done => Ok(done?),
        }
    }
}

/// Those that are meant, oldest first. Says which may be meant, too.
fn choose<'a>(selection: &Selection, letters: &'a [Letter]) -> Result<Vec<&'a Letter>, Failure> {
    let mut chosen = selection.among(letters)?;
    chosen.sort_by_key(|letter| letter.received_at());
    if let Some(doubt) = selection.doubt(letters) {
        note(wrapped("note: ", &doubt));
    }
    Ok(chosen)
}

impl List {
    async fn run(self) -> Done {
        let reach = Reach::of(&self.function).await?;
        let selection = Selection::from(self.filter);
        let list = async |held: &mut Held| {
            reach.explain(held, &selection).await?;
            Ok(listed(&choose(&selection, &held.letters)?, self.format))
        };
        output::line(reach.hold(list).await?)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn listed(letters: &[&Letter], format: Format) -> String {
    match format {
        Format::Json => {
            let all: Value = letters.iter().map(|letter| letter.to_json()).collect();
            format!("{all:#}")
        }
        Format::Text if letters.is_empty() => "No dead letters.".to_owned(),
        Format::Text => {
            let table = table::of(letters, OffsetDateTime::now_utc(), terminal::width());
            format!("{table}\n\n{}.", counted(letters.len()))
        }
    }
}

fn counted(letters: usize) -> String {
    match letters {
        1 => "1 dead letter".to_owned(),
        several => format!("{several} dead letters"),
    }
}

impl Show {
    async fn run(self) -> Done {
        let reach = Reach::of(&self.function).await?;
        let selection = Selection::Event(self.event_id);
        let show = async |held: &mut Held| {
            reach.explain(held, &selection).await?;
            let now = OffsetDateTime::now_utc();
            let chosen = choose(&selection, &held.letters)?;
            let shown = chosen.iter().map(|letter| shown::of(letter, now, self.with_personal_data));
            Ok(shown.collect::<Vec<_>>().join("\n\n"))
        };
        output::line(reach.hold(show).await?)?;
        if !self.with_personal_data {
            let text = "values are left out; --with-personal-data prints them";
            note(wrapped("note: ", text));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Redrive {
    async fn run(self) -> Done {
        self.chosen.run(Change::Redrive { not_sent: self.not_sent }).await
    }
}

impl Chosen {
    async fn run(self, change: Change) -> Done {
        let (aws, live) = deployed(&self.function).await?;
        change.check(&live)?;
        let reach = Reach::of_live(&aws, &live).await?;
        let selection = Selection::from(self.choice);
        let act = async |held: &mut Held| {
            if selection.needs_the_log() {
                reach.explain(held, &selection).await?;
            }
            let Held { letters, gone, .. } = held;
            let chosen = choose(&selection, letters)?;
            if chosen.is_empty() {
                return Ok(Some(0));
            }
            let count = format!("{} of {} dead letters", chosen.len(), letters.len());
            let into = change.destination(&reach)?;
            output::line(plan(change, &self.function, &count, reach.queue.name()))?;
            if !self.yes && !confirm().await? {
                return Ok(None);
            }
            take_out(&reach.dead_letters, into.as_ref(), &chosen, gone).await?;
            Ok(Some(chosen.len()))
        };
        let Some(done) = reach.hold(act).await? else { return Ok(ExitCode::FAILURE) };
        output::line(told(change, done))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is about to be done.
fn plan(change: Change, function: &str, count: &str, queue: &str) -> String {
    match change {
        Change::Redrive { not_sent } => {
            let calls =
                if not_sent { "\n  makes those of their calls that are held in doubt" } else { "" };
            format!("{function}\n  sends {count} to the queue {queue} again{calls}")
        }
        Change::Delete => format!("{function}\n  deletes {count} for good"),
    }
}

fn told(change: Change, done: usize) -> String {
    match (change, done) {
        (_, 0) => "No dead letter fits; nothing was done.".to_owned(),
        (Change::Redrive { .. }, done) => format!("{} redriven.", counted(done)),
        (Change::Delete, done) => format!("{} deleted.", counted(done)),
    }
}
