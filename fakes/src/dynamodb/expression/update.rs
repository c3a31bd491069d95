//! Update expressions.

use std::collections::BTreeSet;

use super::{Operand, Placeholders, parser::Parser};
use crate::dynamodb::attribute::{Attribute, Item};

/// A change of an item.
#[derive(Debug, Default)]
pub(crate) struct Update {
    sets: Vec<(String, Operand)>,
    removes: Vec<String>,
}

impl Update {
    /// Reads it from text.
    pub(crate) fn parse(text: &str, placeholders: &mut Placeholders) -> Result<Self, String> {
        let mut parser = Parser::new(text, placeholders)?;
        let mut update = Self::default();
        while !parser.is_at_end() {
            if update.sets.is_empty() && parser.keyword("SET") {
                update.sets = list(&mut parser, assignment)?;
            } else if update.removes.is_empty() && parser.keyword("REMOVE") {
                update.removes = list(&mut parser, Parser::path)?;
            } else {
                return Err(parser.unexpected());
            }
        }
        update.check_overlap()?;
        Ok(update)
    }

    fn check_overlap(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        match self.names().find(|name| !names.insert(*name)) {
            Some(name) => Err(format!(
                "Two document paths overlap with each other; must remove or rewrite one of these \
                 paths; path one: [{name}], path two: [{name}]"
            )),
            None => Ok(()),
        }
    }

    /// Whether it changes this attribute.
    pub(crate) fn changes(&self, name: &str) -> bool {
        self.names().any(|changed| changed == name)
    }

    /// The item after it. All that is read is read from the item before.
    pub(crate) fn apply(&self, before: &Item) -> Result<Item, String> {
        let mut after = before.clone();
        for (name, operand) in &self.sets {
            after.insert(name.clone(), existing(operand.of(before))?);
        }
        after.retain(|name, _| !self.removes.contains(name));
        Ok(after)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(|(name, _)| name).chain(&self.removes).map(String::as_str)
    }
}

fn existing(value: Option<&Attribute>) -> Result<Attribute, String> {
    value.cloned().ok_or_else(|| {
        "The provided expression refers to an attribute that does not exist in the item".to_owned()
    })
}

/// Reads one or more, with commas between them.
fn list<'a, T>(
    parser: &mut Parser<'a>,
    one: impl Fn(&mut Parser<'a>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut all = vec![one(parser)?];
    while parser.symbol(",") {
        all.push(one(parser)?);
    }
    Ok(all)
}

fn assignment(parser: &mut Parser<'_>) -> Result<(String, Operand), String> {
    let name = parser.path()?;
    parser.expect("=")?;
    match parser.function() {
        Some(function) => Err(format!("Invalid function name; function: {function}")),
        None => Ok((name, parser.operand()?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dynamodb::attribute::{item_json, read_item};

    fn update(text: &str) -> Result<Update, String> {
        let request = json!({
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":text": {"S": "new"}, ":two": {"N": "2"}},
        });
        Update::parse(text, &mut Placeholders::read(&request).unwrap())
    }

    fn applied(text: &str) -> Result<Value, String> {
        let item = read_item(&json!({"state": {"S": "old"}, "n": {"N": "5"}})).unwrap();
        update(text).and_then(|update| update.apply(&item)).map(|item| item_json(&item))
    }

    #[test]
    fn applied_to_an_item() {
        let (old, new, five) = (json!({"S": "old"}), json!({"S": "new"}), json!({"N": "5"}));
        for (text, after) in [
            ("SET #state = :text", json!({"state": new, "n": five})),
            ("set #state = :text remove n", json!({"state": new})),
            ("REMOVE n, #state", json!({})),
            ("REMOVE absent", json!({"state": old, "n": five})),
            ("REMOVE #state SET m = n", json!({"n": five, "m": five})),
            // What is read is the item before.
            ("SET n = #state, #state = n", json!({"state": five, "n": old})),
            ("SET m = #state REMOVE #state", json!({"n": five, "m": old})),
        ] {
            assert_eq!(applied(text).unwrap(), after, "{text}");
        }
    }

    #[test]
    fn refused() {
        for (text, error) in [
            ("", "empty"),
            ("SET", "<EOF>"),
            ("SET n", "<EOF>"),
            ("SET n = :two,", "<EOF>"),
            ("SET n = :two m = :two", "token: \"m\""),
            ("SET n = :two SET m = :two", "token: \"SET\""),
            ("REMOVE n REMOVE m", "token: \"REMOVE\""),
            ("ADD n :two", "token: \"ADD\""),
            ("SET :two = n", "token: \":two\""),
            // What DynamoDB knows and the adapter never sends.
            ("SET n = n + :two", "near: \"+ :two\""),
            ("SET n = n - :two", "near: \"- :two\""),
            ("SET n = if_not_exists(n, :two)", "Invalid function name; function: if_not_exists"),
            ("SET state = :text", "reserved keyword: state"),
            ("SET n = list_append(n, :two)", "Invalid function name; function: list_append"),
            ("SET n = :two REMOVE n", "overlap"),
            ("SET n = :two, n = :two", "overlap"),
            ("SET n = :other", "attribute value: :other"),
            // Known only with the item.
            ("SET n = absent", "does not exist in the item"),
        ] {
            let refused = applied(text).unwrap_err();
            assert!(refused.contains(error), "{text}: {refused}");
        }
    }
}
