//! DynamoDB's expressions, limited to top-level attributes of an item.

mod condition;
mod parser;
mod placeholders;
mod reserved;
mod tokens;
mod update;

pub(super) use condition::Condition;
pub(super) use placeholders::Placeholders;
pub(super) use update::Update;

use super::attribute::{Attribute, Item};

/// An attribute of the item, or a value of the request.
#[derive(Debug)]
enum Operand {
    Path(String),
    Value(Attribute),
}

impl Operand {
    /// Its value; `None` if the item has no such attribute.
    fn of<'a>(&'a self, item: &'a Item) -> Option<&'a Attribute> {
        match self {
            Self::Path(name) => item.get(name),
            Self::Value(value) => Some(value),
        }
    }
}
