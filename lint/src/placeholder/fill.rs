//! Puts plain words into a text for its placeholders, so that it can be parsed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::scan::{self, Control, Found};

/// The characters of the words: of the private use area, which no file has.
const FIRST: u32 = 0xE000;
const LAST: u32 = 0xF8FF;

/// Whether a word needs quotes to be a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quotes {
    /// A plain word is a value, as in YAML.
    None,
    /// After `=` it needs them, as in TOML.
    AfterEquals,
}

/// A text whose placeholders are filled with words of the same width.
pub(crate) struct Filled {
    /// The text.
    pub(crate) text: String,
    /// Whether lines are missing that a template would insert.
    pub(crate) lacks_lines: bool,
    words: BTreeMap<char, Word>,
    signs: BTreeMap<String, char>,
}

/// A placeholder.
struct Word {
    /// Its text, on one line.
    text: String,
    /// How many characters stand for it.
    width: usize,
}

impl Filled {
    /// Puts the placeholders back into the strings of a value.
    pub(crate) fn restore(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.restored(&text)),
            Value::Array(values) => values.into_iter().map(|value| self.restore(value)).collect(),
            Value::Object(map) => {
                let restored =
                    map.into_iter().map(|(key, value)| (self.restored(&key), self.restore(value)));
                Value::Object(restored.collect::<Map<_, _>>())
            }
            other => other,
        }
    }

    /// The first placeholder, as an example, without a default or a text in it: either may be a
    /// secret.
    pub(crate) fn example(&self) -> String {
        let first = self.words.values().next().map(|word| word.text.as_str());
        let text = first.unwrap_or("{{ … }}");
        if let Some(inside) = text.strip_prefix("${") {
            let name = inside.split(|one: char| !one.is_alphanumeric() && one != '_').next();
            return format!("${{{}}}", name.unwrap_or_default());
        }
        let is_secret = text.contains(['"', '\'', '`']);
        if is_secret { "{{ … }}".to_owned() } else { text.to_owned() }
    }

    fn restored(&self, text: &str) -> String {
        let mut restored = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(one) = rest.chars().next() {
            let behind = rest.trim_start_matches(one);
            match self.words.get(&one) {
                Some(word) => {
                    let times = (rest.len() - behind.len()) / one.len_utf8() / word.width;
                    restored.push_str(&word.text.repeat(times.max(1)));
                }
                None => restored.push_str(&rest[..rest.len() - behind.len()]),
            }
            rest = behind;
        }
        restored
    }
}

/// Fills the placeholders of a text; `None` if it has none. Lines that hold only a control of a
/// template become blank, and so do the branches after an `else`, if they are not `kept`.
pub(crate) fn fill(text: &str, quotes: Quotes, kept: bool) -> Option<Filled> {
    let mut filled = Filled {
        text: String::with_capacity(text.len()),
        lacks_lines: false,
        words: BTreeMap::new(),
        signs: BTreeMap::new(),
    };
    let mut from = 0;
    let mut branches = Branches { kept, open: Vec::new(), skipped: 0 };
    let mut any = false;
    while let Some(Found { range, control }) = scan::next(text, from) {
        any = true;
        branches.push(&mut filled.text, &text[from..range.start]);
        let word = &text[range.clone()];
        branches.step(control);
        let stands_alone = is_alone(text, &range);
        filled.lacks_lines |= control == Some(Control::Inserts) && stands_alone;
        let is_blank = branches.is_skipped()
            || control.is_some_and(|control| control != Control::Inserts)
            || (stands_alone && (control.is_some() || word.starts_with("{{-")));
        if is_blank {
            push_blank(&mut filled.text, word);
        } else {
            filled.push_word(word, quotes);
        }
        from = range.end;
    }
    branches.push(&mut filled.text, &text[from..]);
    any.then_some(filled)
}

impl Filled {
    fn push_word(&mut self, word: &str, quotes: Quotes) {
        // The lines behind the first continue the value.
        let (first, rest) = word.split_at(word.find('\n').unwrap_or(word.len()));
        let width = first.chars().count();
        let Some(sign) = self.sign(word, width) else { return push_blank(&mut self.text, word) };
        let in_quotes = quotes == Quotes::AfterEquals
            && width > 2
            && self.text.trim_end_matches([' ', '\t']).ends_with('=');
        let inside = std::iter::repeat_n(sign, if in_quotes { width - 2 } else { width });
        let quote = || in_quotes.then_some('"');
        self.text.extend(quote().into_iter().chain(inside).chain(quote()));
        push_blank(&mut self.text, rest);
    }

    /// The character that stands for a placeholder; `None` if there are too many.
    fn sign(&mut self, word: &str, width: usize) -> Option<char> {
        if let Some(sign) = self.signs.get(word) {
            return Some(*sign);
        }
        let next = FIRST + u32::try_from(self.words.len()).ok()?;
        let sign = char::from_u32(next).filter(|_| next <= LAST)?;
        let text = word.split_whitespace().collect::<Vec<_>>().join(" ");
        self.words.insert(sign, Word { text, width });
        self.signs.insert(word.to_owned(), sign);
        Some(sign)
    }
}

