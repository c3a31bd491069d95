//! Mailchimp's words for how and why. An unknown word is kept, never an error.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an unknown word is shown: it may be anything.
const ANOTHER: &str = "another word";

/// How a contact left: `data[action]`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Unsubscribed, and still in the audience. Also used for a missing word, which about a quarter
    /// of captures have: it is the one that destroys nothing.
    #[default]
    Unsub,
    /// Removed from the audience or archived.
    Delete,
    /// Any other word.
    #[serde(untagged)]
    Other(String),
}

/// Why a contact left or was cleaned: `data[reason]`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// The contact, a user of the account or the API asked for it.
    Manual,
    /// A spam complaint.
    Abuse,
    /// A hard bounce.
    Hard,
    /// Any other word.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Debug for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unsub => "unsub",
            Self::Delete => "delete",
            Self::Other(_) => ANOTHER,
        })
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Manual => "manual",
            Self::Abuse => "abuse",
            Self::Hard => "hard",
            Self::Other(_) => ANOTHER,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;
    use serde_json::{from_value, json, to_value};

    use super::*;

    fn is_written<T>(word: T, text: &str)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        assert_eq!(to_value(&word).expect(text), json!(text));
        assert_eq!(from_value::<T>(json!(text)).expect(text), word);
    }

    #[test]
    fn each_word_matches_the_mailchimp_docs() {
        is_written(Action::Unsub, "unsub");
        is_written(Action::Delete, "delete");
        is_written(Action::Other("Unsub".to_owned()), "Unsub");
        is_written(Reason::Manual, "manual");
        is_written(Reason::Abuse, "abuse");
        is_written(Reason::Hard, "hard");
        is_written(Reason::Other("soft".to_owned()), "soft");
    }
}
