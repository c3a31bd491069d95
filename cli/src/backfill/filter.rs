//! Which identities are sent.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::ctx::timestamp;
use time::{
    Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description,
};

use super::condition::{Condition, ConditionError};

/// What the operator chooses.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Which identities")]
#[serde(deny_unknown_fields)]
pub(super) struct Filters {
    /// Only those that changed at this time or later: 2026-01-31, or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) since: Option<OffsetDateTime>,
    /// Only those of this identity schema.
    #[arg(long, value_name = "ID")]
    pub(super) schema: Option<String>,
    /// Only those in this state.
    #[arg(long)]
    pub(super) state: Option<State>,
    /// Only those for which this is true: Jsonnet over `identity`, or a function of it.
    #[arg(long = "where", value_name = "JSONNET")]
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
}

/// The states of an identity.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// May sign in.
    Active,
    /// May not.
    Inactive,
}

impl State {
    /// Ory's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// A time, or the beginning of a day in UTC.
fn time(text: &str) -> Result<OffsetDateTime, String> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    let time = day.map(|day| day.midnight().assume_utc());
    time.or_else(|_| OffsetDateTime::parse(text, &Rfc3339)).map_err(|_| {
        "expected a day like 2026-01-31 or a time like 2026-01-31T12:00:00Z".to_owned()
    })
}

/// Why an identity is not sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LeftOut {
    /// It did not change since `--since`.
    NotChanged,
    /// It is not of the schema of `--schema`.
    OtherSchema,
    /// It is not in the state of `--state`.
    OtherState,
    /// `--where` is false.
    NotWhere,
}

/// The choice, ready to be applied.
pub(super) struct Filter {
    filters: Filters,
    condition: Option<Condition>,
}

impl Filter {
    /// Prepares `--where`.
    pub(super) fn new(filters: Filters) -> Result<Self, ConditionError> {
        let condition = filters.condition.as_deref().map(Condition::parse).transpose()?;
        Ok(Self { filters, condition })
    }

    /// Whether an identity is left out.
    pub(super) async fn leaves_out(
        &self,
        identity: &Value,
    ) -> Result<Option<LeftOut>, ConditionError> {
        match (self.filters.leave_out(identity), &self.condition) {
            (Some(left_out), _) => Ok(Some(left_out)),
            (None, Some(condition)) if !condition.holds(identity).await? => {
                Ok(Some(LeftOut::NotWhere))
            }
            (None, _) => Ok(None),
        }
    }
}

impl Filters {
    /// One without a time is sent, or named: nobody is left out by mistake.
    fn leave_out(&self, identity: &Value) -> Option<LeftOut> {
        let changed = identity["updated_at"].as_str().and_then(timestamp);
        let is_other = |wanted: &str, field: &str| identity[field] != *wanted;
        if self.since.is_some_and(|since| changed.is_some_and(|at| at < since)) {
            Some(LeftOut::NotChanged)
        } else if self.schema.as_ref().is_some_and(|schema| is_other(schema, "schema_id")) {
            Some(LeftOut::OtherSchema)
        } else if self.state.is_some_and(|state| is_other(state.word(), "state")) {
            Some(LeftOut::OtherState)
        } else {
            None
        }
    }

    /// In the words of a person; nothing if everybody is sent.
    pub(super) fn described(&self) -> Vec<String> {
        let since = self.since.and_then(|since| since.format(&Rfc3339).ok());
        let parts = [
            since.map(|since| format!("changed since {since}")),
            self.schema.as_ref().map(|schema| format!("of the schema {schema}")),
            self.state.map(|state| format!("in the state {}", state.word())),
            self.condition.as_ref().map(|condition| format!("where {condition}")),
        ];
        parts.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const SINCE: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

    fn identity() -> Value {
        json!({
            "id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10", "schema_id": "customer",
            "state": "active", "updated_at": "2026-01-31T12:00:00Z",
            "traits": {"email": "ann@example.com"},
        })
    }

    async fn left_out(filters: Filters, identity: &Value) -> Option<LeftOut> {
        Filter::new(filters).unwrap().leaves_out(identity).await.unwrap()
    }

    #[tokio::test]
    async fn each_filter_leaves_out_what_does_not_fit() {
        let since = |since| Filters { since: Some(since), ..Filters::default() };
        let schema = |id: &str| Filters { schema: Some(id.to_owned()), ..Filters::default() };
        let state = |state| Filters { state: Some(state), ..Filters::default() };
        let condition =
            |text: &str| Filters { condition: Some(text.to_owned()), ..Filters::default() };
        let second = time::Duration::seconds(1);
        let table = [
            (Filters::default(), None),
            (since(SINCE), None),
            (since(SINCE - second), None),
            (since(SINCE + second), Some(LeftOut::NotChanged)),
            (schema("customer"), None),
            (schema("employee"), Some(LeftOut::OtherSchema)),
            (state(State::Active), None),
            (state(State::Inactive), Some(LeftOut::OtherState)),
            (condition("identity.traits.email == 'ann@example.com'"), None),
            (condition("identity.traits.email == ''"), Some(LeftOut::NotWhere)),
            (Filters { since: Some(SINCE), ..schema("x") }, Some(LeftOut::OtherSchema)),
        ];
        for (number, (filters, expected)) in table.into_iter().enumerate() {
            assert_eq!(left_out(filters, &identity()).await, expected, "row {number}");
        }
    }

    #[tokio::test]
    async fn identity_that_does_not_say_is_in_no_schema_and_no_state_but_not_too_old() {
        let empty = json!({});
        let filters = Filters { since: Some(SINCE), ..Filters::default() };
        assert_eq!(left_out(filters, &empty).await, None);
        let filters = Filters { schema: Some("customer".to_owned()), ..Filters::default() };
        assert_eq!(left_out(filters, &empty).await, Some(LeftOut::OtherSchema));
        let filters = Filters { state: Some(State::Active), ..Filters::default() };
        assert_eq!(left_out(filters, &empty).await, Some(LeftOut::OtherState));
    }

    #[test]
    fn time_is_a_day_or_a_moment_of_any_offset() {
        let table = [
            ("2026-01-31", Some(datetime!(2026-01-31 0:00 UTC))),
            ("2026-01-31T12:00:00Z", Some(SINCE)),
            ("2026-01-31T14:00:00.5+02:00", Some(datetime!(2026-01-31 12:00:00.5 UTC))),
            ("2026-01-31 12:00", None),
            ("yesterday", None),
            ("2026-13-01", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(time(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn choice_is_described_in_the_words_of_the_flags() {
        assert!(Filters::default().described().is_empty());
        let all = Filters {
            since: Some(SINCE),
            schema: Some("customer".to_owned()),
            state: Some(State::Active),
            condition: Some("true".to_owned()),
        };
        let expected = [
            "changed since 2026-01-31T12:00:00Z",
            "of the schema customer",
            "in the state active",
            "where true",
        ];
        assert_eq!(all.described(), expected);
    }
}
