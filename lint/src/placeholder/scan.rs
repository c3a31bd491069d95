//! Finds placeholders in a text.

use std::ops::Range;

/// A placeholder in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    /// Where it is, in bytes.
    pub(crate) range: Range<usize>,
    /// What it does, if it stands for no value of its own.
    pub(crate) control: Option<Control>,
}

/// A part of a template that stands for no value of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Control {
    /// `if`, `range` and whatever else needs an `end`.
    Opens,
    /// Lines for elsewhere, up to their `end`.
    Defines,
    /// Another branch.
    Else,
    /// The end of a branch or a loop.
    Ends,
    /// A comment, a variable, and the like.
    Nothing,
    /// Inserts lines: `include`, `toYaml`.
    Inserts,
}

/// The brackets of template languages.
const BRACKETS: [(&str, &str); 7] = [
    ("{{", "}}"),
    ("{%", "%}"),
    ("{#", "#}"),
    ("<%", "%>"),
    ("((", "))"),
    ("[[", "]]"),
    ("%{", "}"),
];

/// Words of a value in capitals that asks to be replaced, such as `OVERWRITE_ME`.
const REQUESTS: [&str; 10] = [
    "CHANGE",
    "CHANGEME",
    "ENTER",
    "INSERT",
    "OVERWRITE",
    "PLACEHOLDER",
    "PUT",
    "REPLACE",
    "TODO",
    "YOUR",
];

/// The most bytes in a placeholder, and in a comment of a template.
const MAX_BYTES: usize = 2 * 1024;
const MAX_COMMENT_BYTES: usize = 16 * 1024;

/// As much of a text as a placeholder may have.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

/// The first placeholder at or after this byte.
pub(crate) fn next(text: &str, from: usize) -> Option<Found> {
    if from == 0 && is_request(text) {
        return Some(Found { range: 0..text.len(), control: None });
    }
    let starts = text[from..].char_indices().filter(|(_, one)| "{<([$_@%".contains(*one));
    starts.map(|(at, _)| from + at).find_map(|at| found_at(text, at))
}

/// Whether all of a text asks to be replaced.
fn is_request(text: &str) -> bool {
    let is_letter = |one: char| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_';
    text.contains('_')
        && text.chars().all(is_letter)
        && text.split('_').any(|word| REQUESTS.contains(&word))
}

/// Whether a text has a placeholder.
pub(crate) fn is_in(text: &str) -> bool {
    next(text, 0).is_some()
}

/// A text with `word` for each placeholder.
pub(crate) fn without(text: &str, word: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(Found { range, .. }) = next(text, from) {
        plain.push_str(&text[from..range.start]);
        plain.push_str(word);
        from = range.end;
    }
    plain.push_str(&text[from..]);
    plain
}

fn found_at(text: &str, at: usize) -> Option<Found> {
    let rest = &text[at..];
    let bracket = BRACKETS.into_iter().find(|(opening, _)| rest.starts_with(opening));
    if let Some((opening, closing)) = bracket {
        let inside = &rest[opening.len()..];
        // A comment may have brackets in it.
        let is_comment = inside.strip_prefix('-').unwrap_or(inside).trim_start().starts_with("/*");
        let (inside, comment) = if is_comment && opening == "{{" {
            let inside = &inside[..inside.floor_char_boundary(MAX_COMMENT_BYTES)];
            (inside, inside.find("*/")?)
        } else {
            (beginning(inside), 0)
        };
        let end = comment + inside[comment..].find(closing)?;
        let control = control(opening, &inside[..end]);
        let is_name =
            inside[..end].chars().all(|one| one.is_alphanumeric() || "-_./:".contains(one));
        if opening == "((" && !(is_name && end > 0) {
            return None;
        }
        // A list of lists has no names with a dot before them.
        if opening == "[[" && !inside[..end].trim().starts_with('.') {
            return None;
        }
        // A map in braces begins just before: `{{{ .x }}: 1}`.
        if rest.starts_with("{{{") && !inside[end + closing.len()..].starts_with('}') {
            return None;
        }
        let end = at + opening.len() + end + closing.len();
        return Some(Found { range: at..end, control });
    }
    let length = of_a_shell(rest).or_else(|| between(rest)).or_else(|| underlined(text, at))?;
    Some(Found { range: at..at + length, control: None })
}

