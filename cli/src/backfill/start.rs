//! With which state a run starts: a new one, or that of a run that was interrupted.

use shared::backfill::Run;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::state::{RunId, State};

/// What a reconcile goes back behind the start of the run before it: Ory may have shown that run data
/// that was some seconds old, and the clock of this machine may differ from Ory's.
const MARGIN: Duration = Duration::minutes(1);

/// What is wanted.
pub(super) struct Wanted {
    pub(super) kind: Run,
    pub(super) run: RunId,
    /// Whether to go on with a run that was interrupted.
    pub(super) resume: bool,
}

/// How a run starts.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Start {
    /// From the beginning.
    New(State),
    /// Where another process was.
    Again(State),
    /// The run to go on with is done.
    Finished(State),
}

/// A run cannot start.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoStart {
    #[error(
        "an unfinished run is there, which has sent {sent} identities. Add --resume to go on with it, \
         or delete the file to start again: what was sent already is then sent again, and nobody \
         notices"
    )]
    Unfinished { sent: u64 },
    #[error("the run to resume is another one. {}", .0.join("; "))]
    Other(Vec<String>),
    #[error("there is no run to resume")]
    Nothing,
    #[error(
        "there is no finished run to start from. Give --since once: later runs start from this one"
    )]
    NoRunBefore,
    #[error(
        "the run before was another one, so it does not say since when to look. {}. Give --since",
        .0.join("; ")
    )]
    OtherBefore(Vec<String>),
}

impl Wanted {
    /// The start, from what was saved.
    pub(super) fn start(self, saved: Option<State>, now: OffsetDateTime) -> Result<Start, NoStart> {
        match saved {
            Some(saved) if !saved.is_finished() => self.unfinished(saved),
            Some(saved) if self.resume && self.kind == Run::Backfill => {
                self.same(&saved)?;
                Ok(Start::Finished(saved))
            }
            None if self.resume && self.kind == Run::Backfill => Err(NoStart::Nothing),
            saved => self.anew(saved.as_ref(), now),
        }
    }

    /// A new run, whatever was saved.
    pub(super) fn anew(
        mut self,
        saved: Option<&State>,
        now: OffsetDateTime,
    ) -> Result<Start, NoStart> {
        if self.kind == Run::Reconcile && self.run.filters.since.is_none() {
            self.run.filters.since = Some(self.since(saved)?);
        }
        Ok(Start::New(State::new(self.run, now)))
    }

    fn unfinished(self, saved: State) -> Result<Start, NoStart> {
        if !self.resume {
            return Err(NoStart::Unfinished { sent: saved.sent() });
        }
        self.same(&saved)?;
        Ok(Start::Again(saved))
    }

    /// A reconcile need not be told again since when it looks.
    fn same(&self, saved: &State) -> Result<(), NoStart> {
        let mut differences = saved.run.differences(&self.run);
        let [there, here] = [&saved.run, &self.run].map(|run| run.filters.since);
        if there != here && !(self.kind == Run::Reconcile && here.is_none()) {
            let [there, here] = [there, here].map(shown);
            differences.push(format!("--since: {there} there, {here} here"));
        }
        if differences.is_empty() { Ok(()) } else { Err(NoStart::Other(differences)) }
    }

    /// Since when a reconcile looks. It may follow a backfill.
    fn since(&self, saved: Option<&State>) -> Result<OffsetDateTime, NoStart> {
        let saved = saved.filter(|saved| saved.is_finished()).ok_or(NoStart::NoRunBefore)?;
        let before = RunId { command: self.run.command.clone(), add_as: None, ..saved.run.clone() };
        let differences = before.differences(&self.run);
        if differences.is_empty() {
            Ok(saved.started_at - MARGIN)
        } else {
            Err(NoStart::OtherBefore(differences))
        }
    }
}

