//! A write: it may have a condition, and may return the previous item.

use serde_json::{Value, json};

use super::{
    attribute::{Item, item_json},
    expression::{Condition, Placeholders, Update},
    invalid, refusal,
    tables::Table,
};
use crate::aws::{Refusal, check_fields};

const FIELDS: [&str; 8] = [
    "TableName",
    "Key",
    "UpdateExpression",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

/// A requested write.
pub(super) struct Write {
    condition: Option<Condition>,
    pub(super) update: Update,
    returns_before: bool,
    tells_failed: bool,
}

impl Write {
    /// Parses the input.
    pub(super) fn read(input: &Value) -> Result<Self, Refusal> {
        check_fields(input, &FIELDS)?;
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
            returns_before: is_all_old(input, "ReturnValues")?,
            tells_failed: is_all_old(input, "ReturnValuesOnConditionCheckFailure")?,
        })
    }

    /// Changes the item under `key`, or the `new` one if there is none, if the condition holds.
    pub(super) fn run(&self, table: &mut Table, key: String, new: &Item) -> Result<Value, Refusal> {
        let before = table.items.get(&key).cloned();
        let nothing = Item::new();
        if let Some(condition) = &self.condition
            && !condition.holds(before.as_ref().unwrap_or(&nothing))
        {
            return Err(self.failed(before));
        }
        let after = self.update.apply(before.as_ref().unwrap_or(new)).map_err(invalid)?;
        table.items.insert(key, after);
        Ok(match before.filter(|_| self.returns_before) {
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

/// Whether a field asks for the previous item. Without the field nothing is returned.
fn is_all_old(input: &Value, field: &str) -> Result<bool, Refusal> {
    match input[field].as_str().unwrap_or("NONE") {
        "NONE" => Ok(false),
        "ALL_OLD" => Ok(true),
        other => Err(invalid(format!("{field} cannot be {other} here"))),
    }
}
