//! Which dead letters are meant.

use std::collections::BTreeSet;

use clap::{Args, builder::NonEmptyStringValueParser};
use uuid::Uuid;

use super::letter::Letter;

/// So short a beginning of an id may fit another event tomorrow.
const MIN_ID_CHARACTERS: usize = 8;

/// To be shown: all, unless something is said.
#[derive(Args)]
#[group(multiple = false)]
pub(super) struct Filter {
    /// Only those about this identity.
    #[arg(long, value_name = "ID")]
    identity: Option<Uuid>,
    /// Only those whose cause contains this text, in any case.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    cause: Option<String>,
}

/// To be changed: nothing, unless something is said.
#[derive(Args)]
#[command(next_help_heading = "Which")]
#[group(required = true, multiple = false)]
pub(super) struct Choice {
    /// Those about this identity.
    #[arg(long, value_name = "ID")]
    identity: Option<Uuid>,
    /// Those whose cause contains this text, in any case.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    cause: Option<String>,
    /// Those of this event: its id, or the beginning that `list` prints.
    #[arg(long, value_name = "EVENT-ID", value_parser = event_id)]
    event: Option<String>,
    /// All dead letters of the function.
    #[arg(long)]
    all: bool,
}

/// Some of the dead letters.
pub(crate) enum Selection {
    All,
    Identity(Uuid),
    Cause(String),
    Event(String),
}

/// An event id cannot be resolved.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SelectionError {
    #[error("there is no dead letter of the event {0}")]
    NoSuchEvent(String),
    #[error("{0} is the beginning of {1} event ids; give more of it")]
    Ambiguous(String, usize),
}

/// Checks an event id that was typed.
pub(super) fn event_id(text: &str) -> Result<String, String> {
    if text.len() < MIN_ID_CHARACTERS {
        return Err(format!("give at least {MIN_ID_CHARACTERS} characters of it"));
    }
    Ok(text.to_ascii_lowercase())
}

impl From<Filter> for Selection {
    fn from(Filter { identity, cause }: Filter) -> Self {
        Self::of(identity, cause, None)
    }
}

impl From<Choice> for Selection {
    fn from(Choice { identity, cause, event, all: _ }: Choice) -> Self {
        Self::of(identity, cause, event)
    }
}

impl Selection {
    /// clap takes one of them at most, and asks for `--all` where none is to mean all.
    fn of(identity: Option<Uuid>, cause: Option<String>, event: Option<String>) -> Self {
        let identity = identity.map(Self::Identity);
        let cause = cause.map(|text| Self::Cause(text.to_lowercase()));
        identity.or(cause).or(event.map(Self::Event)).unwrap_or(Self::All)
    }

    /// Whether it depends on what the function logged.
    pub(super) fn needs_the_log(&self) -> bool {
        matches!(self, Self::Identity(_) | Self::Cause(_))
    }

