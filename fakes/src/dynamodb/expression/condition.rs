//! Condition expressions.

use std::cmp::Ordering;

use super::{Operand, Placeholders, parser::Parser};
use crate::dynamodb::attribute::{Attribute, Item};

const COMPARATORS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

/// A condition on an item.
#[derive(Debug)]
pub(crate) struct Condition(Node);

#[derive(Debug)]
enum Node {
    Compare(Operand, &'static str, Operand),
    Exists(String),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Parenthesized(Box<Node>),
}

impl Condition {
    /// Parses an expression.
    pub(crate) fn parse(text: &str, placeholders: &mut Placeholders) -> Result<Self, String> {
        let mut parser = Parser::new(text, placeholders)?;
        let node = disjunction(&mut parser)?;
        if parser.is_at_end() { Ok(Self(node)) } else { Err(parser.unexpected()) }
    }

    /// Whether an item meets the condition.
    pub(crate) fn holds(&self, item: &Item) -> bool {
        self.0.holds(item)
    }
}

impl Node {
    fn holds(&self, item: &Item) -> bool {
        match self {
            Self::Compare(left, comparator, right) => {
                compare(left.of(item), comparator, right.of(item))
            }
            Self::Exists(name) => item.contains_key(name),
            Self::Not(node) => !node.holds(item),
            Self::And(left, right) => left.holds(item) && right.holds(item),
            Self::Or(left, right) => left.holds(item) || right.holds(item),
            Self::Parenthesized(node) => node.holds(item),
        }
    }
}

/// A missing attribute is unequal to everything, and every other comparison with it is false.
fn compare(left: Option<&Attribute>, comparator: &str, right: Option<&Attribute>) -> bool {
    let both = left.zip(right);
    let order = both.and_then(|(left, right)| left.order(right));
    match comparator {
        "=" => both.is_some_and(|(left, right)| left == right),
        "<>" => both.is_none_or(|(left, right)| left != right),
        "<" => order.is_some_and(Ordering::is_lt),
        "<=" => order.is_some_and(Ordering::is_le),
        ">" => order.is_some_and(Ordering::is_gt),
        _ => order.is_some_and(Ordering::is_ge),
    }
}

fn disjunction(parser: &mut Parser<'_>) -> Result<Node, String> {
    let mut node = conjunction(parser)?;
    while parser.keyword("OR") {
        node = Node::Or(Box::new(node), Box::new(conjunction(parser)?));
    }
    Ok(node)
}

fn conjunction(parser: &mut Parser<'_>) -> Result<Node, String> {
    let mut node = negation(parser)?;
    while parser.keyword("AND") {
        node = Node::And(Box::new(node), Box::new(negation(parser)?));
    }
    Ok(node)
}

fn negation(parser: &mut Parser<'_>) -> Result<Node, String> {
    if parser.keyword("NOT") {
        return Ok(Node::Not(Box::new(negation(parser)?)));
    }
    if parser.symbol("(") {
        let node = disjunction(parser)?;
        parser.expect(")")?;
        return match node {
            Node::Parenthesized(_) => Err("The expression has redundant parentheses;".to_owned()),
            node => Ok(Node::Parenthesized(Box::new(node))),
        };
    }
    match parser.function() {
        Some(name) => function(parser, &name),
        None => comparison(parser),
    }
}

fn function(parser: &mut Parser<'_>, name: &str) -> Result<Node, String> {
    let exists = match name {
        "attribute_exists" => true,
        "attribute_not_exists" => false,
        _ => return Err(format!("Invalid function name; function: {name}")),
    };
    let node = Node::Exists(parser.path()?);
    parser.expect(")")?;
    Ok(if exists { node } else { Node::Not(Box::new(node)) })
}

fn comparison(parser: &mut Parser<'_>) -> Result<Node, String> {
    let left = parser.operand()?;
    let comparator = COMPARATORS.into_iter().find(|comparator| parser.symbol(comparator));
    let comparator = comparator.ok_or_else(|| parser.unexpected())?;
    let right = parser.operand()?;
    check_operand(comparator, &left)?;
    check_operand(comparator, &right)?;
    Ok(Node::Compare(left, comparator, right))
}

/// Rejects an order comparison of values without an order.
fn check_operand(comparator: &str, operand: &Operand) -> Result<(), String> {
    match operand {
        Operand::Value(value @ (Attribute::Bool(_) | Attribute::Null))
            if !matches!(comparator, "=" | "<>") =>
        {
            Err(format!(
                "Incorrect operand type for operator or function; operator or function: \
                 {comparator}, operand type: {}",
                value.kind()
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dynamodb::attribute::read_item;

    fn condition(text: &str) -> Result<Condition, String> {
        let request = json!({
            "ExpressionAttributeNames": {"#state": "state", "#none": "none"},
            "ExpressionAttributeValues": {
                ":done": {"S": "done"},
                ":ten": {"N": "10"},
                ":ten_too": {"N": "010"},
                ":nine": {"N": "9"},
                ":text": {"S": "10"},
                ":true": {"BOOL": true},
                ":null": {"NULL": true},
            },
        });
        Condition::parse(text, &mut Placeholders::read(&request).unwrap())
    }

    #[test]
    fn conditions_are_evaluated_against_an_item() {
        let item = json!({
            "state": {"S": "done"}, "n": {"N": "10"}, "yes": {"BOOL": true}, "nil": {"NULL": true},
        });
        let item = read_item(&item).unwrap();
        for (text, holds) in [
            // Every comparator.
            ("#state = :done", true),
            ("#state <> :done", false),
            ("n = :ten_too", true),
            ("n > :nine", true),
            ("n >= :ten", true),
            ("n < :ten", false),
            ("n <= :ten", true),
            (":nine < n", true),
            ("#state > :text", true),
            ("yes = :true", true),
            ("nil = :null", true),
            ("n = #state", false),
            // Different types.
            ("n = :text", false),
            ("n <> :text", true),
            ("n < #state", false),
            ("yes < n", false),
            // Missing attributes.
            ("#none = :ten", false),
            ("#none <> :ten", true),
            ("#none < :ten", false),
            ("#none >= :ten", false),
            ("#none = absent", false),
            ("#none <> absent", true),
            ("NOT #none < :ten", true),
            // Functions.
            ("attribute_exists(n)", true),
            ("attribute_exists(#none)", false),
            ("attribute_not_exists(#none)", true),
            ("attribute_not_exists ( nil )", false),
            // Precedence.
            ("n = :ten OR n = :nine AND n = :nine", true),
            ("(n = :ten OR n = :nine) AND n = :nine", false),
            ("NOT n = :nine AND n = :ten", true),
            ("NOT (n = :nine OR n = :ten)", false),
            ("not n = :nine and NOT NOT n = :ten", true),
            ("(n = :nine) OR (n = :ten)", true),
        ] {
            assert_eq!(condition(text).unwrap().holds(&item), holds, "{text}");
        }
    }

    #[test]
    fn refused() {
        for (text, error) in [
            ("", "empty"),
            ("n", "<EOF>"),
            ("n =", "<EOF>"),
            ("n = :ten :ten", "token: \":ten\""),
            ("(n = :ten", "<EOF>"),
            ("n = :ten)", "token: \")\""),
            ("((n = :ten))", "redundant parentheses"),
            ("n == :ten", "token: \"=\""),
            ("n = :ten AND", "<EOF>"),
            ("size(n) > :ten", "Invalid function name; function: size"),
            ("attribute_exists(:ten)", "token: \":ten\""),
            ("attribute_exists(n, n)", "token: \",\""),
            ("n BETWEEN :nine AND :ten", "token: \"BETWEEN\""),
            ("state = :done", "reserved keyword: state"),
            ("#other = :ten", "attribute name: #other"),
            ("n = :other", "attribute value: :other"),
            ("n < :true", "operand type: BOOL"),
            (":null >= n", "operand type: NULL"),
        ] {
            let refused = condition(text).unwrap_err();
            assert!(refused.contains(error), "{text}: {refused}");
        }
    }
}
