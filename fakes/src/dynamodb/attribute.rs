//! Attributes, and items made of them.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::{Value, json};

/// The attributes of an item by their names.
pub(super) type Item = BTreeMap<String, Attribute>;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    /// A string.
    S(String),
    /// A number, as written. The adapter writes only integers, and only integers can be ordered.
    N(String),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
}

impl Attribute {
    /// Parses DynamoDB's JSON.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().filter(|fields| fields.len() == 1);
        let field = fields.and_then(|fields| fields.iter().next());
        match field.map(|(kind, value)| (kind.as_str(), value)) {
            Some(("S", Value::String(text))) => Ok(Self::S(text.clone())),
            Some(("N", Value::String(text))) => number(text).map(Self::N),
            Some(("BOOL", Value::Bool(value))) => Ok(Self::Bool(*value)),
            Some(("NULL", Value::Bool(true))) => Ok(Self::Null),
            _ => Err(format!("the fake takes S, N, BOOL and NULL only, not {value}")),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::S(text) => json!({"S": text}),
            Self::N(number) => json!({"N": number}),
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

    /// The order of two values, if their type has one.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::S(one), Self::S(other)) => Some(one.cmp(other)),
            (Self::N(one), Self::N(other)) => Some(whole(one)?.cmp(&whole(other)?)),
            _ => None,
        }
    }
}

/// The canonical form of a number, if it is an integer.
fn number(text: &str) -> Result<String, String> {
    match whole(text) {
        Some(number) => Ok(number.to_string()),
        None if text.parse().is_ok_and(f64::is_finite) => Ok(text.to_owned()),
        None => Err(format!("The parameter cannot be converted to a numeric value: {text}")),
    }
}

fn whole(text: &str) -> Option<i128> {
    text.parse().ok()
}

/// Parses an item in DynamoDB's JSON.
pub(super) fn read_item(value: &Value) -> Result<Item, String> {
    let fields = value.as_object().ok_or_else(|| format!("{value} is not an item"))?;
    fields.iter().map(|(name, value)| Ok((name.clone(), Attribute::read(value)?))).collect()
}

/// An item in DynamoDB's JSON.
pub(super) fn item_json(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), value.json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Attribute, String> {
        Attribute::read(&json!({ "N": text }))
    }

    #[test]
    fn integer_has_one_representation() {
        for (text, written) in [("0", "0"), ("-0", "0"), ("007", "7"), ("+1", "1"), ("-12", "-12")]
        {
            assert_eq!(read(text).unwrap().json(), json!({ "N": written }), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_kept_verbatim_and_unordered() {
        for text in ["1.5", "9e30"] {
            let number = read(text).unwrap();
            assert_eq!(number.json(), json!({ "N": text }));
            assert_eq!(number.order(&read("1").unwrap()), None);
        }
    }

    #[test]
    fn invalid_number_is_refused() {
        for text in ["", "-", ".", "one", "1e", "0x1", "1 ", "NaN", "inf"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn integers_are_ordered_by_value() {
        let ascending = ["-20", "-3", "0", "9", "10", "9007199254740992", "9007199254740993"];
        for (index, one) in ascending.iter().enumerate() {
            for (other_index, other) in ascending.iter().enumerate() {
                let order = read(one).unwrap().order(&read(other).unwrap());
                assert_eq!(order, Some(index.cmp(&other_index)), "{one} and {other}");
            }
        }
    }
}
