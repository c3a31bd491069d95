//! Changes a text in YAML or JSON without writing the rest of it anew: comments and the order of
//! keys stay.

use std::{fmt::Write as _, ops::Range};

use serde_json::Value;
use yamlpath::{Component, Document, Route};

use crate::source::{Key, keys};

/// The indentation of a map in a map.
const INDENT: usize = 2;

/// A text in YAML or JSON. A change gives the new text, or `None` where it cannot be made.
pub(super) struct Splice<'t> {
    text: &'t str,
    document: Document,
    is_json: bool,
}

/// An item of a list, as it is in the text.
struct Item {
    text: String,
    column: usize,
}

impl<'t> Splice<'t> {
    pub(super) fn new(text: &'t str) -> Option<Self> {
        let document = Document::new(text).ok()?;
        let is_json = serde_json::from_str::<Value>(text).is_ok();
        Some(Self { text, document, is_json })
    }

    /// Sets the value at a path; the maps that lead to it are made where they are missing.
    pub(super) fn set(&self, path: &str, value: &Value) -> Option<String> {
        let keys = keys(path);
        if let Some(span) = self.span(&keys) {
            let text = self.scalar(value, &self.text[span.clone()]);
            return Some(self.replaced(span, &text));
        }
        if self.exists(&keys) {
            return self.value_of_key(&keys, &format!(" {value}"));
        }
        self.add(&keys, &|_| value.to_string(), value)
    }

    /// Puts a copy of the item at `from` before the items of the list at `list`, which is made if it
    /// is missing.
    pub(super) fn prepend(&self, list: &str, from: &str, value: &Value) -> Option<String> {
        let item = self.item(from)?;
        let keys = keys(list);
        let items = Value::Array(vec![value.clone()]);
        let Some(span) = self.span(&keys) else {
            return self.add(&keys, &|column| block_list(&item, column), &items);
        };
        if let Some(inner) = self.text[span.clone()].strip_prefix('[') {
            return self.prepend_to_flow(&keys, inner, span.start + 1, &item, value);
        }
        let column = self.column(span.start);
        let new = item.at(column + INDENT);
        let next = format!("- {new}\n{}", " ".repeat(column));
        Some(self.replaced(span.start..span.start, &next))
    }

    /// `inner` is the list behind its bracket, and begins at `start`.
    fn prepend_to_flow(
        &self,
        keys: &[Key],
        inner: &str,
        start: usize,
        item: &Item,
        value: &Value,
    ) -> Option<String> {
        let text = if item.is_flow() { item.text.clone() } else { value.to_string() };
        let space = &inner[..inner.len() - inner.trim_start().len()];
        if inner.trim_start() != "]" {
            let first = start + space.len();
            return Some(self.replaced(first..first, &format!("{text}{}", between(space))));
        }
        if !self.is_json && self.is_in_block(keys) {
            let column = self.key_column(keys)? + INDENT;
            return self.value_of_key(keys, &block_list(item, column));
        }
        Some(self.replaced(start..start, &text))
    }

    /// Removes an item of a list. A list that is empty then goes with its key, unless the map has no
    /// other.
    pub(super) fn remove(&self, item: &str) -> Option<String> {
        let keys = keys(item);
        let (_, list) = keys.split_last()?;
        let (span, of_list) = (self.span(&keys)?, self.span(list)?);
        let is_only = !self.has_more_items(list);
        if is_only && let Some(text) = self.remove_key(list) {
            return Some(text);
        }
        if self.text[of_list.clone()].starts_with('[') {
            return Some(self.removed_from_flow(of_list, span));
        }
        if is_only {
            return self.value_of_key(list, " []");
        }
        let span = self.without_comments_behind(span);
        let start = self.line_start(span.start);
        self.text[start..span.start].trim().strip_prefix('-')?;
        Some(self.without_lines(start..span.end))
    }

    /// Removes a key of a map, with its value; `None` if it is the only one, or not on a line of its
    /// own in block style.
    fn remove_key(&self, keys: &[Key]) -> Option<String> {
        let (_, map) = keys.split_last()?;
        let (around, end) = (self.span(map)?, self.span(keys)?.end);
        let start = self.document.query_key_only(&route(keys)).ok()?.location.byte_span.0;
        let others = [&self.text[around.start..start], &self.text[end..around.end]].concat();
        if others.trim_matches(|one: char| one.is_whitespace() || "{,}".contains(one)).is_empty() {
            return None;
        }
        if self.text[around.clone()].starts_with('{') {
            return Some(self.removed_from_flow(around, start..end));
        }
        let lines = self.without_comments_behind(self.line_start(start)..end);
        let is_apart = self.text[lines.start..start].trim().is_empty();
        is_apart.then(|| self.without_lines(lines))
    }

