//! Places in TOML.

use toml_edit::{Document, Item, Table, TableLike, Value};

use super::{Key, Locate};
use crate::Place;

pub(super) struct Toml(Document<String>);

impl Toml {
    pub(super) fn new(text: &str) -> Option<Self> {
        Document::parse(text.to_owned()).ok().map(Self)
    }
}

impl Locate for Toml {
    fn place(&self, keys: &[Key]) -> Option<Place> {
        let mut at = At::Table(self.0.as_table());
        let mut offset = None;
        for key in keys {
            (at, offset) = at.step(key)?;
        }
        offset.map(|offset| Place::in_text(self.0.raw(), offset))
    }
}

/// A part of the file, and its beginning.
enum At<'t> {
    Table(&'t Table),
    Item(&'t Item),
    Value(&'t Value),
}

impl<'t> At<'t> {
    /// The part below, and where it begins.
    fn step(self, key: &Key) -> Option<(Self, Option<usize>)> {
        match key {
            Key::Name(name) => {
                let (key, item) = self.table()?.get_key_value(name)?;
                let start = key.span().or_else(|| item.span()).map(|span| span.start);
                Some((At::Item(item), start))
            }
            Key::Index(position) => {
                if let At::Item(Item::ArrayOfTables(tables)) = self {
                    let table = tables.get(*position)?;
                    return Some((At::Table(table), table.span().map(|span| span.start)));
                }
                let value = self.value()?.as_array()?.get(*position)?;
                Some((At::Value(value), value.span().map(|span| span.start)))
            }
        }
    }

    fn table(&self) -> Option<&'t dyn TableLike> {
        match self {
            At::Table(table) => Some(*table),
            At::Item(item) => item.as_table_like(),
            At::Value(value) => value.as_inline_table().map(|table| table as &dyn TableLike),
        }
    }

    fn value(&self) -> Option<&'t Value> {
        match self {
            At::Table(_) => None,
            At::Item(item) => item.as_value(),
            At::Value(value) => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::source::Places;

    #[test]
    fn part_is_found_in_tables_arrays_and_dotted_keys() {
        let text = "# c\n[a]\nb.c = 1\n\n[[a.hooks]]\nhook = \"x\"\n[[a.hooks]]\n  hook = \"y\"\n\
                    [a.hooks.config]\nurl = \"ü\"\nheaders = { A = 1 }\nlist = [1, { d = 2 }]\n";
        let table = [
            ("a", Some((2, 2))),
            ("a.b.c", Some((3, 3))),
            ("a.hooks[0]", Some((5, 1))),
            ("a.hooks[1].hook", Some((8, 3))),
            ("a.hooks[1].config.url", Some((10, 1))),
            ("a.hooks[1].config.headers.A", Some((11, 13))),
            ("a.hooks[1].config.list[1].d", Some((12, 14))),
            // What is not there is at what is around it.
            ("a.hooks[1].config.body", Some((9, 10))),
            ("a.hooks[2]", Some((5, 5))),
            ("x", None),
        ];
        for (path, expected) in table {
            let place = Places::of_toml(text).of(path).map(|place| (place.line, place.column));
            assert_eq!(place, expected, "{path}");
        }
    }
}