    /// Those of the letters that are meant.
    pub(crate) fn among<'a>(
        &self,
        letters: &'a [Letter],
    ) -> Result<Vec<&'a Letter>, SelectionError> {
        let chosen: Vec<_> = letters.iter().filter(|letter| self.fits(letter)).collect();
        if let Self::Event(id) = self {
            let ids: BTreeSet<_> = chosen.iter().map(|letter| letter.id()).collect();
            match ids.len() {
                0 => return Err(SelectionError::NoSuchEvent(id.clone())),
                1 => {}
                several => return Err(SelectionError::Ambiguous(id.clone(), several)),
            }
        }
        Ok(chosen)
    }

    fn fits(&self, letter: &Letter) -> bool {
        match self {
            Self::All => true,
            Self::Identity(id) => letter.identities().contains(id),
            Self::Cause(text) => {
                letter.cause().is_some_and(|cause| cause.to_lowercase().contains(text))
            }
            Self::Event(id) => letter.id().starts_with(id),
        }
    }

    /// How many of the letters may be meant without anybody knowing.
    pub(crate) fn doubtful(&self, letters: &[Letter]) -> usize {
        let is_doubtful = |letter: &&Letter| match self {
            Self::All | Self::Event(_) => false,
            Self::Identity(_) => letter.identities().is_empty(),
            Self::Cause(_) => letter.cause().is_none(),
        };
        letters.iter().filter(is_doubtful).count()
    }

    /// Says how many those are.
    pub(super) fn doubt(&self, letters: &[Letter]) -> Option<String> {
        let what = if matches!(self, Self::Identity(_)) { "identity" } else { "cause" };
        let count = self.doubtful(letters);
        (count > 0).then(|| {
            format!(
                "{count} of the {} dead letters may belong here, too: neither they nor the log say \
                 their {what}. Look at them with `list`, and name them with --event.",
                letters.len()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::OffsetDateTime;

    use super::{
        super::{
            attempt::Attempt,
            letter::tests::{EVENT, IDENTITY, letter, message},
        },
        *,
    };

    const OTHER: &str = "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a99";

    /// One of an identity, one whose cause is known, one that cannot be read.
    fn letters() -> Vec<Letter> {
        let ann = message(EVENT, &json!({"identity": {"id": IDENTITY}}));
        let mut blocked = letter(&message(OTHER, &json!({})).to_string());
        blocked.last_attempt = Some(Attempt {
            at: OffsetDateTime::UNIX_EPOCH,
            number: Some(100),
            outcome: "blocked".to_owned(),
            cause: Some("The vendor rejected the API key".to_owned()),
            identity_ids: Vec::new(),
        });
        vec![letter(&ann.to_string()), blocked, letter("not JSON")]
    }

    #[test]
    fn letters_are_found_by_identity_cause_and_event() {
        let letters = letters();
        let cause = |text: &str| Selection::of(None, Some(text.to_owned()), None);
        let table = [
            (Selection::All, vec![0, 1, 2]),
            (Selection::Identity(IDENTITY.parse().unwrap()), vec![0]),
            (Selection::Identity(Uuid::from_u128(9)), vec![]),
            (cause("api KEY"), vec![1]),
            (cause("blocked"), vec![1]),
            (cause("cannot be parsed"), vec![2]),
            (Selection::Event(EVENT.to_owned()), vec![0]),
            (Selection::Event("message".to_owned()), vec![2]),
        ];
        for (number, (selection, expected)) in table.into_iter().enumerate() {
            let chosen = selection.among(&letters).unwrap();
            let expected: Vec<_> = expected.into_iter().map(|at: usize| letters[at].id()).collect();
            let chosen: Vec<_> = chosen.iter().map(|letter| letter.id()).collect();
            assert_eq!(chosen, expected, "row {number}");
        }
    }

    #[test]
    fn beginning_of_an_id_must_fit_one_event() {
        let letters = letters();
        let found = |id: &str| Selection::Event(id.to_owned()).among(&letters).err();
        assert_eq!(found(&EVENT[..EVENT.len() - 1]), None);
        assert_eq!(found("0195e4f6"), Some(SelectionError::Ambiguous("0195e4f6".to_owned(), 2)));
        assert_eq!(found("ffffffff"), Some(SelectionError::NoSuchEvent("ffffffff".to_owned())));
        // One event may have been enqueued twice.
        let twice = [letter(&letters[0].received.body), letter(&letters[0].received.body)];
        assert_eq!(Selection::Event(EVENT.to_owned()).among(&twice).unwrap().len(), 2);
    }

    #[test]
    fn typed_id_is_long_enough_and_in_lower_case() {
        assert_eq!(event_id("0195E4F6"), Ok("0195e4f6".to_owned()));
        assert!(event_id("0195e4f").is_err());
    }

    #[test]
    fn doubt_is_told_where_a_letter_does_not_say_what_is_asked_for() {
        let letters = letters();
        let count = |selection: Selection| {
            let doubt = selection.doubt(&letters)?;
            Some(doubt.split(' ').next().unwrap().to_owned())
        };
        assert_eq!(count(Selection::Identity(Uuid::nil())).as_deref(), Some("2"));
        assert_eq!(count(Selection::Cause("x".to_owned())).as_deref(), Some("1"));
        assert_eq!(count(Selection::All), None);
        assert_eq!(count(Selection::Event(EVENT.to_owned())), None);
    }
}