    /// A part in block style without the lines at its end that are only comments: they may be about
    /// what follows.
    fn without_comments_behind(&self, mut part: Range<usize>) -> Range<usize> {
        while let Some((before, last)) = self.text[part.clone()].trim_end().rsplit_once('\n')
            && last.trim_start().starts_with('#')
        {
            part.end = part.start + before.len();
        }
        part
    }

    /// A list or a map in flow style without one of its parts, and without the comma of that.
    fn removed_from_flow(&self, around: Range<usize>, part: Range<usize>) -> String {
        let before = &self.text[around.start..part.start];
        let after = &self.text[part.end..around.end];
        let comma = after.len() - after.trim_start().len();
        if after[comma..].starts_with(',') {
            let rest = after[comma + 1..].trim_start().len();
            return self.replaced(part.start..around.end - rest, "");
        }
        let kept = before.trim_end().trim_end_matches(',').len();
        self.replaced(around.start + kept..part.end, "")
    }

    /// The text without these lines; the last one to its end.
    fn without_lines(&self, lines: Range<usize>) -> String {
        let end = (self.line_end(lines.end) + 1).min(self.text.len());
        self.replaced(lines.start..end, "")
    }

    fn has_more_items(&self, list: &[Key]) -> bool {
        let mut second = list.to_vec();
        second.push(Key::Index(1));
        self.span(&second).is_some()
    }

    fn item(&self, path: &str) -> Option<Item> {
        let span = self.span(&keys(path))?;
        let column = self.column(span.start);
        Some(Item { text: self.text[span].to_owned(), column })
    }

    /// Adds what is missing of a path. `block` gives the value in block style where its own lines
    /// begin at a column; `value` is the same value.
    fn add(&self, keys: &[Key], block: &dyn Fn(usize) -> String, value: &Value) -> Option<String> {
        let depth = (0..keys.len()).rev().find(|depth| self.exists(&keys[..*depth]))?;
        let (around, missing) = keys.split_at(depth);
        let names = missing.iter().map(|key| match key {
            Key::Name(name) => Some(name.as_str()),
            Key::Index(_) => None,
        });
        let names: Vec<_> = names.collect::<Option<_>>()?;
        let flow = || nested(&names, value);
        match self.span(around) {
            Some(span) if self.text[span.clone()].starts_with('{') => {
                Some(self.add_to_flow(span, &flow()))
            }
            Some(span) => {
                let at = self.line_end(span.end);
                let text = block_of(&names, self.column(span.start), block);
                Some(self.replaced(at..at, &format!("\n{text}")))
            }
            // A key without a value.
            None => {
                let column = self.key_column(around)? + INDENT;
                let text = block_of(&names, column, block);
                self.value_of_key(around, &format!("\n{text}"))
            }
        }
    }

    /// Adds the members of an object to a flow map, as JSON or as YAML that looks alike.
    fn add_to_flow(&self, span: Range<usize>, members: &Value) -> String {
        let map = &self.text[span.clone()];
        let inner = &map[1..map.len() - 1];
        let kept = inner.trim_end().trim_end_matches(',');
        let first = kept.find(|c: char| !c.is_whitespace());
        let between = first.map(|first| between(&kept[..first])).unwrap_or_default();
        let members = members.to_string();
        let at = span.start + 1 + kept.len();
        self.replaced(at..at, &format!("{between}{}", &members[1..members.len() - 1]))
    }

    /// Replaces what follows the colon of a key.
    fn value_of_key(&self, keys: &[Key], value: &str) -> Option<String> {
        let key = self.document.query_key_only(&route(keys)).ok()?.location.byte_span.1;
        let colon = key + self.text[key..].find(':')? + 1;
        let end = self.span(keys).map_or(colon, |span| span.end);
        Some(self.replaced(colon..end, value))
    }

    fn key_column(&self, keys: &[Key]) -> Option<usize> {
        let key = self.document.query_key_only(&route(keys)).ok()?.location.byte_span.0;
        Some(self.column(key))
    }

