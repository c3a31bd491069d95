//! Update expressions.

use std::collections::BTreeSet;

use super::{Operand, Placeholders, parser::Parser};
use crate::dynamodb::attribute::{Attribute, Item};

/// A change to an item.
#[derive(Debug, Default)]
pub(crate) struct Update {
    sets: Vec<(String, Term)>,
    removes: Vec<String>,
}

/// The new value of an attribute.
#[derive(Debug)]
enum Term {
    Operand(Operand),
    IfNotExists(String, Operand),
}

impl Update {
    /// Parses an expression.
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

    /// The item after the update. All reads see the item before it.
    pub(crate) fn apply(&self, before: &Item) -> Result<Item, String> {
        let mut after = before.clone();
        for (name, term) in &self.sets {
            after.insert(name.clone(), term.of(before)?);
        }
        after.retain(|name, _| !self.removes.contains(name));
        Ok(after)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(|(name, _)| name).chain(&self.removes).map(String::as_str)
    }
}

impl Term {
    /// Its value for an item.
    fn of(&self, item: &Item) -> Result<Attribute, String> {
        match self {
            Self::Operand(operand) => existing(operand.of(item)),
            Self::IfNotExists(name, operand) => existing(item.get(name).or(operand.of(item))),
        }
    }
}

fn existing(value: Option<&Attribute>) -> Result<Attribute, String> {
    value.cloned().ok_or_else(|| {
        "The provided expression refers to an attribute that does not exist in the item".to_owned()
    })
}

/// Parses one or more, separated by commas.
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

fn assignment(parser: &mut Parser<'_>) -> Result<(String, Term), String> {
    let name = parser.path()?;
    parser.expect("=")?;
    Ok((name, term(parser)?))
}

fn term(parser: &mut Parser<'_>) -> Result<Term, String> {
    match parser.function() {
        Some(name) if name == "if_not_exists" => {
            let name = parser.path()?;
            parser.expect(",")?;
            let operand = parser.operand()?;
            parser.expect(")")?;
            Ok(Term::IfNotExists(name, operand))
        }
        Some(name) => Err(format!("Invalid function name; function: {name}")),
        None => parser.operand().map(Term::Operand),
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
            // Reads see the item before the update.
            ("SET n = #state, #state = n", json!({"state": five, "n": old})),
            ("SET m = #state REMOVE #state", json!({"n": five, "m": old})),
            ("SET n = if_not_exists(n, :two)", json!({"state": old, "n": five})),
            ("SET m = if_not_exists(m, :two)", json!({"state": old, "n": five, "m": {"N": "2"}})),
            ("SET m = if_not_exists(m, n)", json!({"state": old, "n": five, "m": five})),
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
            // Valid in DynamoDB, but never sent by the adapter.
            ("SET n = n + :two", "near: \"+ :two\""),
            ("SET n = n - :two", "near: \"- :two\""),
            ("SET state = :text", "reserved keyword: state"),
            ("SET n = list_append(n, :two)", "Invalid function name; function: list_append"),
            ("SET n = :two REMOVE n", "overlap"),
            ("SET n = :two, n = :two", "overlap"),
            ("SET n = :other", "attribute value: :other"),
            // Depends on the item.
            ("SET n = absent", "does not exist in the item"),
        ] {
            let refused = applied(text).unwrap_err();
            assert!(refused.contains(error), "{text}: {refused}");
        }
    }
}
