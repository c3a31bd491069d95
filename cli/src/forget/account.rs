//! The account of what was done. It names the identity by its id, and holds no other personal data.

use std::error::Error;

use serde_json::{Value, json};
use shared::telemetry::chain;
use uuid::Uuid;

use super::{
    reach,
    rows::{self, Row},
};

/// What was done with one part.
struct Step {
    result: Row,
    is_done: bool,
}

/// What was done.
pub(super) struct Account {
    identity: Uuid,
    steps: Vec<Step>,
}

impl Account {
    pub(super) fn of(identity: Uuid) -> Self {
        Self { identity, steps: Vec::new() }
    }

    pub(super) fn add(&mut self, part: &'static str, result: String, is_done: bool) {
        self.steps.push(Step { result: Row::new(part, result), is_done });
    }

    /// Nothing of this part is left.
    pub(super) fn done(&mut self, part: &'static str, result: String) {
        self.add(part, result, true);
    }

    /// Something of it is left.
    pub(super) fn left(&mut self, part: &'static str, result: String) {
        self.add(part, result, false);
    }

    /// It failed.
    pub(super) fn failed(&mut self, part: &'static str, error: &(dyn Error + 'static)) {
        self.left(part, format!("not done: {}", chain(error)));
    }

    /// Whether nothing is left of all that can be reached.
    pub(super) fn is_done(&self) -> bool {
        self.steps.iter().all(|step| step.is_done)
    }

    /// For people.
    pub(super) fn to_text(&self, beyond: &[Row]) -> String {
        let heading = if self.is_done() {
            format!("Erased: {}", self.identity)
        } else {
            format!("Not all is erased: {}. Run this again.", self.identity)
        };
        let steps: Vec<_> = self.steps.iter().map(Step::shown).collect();
        format!("{heading}\n{}\n\n{}", rows::of(&steps), reach::to_text(beyond))
    }

    /// For programs.
    pub(super) fn to_json(&self, beyond: &[Row]) -> Value {
        let steps = self.steps.iter().map(|Step { result: Row { part, text }, is_done }| {
            json!({"part": part, "is_done": is_done, "result": text})
        });
        json!({
            "identity_id": self.identity,
            "is_done": self.is_done(),
            "steps": steps.collect::<Vec<_>>(),
            "out_of_reach": reach::to_json(beyond),
        })
    }
}

impl Step {
    fn shown(&self) -> Row {
        let Row { part, text } = &self.result;
        let mark = if self.is_done { "" } else { "LEFT: " };
        Row::new(part, format!("{mark}{text}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn account() -> Account {
        let mut account = Account::of(Uuid::from_u128(7));
        account.done("mark", "written".to_owned());
        account
    }

    #[test]
    fn account_is_done_if_each_step_is() {
        let mut account = account();
        assert!(account.is_done());
        assert!(account.to_text(&[]).starts_with("Erased: 00000000-0000-0000-0000-000000000007\n"));
        account.failed("Mailchimp", &io::Error::other("no answer"));
        assert!(!account.is_done());
        let text = account.to_text(&[]);
        assert!(text.starts_with("Not all is erased: "), "{text}");
        assert!(text.contains("\n  Mailchimp     LEFT: not done: no answer\n"), "{text}");
    }

    #[test]
    fn account_for_programs_says_the_same() {
        let mut account = account();
        account.left("queue", "hidden".to_owned());
        let expected = json!({
            "identity_id": Uuid::from_u128(7),
            "is_done": false,
            "steps": [
                {"part": "mark", "is_done": true, "result": "written"},
                {"part": "queue", "is_done": false, "result": "hidden"},
            ],
            "out_of_reach": [],
        });
        assert_eq!(account.to_json(&[]), expected);
    }
}
