//! What is said when a run ends.

use std::{fmt::Write as _, time::Duration};

use super::{counts::grouped, shown::lasting, state::State};

/// The command that goes on with a run.
pub(super) fn again(typed: impl Iterator<Item = String>) -> String {
    const RESUME: &str = "--resume";
    let typed = typed.skip(1).filter(|word| word != RESUME);
    let words = typed.chain([RESUME.to_owned()]);
    let quoted = words.map(|word| match shlex::try_quote(&word) {
        Ok(quoted) => quoted.into_owned(),
        Err(_) => word.clone(),
    });
    format!("ory-actions {}", quoted.collect::<Vec<_>>().join(" "))
}

/// What became of a finished run.
pub(super) fn result(state: &State) -> String {
    let counts = state.counts;
    let (sent, listed) = (grouped(counts.sent), grouped(counts.listed));
    let took = state.finished_at.map(|at| at - state.started_at);
    let took = took.and_then(|took| Duration::try_from(took).ok()).unwrap_or_default();
    let mut text = format!("{sent} of {listed} identities were sent, in {}.", lasting(took));
    for (count, reason) in counts.reasons() {
        let _ = write!(text, "\n{:>11} {reason}", grouped(count));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            counts::Counts,
            state::tests::{NOW, run_id},
        },
        *,
    };

    #[test]
    fn command_to_go_on_is_the_same_with_resume() {
        let again = |typed: &[&str]| again(typed.iter().map(|&word| word.to_owned()));
        let first = again(&["/bin/x", "backfill", "f", "--where", "identity.id == 'a'"]);
        let expected = "ory-actions backfill f --where \"identity.id == 'a'\" --resume";
        assert_eq!(first, expected);
        let second = again(&["x", "backfill", "f", "--resume", "--yes"]);
        assert_eq!(second, "ory-actions backfill f --yes --resume");
    }

    #[test]
    fn result_has_the_counts_by_reason() {
        let counts = Counts { listed: 1300, sent: 1234, unfit: 66, ..Counts::default() };
        let finished_at = Some(NOW + time::Duration::seconds(617));
        let state = State { finished_at, counts, ..State::new(run_id(), NOW) };
        let expected = "1,234 of 1,300 identities were sent, in 10 min 17 s.\n         66 cannot be \
                        sent";
        assert_eq!(result(&state), expected);
    }
}
