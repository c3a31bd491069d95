//! One run, from what was typed to its result.

use std::{env, error::Error, process::ExitCode, sync::Arc};

use shared::{aws::Aws, backfill::Run, ctx::AddAs, http::Client, ory::Ory};

use super::{
    arguments::Options,
    counts::grouped,
    ending::{again, result},
    filter::Filter,
    function::Deployed,
    going::Work,
    listing::Listing,
    outbox::SqsOutbox,
    pace::Pace,
    plan::Plan,
    preview::{Looking, Preview, Rendering, added},
    shown::Shown,
    start::Start,
    state::State,
    state_file::StateFile,
};
use crate::{
    aws::region,
    command::Done,
    confirm::confirm,
    exit::InvalidInput,
    interruption::Interruption,
    output::{self, note, wrapped},
};

/// What is to be done.
pub(super) struct Order {
    pub(super) kind: Run,
    pub(super) add_as: Option<AddAs>,
    pub(super) options: Options,
}

/// What a run reaches.
struct Reach {
    client: Client,
    aws: Aws,
    outbox: SqsOutbox,
    max_message_bytes: usize,
}

impl Order {
    /// Does it.
    pub(super) async fn carry_out(self) -> Done {
        let client = Client::new()?;
        let aws = Aws::at_hand(region(&self.options.function), &client).await;
        let deployed = Deployed::find(&aws, &self.options.function).await?;
        let plan = Plan::of(&self, deployed).map_err(InvalidInput::new)?;
        let file = StateFile::of(self.options.going.state_file.clone(), &plan.deployed.name);
        let start = plan.start(&self, &file)?;
        let (state, is_new) = match start {
            Start::New(state) => (state, true),
            Start::Again(state) => (state, false),
            Start::Finished(state) => {
                output::line(format_args!("The run is finished.\n{}", result(&state)))?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        let filter = Filter::new(state.run.filters.clone()).map_err(InvalidInput::new)?;
        let outbox = SqsOutbox::new(&aws, plan.queue_url.clone());
        let max_message_bytes = outbox.max_message_bytes().await?;
        let reach = Reach { client, aws, outbox, max_message_bytes };
        if self.options.dry_run {
            return self.preview(&plan, &filter, &reach).await;
        }
        output::line(plan.described(&state.run))?;
        if !is_new {
            let sent = grouped(state.sent());
            output::line(format_args!("  goes on with a run that has sent {sent} already"))?;
        }
        let mut total = None;
        if let Some(add_as) = self.add_as.filter(|_| is_new && !self.options.going.yes) {
            let seen = self.look(&plan, &filter, &reach).await?.0;
            total = Some(seen.counts.listed);
            output::line(wrapped("  ", &added(add_as, seen.opted_in)))?;
        }
        if !self.options.going.yes && !confirm().await? {
            return Ok(ExitCode::FAILURE);
        }
        self.send(&plan, &filter, &reach, &file, state, total).await
    }

    fn listing(&self, plan: &Plan, reach: &Reach) -> Listing {
        let http = Arc::new(reach.client.clone());
        let ory = Ory { endpoint: plan.endpoint.clone(), http };
        Listing::new(ory, self.options.ory.token(&plan.deployed, &reach.aws))
    }

    async fn look(
        &self,
        plan: &Plan,
        filter: &Filter,
        reach: &Reach,
    ) -> Result<(Preview, Option<Rendering>), Box<dyn Error>> {
        let prepare = |source| Rendering::prepare(plan.target.subject, source, &plan.deployed.env);
        let rendering = plan.source.clone().map(prepare).transpose().map_err(InvalidInput::new)?;
        let looking = Looking {
            job: plan.job,
            filter,
            listing: self.listing(plan, reach),
            rendering: rendering.as_ref(),
            max_message_bytes: reach.max_message_bytes,
        };
        Ok((looking.at_all().await?, rendering))
    }

    async fn preview(&self, plan: &Plan, filter: &Filter, reach: &Reach) -> Done {
        let (preview, rendering) = self.look(plan, filter, reach).await?;
        output::line(preview.described(&plan.job, rendering.as_ref()))?;
        output::text(preview.calls())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn send(
        &self,
        plan: &Plan,
        filter: &Filter,
        reach: &Reach,
        file: &StateFile,
        mut state: State,
        total: Option<u64>,
    ) -> Done {
        let interruption = Interruption::listen()?;
        let mut work = Work {
            job: plan.job,
            filter,
            listing: self.listing(plan, reach),
            outbox: &reach.outbox,
            max_message_bytes: reach.max_message_bytes,
            pace: Pace::new(plan.rate),
            file,
            shown: Shown::new(state.sent(), total),
            interruption: &interruption,
        };
        let done = work.go_on(&mut state).await;
        drop(work);
        if let Err(why) = done {
            let (sent, file) = (grouped(state.sent()), file.path().display());
            let text = format!("{sent} identities were sent so far; {file} says which. To go on:");
            note(wrapped("note: ", &text));
            // On one line, to be copied.
            note(again(env::args()));
            return Err(why.into());
        }
        output::line(result(&state))?;
        Ok(ExitCode::SUCCESS)
    }
}
