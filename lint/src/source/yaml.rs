//! Places in YAML, and in JSON, which is YAML.

use yamlpath::{Component, Document, Route};

use super::{Key, Locate};
use crate::Place;

pub(super) struct Yaml(Document);

impl Yaml {
    pub(super) fn new(text: &str) -> Option<Self> {
        Document::new(text).ok().map(Self)
    }

    fn column(&self, offset: usize) -> usize {
        let before = self.0.source().get(..offset).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.chars().count() + 1
    }
}

fn route(keys: &[Key]) -> Route<'_> {
    let components = keys.iter().map(|key| match key {
        Key::Name(name) => Component::Key(name.into()),
        Key::Index(position) => Component::Index(*position),
    });
    Route::from(components.collect::<Vec<_>>())
}

impl Locate for Yaml {
    fn place(&self, keys: &[Key]) -> Option<Place> {
        let route = route(keys);
        let found = match keys.last()? {
            Key::Name(_) => self.0.query_key_only(&route),
            Key::Index(_) => self.0.query_pretty(&route),
        };
        let at = found.ok()?.location;
        let (offset, ((row, _), _)) = (at.byte_span.0, at.point_span);
        Some(Place { line: row + 1, column: self.column(offset) })
    }

    /// Only a literal block (`|`) keeps its lines.
    fn text(&self, keys: &[Key]) -> Option<Place> {
        let block = self.0.query_exact(&route(keys)).ok()??;
        let source = self.0.extract(&block);
        let (header, lines) = source.split_once('\n')?;
        let first = lines.lines().find(|line| !line.trim().is_empty())?;
        let indentation = first.chars().count() - first.trim_start().chars().count();
        let ((row, _), _) = block.location.point_span;
        let is_literal = header.trim_start().starts_with('|');
        is_literal.then_some(Place { line: row + 2, column: indentation + 1 })
    }
}

#[cfg(test)]
mod tests {
    use crate::source::Places;

    fn place(text: &str, path: &str) -> Option<(usize, usize)> {
        Places::of_yaml(text).of(path).map(|place| (place.line, place.column))
    }

    #[test]
    fn part_is_found_in_yaml_and_in_json() {
        let yaml = "# c\na:\n  b:\n    - x: 1\n      y: 2\n    - {x: 3, ä: {z: 4}}\n";
        let json = "{\n  \"a\": {\n    \"b\": [{\"x\": 1, \"y\": 2},\n      {\"x\": 3}]\n  }\n}";
        let table = [
            (yaml, "a", Some((2, 1))),
            (yaml, "a.b[0]", Some((4, 7))),
            (yaml, "a.b[0].y", Some((5, 7))),
            (yaml, "a.b[1].ä.z", Some((6, 18))),
            // What is not there is at what is around it.
            (yaml, "a.b[0].config.url", Some((4, 7))),
            (yaml, "c", None),
            (json, "a.b[0].y", Some((3, 20))),
            (json, "a.b[1].x", Some((4, 8))),
            ("a: &x\n  b: 1\nc: *x\n", "c.b", Some((2, 3))),
        ];
        for (text, path, expected) in table {
            assert_eq!(place(text, path), expected, "{path}");
        }
    }
}
