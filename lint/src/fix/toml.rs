//! Changes a value in TOML without writing the rest of it anew.

use serde_json::Value;
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, value as item};

use crate::source::{Key, keys};

/// The text with this value at a path; tables that lead to it are made where they are missing.
/// `None` if that is not possible.
pub(super) fn set(text: &str, path: &str, value: &Value) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let keys = keys(path);
    let (last, around) = keys.split_last()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    let mut is_inline = false;
    let mut steps = around.iter().peekable();
    while let Some(Key::Name(name)) = steps.next() {
        if !table.contains_key(name) {
            insert(table, name, item(InlineTable::new()), is_inline);
        }
        let next = table.get_mut(name)?;
        is_inline = next.is_value();
        table = match steps.peek() {
            Some(Key::Index(position)) => {
                let entry = at(next, *position)?;
                steps.next();
                entry
            }
            _ => next.as_table_like_mut()?,
        };
    }
    let Key::Name(last) = last else { return None };
    let new = match value {
        Value::Bool(value) => item(*value),
        Value::String(value) => item(value.as_str()),
        _ => return None,
    };
    insert(table, last, new, is_inline);
    Some(document.to_string())
}

fn insert(table: &mut dyn TableLike, key: &str, value: Item, is_inline: bool) {
    table.insert(key, value);
    if is_inline {
        // The space before its bracket belongs to the member that was the last.
        table.fmt();
    }
}

fn at(list: &mut Item, position: usize) -> Option<&mut dyn TableLike> {
    match list {
        Item::ArrayOfTables(tables) => tables.get_mut(position).map(|table| table as _),
        Item::Value(toml_edit::Value::Array(array)) => {
            array.get_mut(position)?.as_inline_table_mut().map(|table| table as _)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_set_in_tables_and_in_inline_tables() {
        let set = |text: &str, path: &str| set(text, path, &Value::from(true));
        let tables = "# c\n[[a.hooks]]\nx = 1 # of x\n[[a.hooks]]\nx = 2\n";
        assert_eq!(
            set(tables, "a.hooks[0].r.ignore").unwrap(),
            "# c\n[[a.hooks]]\nx = 1 # of x\nr = { ignore = true }\n[[a.hooks]]\nx = 2\n"
        );
        let inline = "a = { hooks = [{ r = { ignore = false } }] }\n";
        assert_eq!(
            set(inline, "a.hooks[0].r.ignore").unwrap(),
            "a = { hooks = [{ r = { ignore = true } }] }\n"
        );
        assert_eq!(set(tables, "a.hooks[7].x"), None);
        assert_eq!(set("a = 1", "a.b"), None);
        assert_eq!(set("a = ", "a.b"), None);
    }
}
