//! Attributes, and the items that they make up.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::{Value, json};

use super::number::Number;

/// The attributes of an item by their names.
pub(super) type Item = BTreeMap<String, Attribute>;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    /// A string.
    S(String),
    /// A number.
    N(Number),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
}

impl Attribute {
    /// Reads it from DynamoDB's JSON.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().filter(|fields| fields.len() == 1);
        let field = fields.and_then(|fields| fields.iter().next());
        match field.map(|(kind, value)| (kind.as_str(), value)) {
            Some(("S", Value::String(text))) => Ok(Self::S(text.clone())),
            Some(("N", Value::String(text))) => text.parse().map(Self::N),
            Some(("BOOL", Value::Bool(value))) => Ok(Self::Bool(*value)),
            Some(("NULL", Value::Bool(true))) => Ok(Self::Null),
            _ => Err(format!("the fake takes S, N, BOOL and NULL only, not {value}")),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::S(text) => json!({"S": text}),
            Self::N(number) => json!({"N": number.to_string()}),
            Self::Bool(value) => json!({"BOOL": value}),
            Self::Null => json!({"NULL": true}),
        }
    }

    /// The name of its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::Bool(_) => "BOOL",
            Self::Null => "NULL",
        }
    }

    /// How two values of a type that has an order stand to each other.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::S(one), Self::S(other)) => Some(one.cmp(other)),
            (Self::N(one), Self::N(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

/// Reads an item from DynamoDB's JSON.
pub(super) fn read_item(value: &Value) -> Result<Item, String> {
    let fields = value.as_object().ok_or_else(|| format!("{value} is not an item"))?;
    fields.iter().map(|(name, value)| Ok((name.clone(), Attribute::read(value)?))).collect()
}

/// An item in DynamoDB's JSON.
pub(super) fn item_json(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), value.json())).collect()
}