    /// Whether a key is on a line of its own.
    fn is_in_block(&self, keys: &[Key]) -> bool {
        let key = self.document.query_key_only(&route(keys)).ok();
        key.is_some_and(|key| {
            let start = key.location.byte_span.0;
            self.text[self.line_start(start)..start].trim_start_matches([' ', '-']).is_empty()
        })
    }

    /// A value in the style of the one that it replaces.
    fn scalar(&self, value: &Value, old: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/+=._-".contains(c);
        match value {
            Value::String(text)
                if !old.starts_with(['"', '\'']) && !self.is_json && text.chars().all(is_plain) =>
            {
                text.clone()
            }
            other => other.to_string(),
        }
    }

    fn exists(&self, keys: &[Key]) -> bool {
        keys.is_empty() || self.document.query_exists(&route(keys))
    }

    /// Where a value is, without the space after it; `None` if there is none.
    fn span(&self, keys: &[Key]) -> Option<Range<usize>> {
        let feature = match keys {
            [] => self.document.top_feature().ok()?,
            _ => self.document.query_exact(&route(keys)).ok()??,
        };
        let (start, end) = feature.location.byte_span;
        let text = self.text.get(start..end)?.trim_end();
        (!text.is_empty()).then_some(start..start + text.len())
    }

    fn replaced(&self, span: Range<usize>, with: &str) -> String {
        format!("{}{with}{}", &self.text[..span.start], &self.text[span.end..])
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length)
    }

    /// The column of a byte, in characters from 0.
    fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }
}

impl Item {
    fn is_flow(&self) -> bool {
        self.text.starts_with('{')
    }

    /// The item with its further lines moved, so that it can begin at another column.
    fn at(&self, column: usize) -> String {
        let mut lines = self.text.split('\n');
        let mut moved = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            let indentation = line.len() - line.trim_start_matches(' ').len();
            let within = indentation.saturating_sub(self.column);
            let line = line.trim_start_matches(' ');
            moved.push('\n');
            if !line.is_empty() {
                moved.push_str(&" ".repeat(column + within));
                moved.push_str(line);
            }
        }
        moved
    }
}

fn block_list(item: &Item, column: usize) -> String {
    format!("\n{}- {}", " ".repeat(column), item.at(column + INDENT))
}

/// What stands between two members of a flow collection with this space before the first.
fn between(space: &str) -> String {
    if space.contains('\n') { format!(",{space}") } else { ", ".to_owned() }
}

fn route(keys: &[Key]) -> Route<'_> {
    let components = keys.iter().map(|key| match key {
        Key::Name(name) => Component::Key(name.into()),
        Key::Index(position) => Component::Index(*position),
    });
    Route::from(components.collect::<Vec<_>>())
}

/// The value in maps with these keys.
fn nested(names: &[&str], value: &Value) -> Value {
    let in_map =
        |value, name: &&str| Value::Object([((*name).to_owned(), value)].into_iter().collect());
    names.iter().rev().fold(value.clone(), in_map)
}