/// The branches around a place.
struct Branches {
    kept: bool,
    /// Whether each is left out.
    open: Vec<bool>,
    skipped: usize,
}

impl Branches {
    fn step(&mut self, control: Option<Control>) {
        match control {
            Some(Control::Opens) => self.begin(false),
            Some(Control::Defines) => self.begin(true),
            Some(Control::Else) if !self.kept && !self.open.is_empty() => {
                self.end();
                self.begin(true);
            }
            Some(Control::Ends) => self.end(),
            _ => {}
        }
    }

    fn begin(&mut self, is_skipped: bool) {
        self.open.push(is_skipped);
        self.skipped += usize::from(is_skipped);
    }

    fn end(&mut self) {
        self.skipped -= usize::from(self.open.pop() == Some(true));
    }

    fn is_skipped(&self) -> bool {
        self.skipped > 0
    }

    fn push(&self, text: &mut String, part: &str) {
        if self.is_skipped() { push_blank(text, part) } else { text.push_str(part) }
    }
}

fn push_blank(text: &mut String, part: &str) {
    text.extend(part.chars().map(|one| if one == '\n' { '\n' } else { ' ' }));
}

/// Whether nothing but white space is before and behind a part on its lines.
fn is_alone(text: &str, range: &std::ops::Range<usize>) -> bool {
    let mut before = text[..range.start].chars().rev().take_while(|one| *one != '\n');
    let mut behind = text[range.end..].chars().take_while(|one| *one != '\n');
    before.all(char::is_whitespace) && behind.all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str, kept: bool) -> Value {
        let filled = fill(text, Quotes::None, kept).unwrap();
        assert_eq!(filled.text.lines().count(), text.lines().count());
        for (line, original) in filled.text.lines().zip(text.lines()) {
            assert_eq!(line.chars().count(), original.chars().count(), "{original}");
        }
        filled.restore(yaml_serde::from_str(&filled.text).unwrap())
    }

    #[test]
    fn text_with_placeholders_can_be_parsed() {
        let table = [
            ("a: {{ .Values.x }}\nb: 1\n", r#"{"a": "{{ .Values.x }}", "b": 1}"#),
            ("a: x{{ .y }}z\nb: {{ .y }}", r#"{"a": "x{{ .y }}z", "b": "{{ .y }}"}"#),
            ("{{- if .x }}\na: 1\n{{- end }}", r#"{"a": 1}"#),
            ("a:\n  {{- toYaml .x | nindent 2 }}\nb: 1", r#"{"a": null, "b": 1}"#),
            ("a: @URL@\nb: %NAME%", r#"{"a": "@URL@", "b": "%NAME%"}"#),
            ("a: 80${P}\n{{ .k }}: 2", r#"{"a": "80${P}", "{{ .k }}": 2}"#),
            ("{{/* a: b\n c */}}\na: 1", r#"{"a": 1}"#),
            ("a: ${A1}${A1}/${A1}", r#"{"a": "${A1}${A1}/${A1}"}"#),
            ("a: base64://{{ x\n  . }}\nb: 1", r#"{"a": "base64://{{ x . }}", "b": 1}"#),
            ("a: <% if x: y %>", r#"{"a": "<% if x: y %>"}"#),
        ];
        for (text, expected) in table {
            let expected: Value = serde_json::from_str(expected).unwrap();
            assert_eq!(parsed(text, true), expected, "{text}");
        }
    }

    #[test]
    fn example_has_no_secret() {
        let table = [
            ("a: @x\nb: ${KEY:-secret}", "${KEY}"),
            ("a: {{ default \"secret\" .x }}", "{{ … }}"),
            ("a: {{ .Values.x }}", "{{ .Values.x }}"),
            ("{{- if .x }}", "{{ … }}"),
        ];
        for (text, expected) in table {
            assert_eq!(fill(text, Quotes::None, true).unwrap().example(), expected, "{text}");
        }
    }

    #[test]
    fn other_branch_is_left_out() {
        let text =
            "{{ if .x }}\na: 1\n{{ else if .y }}\na: 2\n{{ else }}\na: {{ .z }}\n{{ end }}\nb: 1\n";
        assert_eq!(parsed(text, false), serde_json::json!({"a": 1, "b": 1}));
    }

    #[test]
    fn text_without_placeholders_is_not_filled() {
        assert!(fill("a: 1", Quotes::None, true).is_none());
    }

    proptest! {
        #[test]
        fn lines_keep_their_width(
            text in r"([{}<>%$@_()# A-Zaä\n:=-]|\{\{|\}\}|\$\{|\{\{ if|\{\{ else|\{\{ end){0,40}",
            kept: bool,
        ) {
            if let Some(filled) = fill(&text, Quotes::AfterEquals, kept) {
                let widths = |text: &str| {
                    text.split('\n').map(|line| line.chars().count()).collect::<Vec<_>>()
                };
                prop_assert_eq!(widths(&filled.text), widths(&text));
            }
        }
    }
}
