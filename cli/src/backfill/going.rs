//! A run: page by page, batch by batch, and the state saved after each.

use shared::ory::{Page, PageToken};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    condition::ConditionError,
    counts::Counts,
    filter::Filter,
    job::{Entry, Job, Unfit, batches, name},
    listing::{ListError, Listed, Listing},
    outbox::{Outbox, OutboxError},
    pace::Pace,
    sending::send,
    shown::Shown,
    state::State,
    state_file::{StateFile, StateFileError},
};
use crate::interruption::{Interrupted, Interruption};

/// A run did not end.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDone {
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Condition(#[from] ConditionError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error(transparent)]
    State(#[from] StateFileError),
}

/// What a run works with.
pub(super) struct Work<'a> {
    pub(super) job: Job,
    pub(super) filter: &'a Filter,
    pub(super) listing: Listing,
    pub(super) outbox: &'a dyn Outbox,
    /// The largest message, and the most bytes of a batch.
    pub(super) max_message_bytes: usize,
    pub(super) pace: Pace,
    pub(super) file: &'a StateFile,
    pub(super) shown: Shown,
    pub(super) interruption: &'a Interruption,
}

impl Work<'_> {
    /// Goes on until all identities are done. Whatever ends it before, the state in the file is that
    /// of the last batch.
    pub(super) async fn go_on(&mut self, state: &mut State) -> Result<(), NotDone> {
        self.file.write(state)?;
        while !state.is_finished() {
            let shown = &self.shown;
            let waiting = |wait| shown.wait_for_ory(wait);
            let page = self.listing.page(state.page_token.as_ref(), &waiting);
            match self.interruption.unless(page).await?? {
                Listed::Page(page) => self.page(page, state).await?,
                Listed::Unread(next) => self.unread(next, state)?,
            }
        }
        Ok(())
    }

    async fn page(&mut self, page: Page, state: &mut State) -> Result<(), NotDone> {
        let mut counts = Counts { listed: page.identities.len() as u64, ..Counts::default() };
        let entries = self.entries(&page, &mut counts).await?;
        let left = entries.into_iter().filter(|entry| !state.sent_of_page.contains(&entry.id));
        for batch in batches(left.collect(), self.pace.batch(), self.max_message_bytes) {
            self.batch(batch, &mut counts, state).await?;
        }
        let last = last(&page);
        state.turn_page(counts, page.next, OffsetDateTime::now_utc());
        self.file.write(state)?;
        self.show(&Counts::default(), last, state);
        Ok(())
    }

    /// The entries of those that fit.
    async fn entries(&self, page: &Page, counts: &mut Counts) -> Result<Vec<Entry>, NotDone> {
        let mut entries = Vec::new();
        for identity in &page.identities {
            if let Some(why) = self.filter.leaves_out(identity).await? {
                counts.leave_out(why);
                continue;
            }
            match self.job.entry(identity, self.max_message_bytes) {
                Ok(entry) => entries.push(entry),
                Err(unfit) => {
                    counts.unfit += 1;
                    self.shown.name(name(identity), unfit);
                }
            }
        }
        Ok(entries)
    }

    async fn batch(
        &mut self,
        batch: Vec<Entry>,
        counts: &mut Counts,
        state: &mut State,
    ) -> Result<(), NotDone> {
        let shown = &self.shown;
        let pausing = |waiting| shown.wait_for_queue(waiting);
        let allowed = self.pace.allow(batch.len(), self.outbox, &pausing);
        self.interruption.unless(allowed).await??;
        let last = batch.last().map(|entry| entry.id);
        let done = send(self.outbox, batch).await;
        for (id, unfit) in done.refused {
            counts.unfit += 1;
            self.shown.name(&id.to_string(), unfit);
        }
        state.sent_of_page.extend(done.sent);
        self.file.write(state)?;
        self.show(counts, last, state);
        done.failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// A page of one identity that nobody can read; Ory names the next page after it.
    fn unread(&mut self, next: Option<PageToken>, state: &mut State) -> Result<(), NotDone> {
        let last = next.as_ref().map_or("at the end of the list", PageToken::as_str);
        self.shown.name(last, Unfit::Unread);
        let counts = Counts { listed: 1, unfit: 1, ..Counts::default() };
        state.turn_page(counts, next, OffsetDateTime::now_utc());
        Ok(self.file.write(state)?)
    }

    fn show(&mut self, page: &Counts, last: Option<Uuid>, state: &State) {
        let counts = Counts { sent: state.sent(), ..state.counts + *page };
        self.shown.at(&counts, last);
    }
}

fn last(page: &Page) -> Option<Uuid> {
    page.identities.last().and_then(|last| Uuid::try_parse(last["id"].as_str()?).ok())
}