/// The same in block style, from this column.
fn block_of(names: &[&str], column: usize, block: &dyn Fn(usize) -> String) -> String {
    let mut text = String::new();
    for (depth, name) in names.iter().enumerate() {
        let line = if depth == 0 { "" } else { "\n" };
        let indentation = " ".repeat(column + depth * INDENT);
        write!(text, "{line}{indentation}{name}:").ok();
    }
    let value = block(column + names.len() * INDENT);
    let between = if value.starts_with('\n') { "" } else { " " };
    format!("{text}{between}{value}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BLOCK: &str = "\
a:
  # about b
  b: {x: 1} # kept
  list:
    - one: 1
      two: 2 # of one
    - three
  flow: [{y: 1}, {z: 2}]
  empty: []
  none:
";

    #[track_caller]
    fn changed(text: &str, change: impl Fn(&Splice<'_>) -> Option<String>, expected: &str) {
        assert_eq!(change(&Splice::new(text).unwrap()).as_deref(), Some(expected));
    }

    #[test]
    fn value_is_set_where_it_is_missing() {
        let set = |path: &'static str, old: &str, new: &str| {
            changed(BLOCK, |splice| splice.set(path, &json!(true)), &BLOCK.replace(old, new));
        };
        set("a.b.x", "x: 1", "x: true");
        set("a.b.q", "{x: 1}", "{x: 1, \"q\":true}");
        set("a.b.q.r", "{x: 1}", "{x: 1, \"q\":{\"r\":true}}");
        set("a.list[0].q", "2 # of one\n", "2 # of one\n      q: true\n");
        set("a.none", "none:", "none: true");
        set("a.none.q", "none:\n", "none:\n    q: true\n");
        set("a.q.r", "none:\n", "none:\n  q:\n    r: true\n");
    }

    #[test]
    fn hook_is_copied_with_its_comments() {
        let copy = |list: &'static str, from: &'static str, old: &str, new: &str| {
            let value = json!({"one": 1, "two": 2});
            let expected = BLOCK.replace(old, new);
            changed(BLOCK, |splice| splice.prepend(list, from, &value), &expected);
        };
        let item = "- one: 1\n      two: 2 # of one\n";
        copy("a.list", "a.list[0]", item, &format!("{item}    {item}"));
        copy("a.flow", "a.flow[1]", "[{y: 1}, ", "[{z: 2}, {y: 1}, ");
        copy("a.flow", "a.list[0]", "[{y", "[{\"one\":1,\"two\":2}, {y");
        copy("a.empty", "a.list[0]", "empty: []", "empty:\n    - one: 1\n      two: 2 # of one");
        copy("a.empty", "a.flow[1]", "empty: []", "empty:\n    - {z: 2}");
        copy(
            "a.p.hooks",
            "a.list[0]",
            "none:\n",
            "none:\n  p:\n    hooks:\n      - one: 1\n        two: 2 # of one\n",
        );
    }

    #[test]
    fn item_is_removed_with_its_lines_or_its_comma() {
        let remove = |path: &'static str, old: &str, new: &str| {
            changed(BLOCK, |splice| splice.remove(path), &BLOCK.replace(old, new));
        };
        remove("a.list[0]", "    - one: 1\n      two: 2 # of one\n", "");
        remove("a.list[1]", "    - three\n", "");
        remove("a.flow[0]", "{y: 1}, ", "");
        changed(
            "- a: 1\n  b: 2 # of b\n# of c\n- c\n",
            |splice| splice.remove("[0]"),
            "# of c\n- c\n",
        );
        remove("a.flow[1]", ", {z: 2}", "");
        changed(
            "a:\n  b:\n    - x\nc: 1\n",
            |splice| splice.remove("a.b[0]"),
            "a:\n  b: []\nc: 1\n",
        );
        changed("{\"a\": [ 1 ]}", |splice| splice.remove("a[0]"), "{\"a\": [ ]}");
    }

    #[test]
    fn list_that_is_empty_then_goes_with_its_key() {
        let table = [
            ("a:\n  b:\n    - x\n  c: 1\n", "a:\n  c: 1\n"),
            ("a:\n  b:\n    - x # of x\n  # of c\n  c: 1\n", "a:\n  # of c\n  c: 1\n"),
            ("a:\n  c: 1\n  b:\n    - x\n# of d\nd: 1\n", "a:\n  c: 1\n# of d\nd: 1\n"),
            ("a:\n  c: 1\n  b: [x]", "a:\n  c: 1\n"),
            ("a: {b: [x], c: 1}\n", "a: {c: 1}\n"),
            ("a: {c: 1, b: [x]}\n", "a: {c: 1}\n"),
            ("{\"a\": {\"b\": [1], \"c\": 1}}", "{\"a\": {\"c\": 1}}"),
        ];
        for (text, expected) in table {
            changed(text, |splice| splice.remove("a.b[0]"), expected);
        }
    }

    #[test]
    fn json_stays_json() {
        let text = "{\n  \"a\": {\n    \"b\": {}\n  },\n  \"l\": []\n}\n";
        changed(
            text,
            |splice| splice.set("a.q", &json!("x")),
            "{\n  \"a\": {\n    \"b\": {},\n    \"q\":\"x\"\n  },\n  \"l\": []\n}\n",
        );
        changed(
            text,
            |splice| splice.set("a.b.q", &json!("x")),
            "{\n  \"a\": {\n    \"b\": {\"q\":\"x\"}\n  },\n  \"l\": []\n}\n",
        );
        changed(
            text,
            |splice| splice.prepend("l", "a", &json!(1)),
            &text.replace("[]", "[{\n    \"b\": {}\n  }]"),
        );
    }
}