fn shown(time: Option<OffsetDateTime>) -> String {
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| "nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{
        super::state::tests::{NOW, run_id},
        *,
    };

    const HOUR: Duration = Duration::hours(1);

    fn wanted(kind: Run, resume: bool) -> Wanted {
        let run = RunId { command: kind.flow().to_owned(), ..run_id() };
        Wanted { kind, run, resume }
    }

    fn since(wanted: Wanted, since: OffsetDateTime) -> Wanted {
        let mut run = wanted.run;
        run.filters.since = Some(since);
        Wanted { run, ..wanted }
    }

    fn saved(kind: Run, finished_at: Option<OffsetDateTime>) -> State {
        let state = State::new(wanted(kind, false).run, NOW - HOUR);
        State { finished_at, ..state }
    }

    /// A word for what comes of it, and since when a new run looks.
    fn start(
        wanted: Wanted,
        saved: impl Into<Option<State>>,
    ) -> Result<(&'static str, Option<OffsetDateTime>), NoStart> {
        Ok(match wanted.start(saved.into(), NOW)? {
            Start::New(state) => {
                assert_eq!(state.started_at, NOW);
                ("new", state.run.filters.since)
            }
            Start::Again(state) => ("again", state.run.filters.since),
            Start::Finished(state) => ("finished", state.run.filters.since),
        })
    }

    #[test]
    fn backfill_is_new_unless_it_resumes_an_unfinished_run() {
        use Run::{Backfill, Reconcile};
        let table = [
            (false, None, Ok(("new", None))),
            (false, Some(saved(Backfill, Some(NOW))), Ok(("new", None))),
            (false, Some(saved(Reconcile, Some(NOW))), Ok(("new", None))),
            (false, Some(saved(Backfill, None)), Err(NoStart::Unfinished { sent: 0 })),
            (true, Some(saved(Backfill, None)), Ok(("again", None))),
            (true, Some(saved(Backfill, Some(NOW))), Ok(("finished", None))),
            (true, None, Err(NoStart::Nothing)),
        ];
        for (number, (resume, saved, expected)) in table.into_iter().enumerate() {
            assert_eq!(start(wanted(Backfill, resume), saved), expected, "row {number}");
        }
    }

    #[test]
    fn another_run_is_not_resumed() {
        let other = start(wanted(Run::Backfill, true), saved(Run::Reconcile, None));
        let differences = vec!["command: reconcile there, backfill here".to_owned()];
        assert_eq!(other, Err(NoStart::Other(differences)));
        let since = since(wanted(Run::Backfill, true), NOW);
        let differences = vec!["--since: nothing there, 2026-01-31T12:00:00Z here".to_owned()];
        let expected = Err(NoStart::Other(differences));
        assert_eq!(start(since, saved(Run::Backfill, None)), expected);
    }

    #[test]
    fn reconcile_looks_since_the_start_of_the_run_before_it() {
        let before = Some(NOW - HOUR - MARGIN);
        for resume in [false, true] {
            for kind in [Run::Backfill, Run::Reconcile] {
                let started = start(wanted(Run::Reconcile, resume), saved(kind, Some(NOW)));
                assert_eq!(started, Ok(("new", before)), "{kind:?}");
                let given = since(wanted(Run::Reconcile, resume), NOW);
                assert_eq!(start(given, saved(kind, Some(NOW))), Ok(("new", Some(NOW))));
            }
            let first = start(wanted(Run::Reconcile, resume), None);
            assert_eq!(first, Err(NoStart::NoRunBefore));
            let given = since(wanted(Run::Reconcile, resume), NOW);
            assert_eq!(start(given, None), Ok(("new", Some(NOW))));
        }
    }

    #[test]
    fn unfinished_reconcile_is_resumed_without_its_time() {
        let mut saved = saved(Run::Reconcile, None);
        saved.run.filters.since = Some(NOW);
        let resumed = start(wanted(Run::Reconcile, true), Some(saved.clone()));
        assert_eq!(resumed, Ok(("again", Some(NOW))));
        let same = since(wanted(Run::Reconcile, true), NOW);
        assert_eq!(start(same, Some(saved.clone())), Ok(("again", Some(NOW))));
        let other = since(wanted(Run::Reconcile, true), NOW - HOUR);
        assert!(matches!(start(other, Some(saved.clone())), Err(NoStart::Other(_))));
        let unasked = start(wanted(Run::Reconcile, false), Some(saved));
        assert_eq!(unasked, Err(NoStart::Unfinished { sent: 0 }));
    }

    #[test]
    fn reconcile_does_not_follow_a_run_with_other_filters() {
        let mut saved = saved(Run::Backfill, Some(NOW));
        saved.run.filters.since = Some(NOW);
        let follows = |saved: &State| start(wanted(Run::Reconcile, false), Some(saved.clone()));
        assert!(follows(&saved).is_ok(), "since when that one looked does not matter");
        saved.run.filters.schema = Some("customer".to_owned());
        let differences = vec!["--schema: customer there, nothing here".to_owned()];
        assert_eq!(follows(&saved), Err(NoStart::OtherBefore(differences)));
    }
}
