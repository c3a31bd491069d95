//! What all writes have in common: they may have a condition, and tell the item before or after.

use serde_json::{Value, json};

use super::{
    attribute::{Item, item_json},
    expression::{Condition, Placeholders, Update},
    invalid, refusal,
    tables::Table,
};
use crate::aws::{Refusal, check_fields};

const FIELDS: [&str; 6] = [
    "TableName",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

/// A write, as it is asked for.
pub(super) struct Write<'a> {
    condition: Option<Condition>,
    pub(super) update: Update,
    returns: &'a str,
    tells_failed: bool,
}

impl<'a> Write<'a> {
    /// Reads it from input that may have `fields` besides those of every write, and may ask for
    /// `returns` or nothing.
    pub(super) fn read(
        input: &'a Value,
        fields: &[&str],
        returns: &[&str],
    ) -> Result<Self, Refusal> {
        check_fields(input, &[&FIELDS, fields].concat())?;
        let mut placeholders = Placeholders::read(input).map_err(invalid)?;
        let update = match input["UpdateExpression"].as_str() {
            Some(text) => Update::parse(text, &mut placeholders)
                .map_err(|error| invalid(format!("Invalid UpdateExpression: {error}")))?,
            None => Update::default(),
        };
        let condition = input["ConditionExpression"]
            .as_str()
            .map(|text| Condition::parse(text, &mut placeholders))
            .transpose()
            .map_err(|error| invalid(format!("Invalid ConditionExpression: {error}")))?;
        placeholders.check_all_used().map_err(invalid)?;
        Ok(Self {
            condition,
            update,
            returns: choice(input, "ReturnValues", returns)?,
            tells_failed: choice(input, "ReturnValuesOnConditionCheckFailure", &["ALL_OLD"])?
                == "ALL_OLD",
        })
    }

    /// Changes the item under `key`, where the condition holds. The item after is none where it
    /// is to go.
    pub(super) fn run(
        &self,
        table: &mut Table,
        key: String,
        change: impl FnOnce(Option<&Item>) -> Result<Option<Item>, Refusal>,
    ) -> Result<Value, Refusal> {
        let before = table.items.get(&key).cloned();
        let nothing = Item::new();
        if let Some(condition) = &self.condition
            && !condition.holds(before.as_ref().unwrap_or(&nothing))
        {
            return Err(self.failed(before));
        }
        let after = change(before.as_ref())?;
        match after.clone() {
            Some(item) => table.items.insert(key, item),
            None => table.items.remove(&key),
        };
        let told = match self.returns {
            "ALL_OLD" => before,
            "ALL_NEW" => after,
            _ => None,
        };
        Ok(match told {
            Some(item) => json!({"Attributes": item_json(&item)}),
            None => json!({}),
        })
    }

    fn failed(&self, before: Option<Item>) -> Refusal {
        let refusal = refusal("ConditionalCheckFailedException", "The conditional request failed");
        match before.filter(|_| self.tells_failed) {
            Some(item) => refusal.with("Item", item_json(&item)),
            None => refusal,
        }
    }
}

/// What a field says: one of `choices`, or `NONE`, which it also is where it is not there.
fn choice<'a>(input: &'a Value, field: &str, choices: &[&str]) -> Result<&'a str, Refusal> {
    match input[field].as_str().unwrap_or("NONE") {
        "NONE" => Ok("NONE"),
        chosen if choices.contains(&chosen) => Ok(chosen),
        other => Err(invalid(format!("{field} cannot be {other} here"))),
    }
}
