//! The calls of DynamoDB that the store makes, as JSON.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// One attribute of an item. Of the kinds of DynamoDB's, we write and read text and numbers; any other
/// is neither.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Attribute {
    #[serde(rename = "S", skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(rename = "N", skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<String>,
}

impl Attribute {
    /// A text.
    pub(super) fn text(value: &str) -> Self {
        Self { text: Some(value.to_owned()), number: None }
    }

    /// A whole number.
    pub(super) fn number(value: i128) -> Self {
        Self { text: None, number: Some(value.to_string()) }
    }
}

/// An item, by the names of its attributes.
pub(super) type Item = HashMap<String, Attribute>;

/// The input of `GetItem` and `DeleteItem`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ByKey<'a> {
    table_name: &'a str,
    key: HashMap<&'static str, Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consistent_read: Option<bool>,
}

impl<'a> ByKey<'a> {
    /// The item of `table` with this key, as it is after all writes before.
    pub(super) fn read(table: &'a str, name: &'static str, value: &str) -> Self {
        Self { consistent_read: Some(true), ..Self::delete(table, name, value) }
    }

    /// The item of `table` with this key, to be deleted.
    pub(super) fn delete(table: &'a str, name: &'static str, value: &str) -> Self {
        let key = HashMap::from([(name, Attribute::text(value))]);
        Self { table_name: table, key, consistent_read: None }
    }
}

/// The input of `UpdateItem`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Update<'a> {
    table_name: &'a str,
    key: HashMap<&'static str, Attribute>,
    #[serde(rename = "UpdateExpression")]
    change: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    expression_attribute_names: HashMap<&'static str, &'static str>,
    expression_attribute_values: HashMap<&'static str, Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values_on_condition_check_failure: Option<&'static str>,
}

impl<'a> Update<'a> {
    /// A change of the item of `table` with this key.
    pub(super) fn of(table: &'a str, name: &'static str, value: &str) -> Self {
        Self {
            table_name: table,
            key: HashMap::from([(name, Attribute::text(value))]),
            change: String::new(),
            condition_expression: None,
            expression_attribute_names: HashMap::new(),
            expression_attribute_values: HashMap::new(),
            return_values: None,
            return_values_on_condition_check_failure: None,
        }
    }

    /// What is changed.
    pub(super) fn change(mut self, expression: impl Into<String>) -> Self {
        self.change = expression.into();
        self
    }

    /// Only where this holds.
    pub(super) fn condition(mut self, expression: &'static str) -> Self {
        self.condition_expression = Some(expression);
        self
    }

    /// What a name in an expression stands for.
    pub(super) fn name(mut self, placeholder: &'static str, attribute: &'static str) -> Self {
        self.expression_attribute_names.insert(placeholder, attribute);
        self
    }

    /// What a value in an expression stands for.
    pub(super) fn value(mut self, placeholder: &'static str, value: Attribute) -> Self {
        self.expression_attribute_values.insert(placeholder, value);
        self
    }

    /// The answer tells what was there before.
    pub(super) fn tells_before(mut self) -> Self {
        self.return_values = Some("ALL_OLD");
        self
    }

    /// Where the condition does not hold, the answer tells what is there.
    pub(super) fn tells_failed(mut self) -> Self {
        self.return_values_on_condition_check_failure = Some("ALL_OLD");
        self
    }
}

/// The output of `GetItem`, and the error of a condition that does not hold.
#[derive(Default, Deserialize)]
pub(super) struct Found {
    /// The item, where there is one and the request asked for it.
    #[serde(rename = "Item")]
    pub(super) item: Option<Item>,
}

/// The output of `UpdateItem`.
#[derive(Deserialize)]
pub(super) struct Updated {
    /// What was there before, where there was anything and the request asked for it.
    #[serde(rename = "Attributes", default)]
    pub(super) before: Item,
}

/// The output of `DeleteItem`, of which nothing is read.
#[derive(Deserialize)]
pub(super) struct Deleted {}