/// `${NAME}` with whatever default it has, or `$NAME` in capitals.
fn of_a_shell(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('$')?;
    if !after.starts_with('{') {
        let name = name_length(after);
        return (name > 1 && !after.starts_with(|one: char| one.is_ascii_digit()))
            .then_some(1 + name);
    }
    let mut depth = 0_usize;
    for (at, one) in beginning(rest).char_indices().take_while(|(_, one)| *one != '\n') {
        match one {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `<name>`, `@NAME@` and `%NAME%`. A `%` with two digits is an encoded byte of a URL.
fn between(rest: &str) -> Option<usize> {
    if let Some(after) = rest.strip_prefix('<') {
        let after = beginning(after);
        let end = after.find('>')?;
        let is_name = after.starts_with(|one: char| one.is_alphabetic())
            && after[..end].chars().all(|one| one.is_alphanumeric() || "-_. ".contains(one));
        return is_name.then_some(end + 2);
    }
    let sign = ["@", "%"].into_iter().find(|sign| rest.starts_with(sign))?;
    let name = name_length(&rest[1..]);
    (name > 2 && rest[1 + name..].starts_with(sign)).then_some(name + 2)
}

/// `__NAME__`.
fn underlined(text: &str, at: usize) -> Option<usize> {
    let is_apart = !text[..at].ends_with(|one: char| one.is_alphanumeric() || one == '_');
    let rest = &text[at..];
    let name = if is_apart { name_length(rest) } else { 0 };
    let inside = rest[..name].strip_prefix("__")?.strip_suffix("__")?;
    inside.contains(|one: char| one.is_ascii_uppercase()).then_some(name)
}

/// The length of a name in capitals.
fn name_length(text: &str) -> usize {
    let is_part = |one: char| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_';
    text.find(|one: char| !is_part(one)).unwrap_or(text.len())
}

/// What the inside of a bracket does.
fn control(opening: &str, inside: &str) -> Option<Control> {
    let inside = inside.trim_start_matches('-').trim_start();
    let first = inside.split(|one: char| !one.is_alphanumeric() && one != '_').next();
    if opening == "{#" || inside.starts_with("/*") {
        return Some(Control::Nothing);
    }
    let opening = if opening == "%{" { "{%" } else { opening };
    match (opening, first.unwrap_or_default()) {
        ("{{" | "{%", "if" | "range" | "with" | "define" | "block" | "for") => Some(Control::Opens),
        ("{%", "macro") => Some(Control::Defines),
        ("{{" | "{%", "else" | "elif") => Some(Control::Else),
        ("{{" | "{%", "end" | "endif" | "endfor" | "endmacro") => Some(Control::Ends),
        ("{{", "include" | "template" | "toYaml" | "tpl") => Some(Control::Inserts),
        ("{%", _) => Some(Control::Nothing),
        ("{{", _) if inside.starts_with('$') && inside.contains('=') => Some(Control::Nothing),
        ("{{", _) if inside.contains("toYaml") || inside.contains("indent ") => {
            Some(Control::Inserts)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn placeholder_is_found_in_every_notation() {
        let table = [
            ("{{ .Values.url }}", "_"),
            ("https://{{ .Values.host }}/x", "https://_/x"),
            ("${URL}", "_"),
            ("${URL:-https://${HOST}/}/x", "_/x"),
            ("$URL/x", "_/x"),
            ("<your-url>", "_"),
            ("<% url %>", "_"),
            ("<%= url %>x", "_x"),
            ("__URL__", "_"),
            ("a @URL@ b", "a _ b"),
            ("%URL%", "_"),
            ("((url))", "_"),
            ("{% if x %}a{% endif %}", "_a_"),
            ("{{/* {{ .x }} */ -}}a", "_a"),
            ("{{{ .x }}: 1}", "{_: 1}"),
            // No placeholders.
            ("base64://{ENCODED_JSONNET}", "base64://{ENCODED_JSONNET}"),
            ("function(ctx) { a: {b: 1}}", "function(ctx) { a: {b: 1}}"),
            ("std.map((function(x) x), [])", "std.map((function(x) x), [])"),
            ("https://example.com/%E2%82%AC", "https://example.com/%E2%82%AC"),
            ("a < b and c > d", "a < b and c > d"),
            ("a__b__c", "a__b__c"),
            ("$5 and $ 6", "$5 and $ 6"),
            ("mia@EXAMPLE.com", "mia@EXAMPLE.com"),
            ("${", "${"),
            ("{{ never", "{{ never"),
        ];
        for (text, expected) in table {
            assert_eq!(without(text, "_"), expected, "{text}");
            assert_eq!(is_in(text), text != expected, "{text}");
        }
    }

    #[test]
    fn control_stands_for_no_value() {
        let table = [
            ("{{- if .Values.x }}", Some(Control::Opens)),
            ("{{ range $i, $x := .y -}}", Some(Control::Opens)),
            ("{{ else if .x }}", Some(Control::Else)),
            ("{{- end }}", Some(Control::Ends)),
            ("{{- /* c */ -}}", Some(Control::Nothing)),
            ("{{- $x := .Values.x }}", Some(Control::Nothing)),
            ("{{- include \"x\" . | nindent 4 }}", Some(Control::Inserts)),
            ("{{- .Values.hooks | toYaml | nindent 4 }}", Some(Control::Inserts)),
            ("{% for x in y %}", Some(Control::Opens)),
            ("{# c #}", Some(Control::Nothing)),
            ("{%- macro x(y) %}", Some(Control::Defines)),
            ("{{/* {{ .x }} */}}", Some(Control::Nothing)),
            ("%{ for x in y ~}", Some(Control::Opens)),
            ("%{ endif ~}", Some(Control::Ends)),
            ("{{ .Values.iffy }}", None),
            ("{{ $x }}", None),
        ];
        for (text, expected) in table {
            assert_eq!(next(text, 0).map(|found| found.control), Some(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in r"([{}<>%$@_()# A-Za-zä\n-]|\{\{|\}\}|\$\{){0,60}") {
            prop_assert!(!is_in(&without(&text, "")) || is_in(&text));
        }
    }
}
