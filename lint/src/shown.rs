//! Lines of a template in printable form: without keys.

/// Replaces a character that may be part of a key.
const MASK: char = '*';

/// The template with its texts and comments masked, except those that are plain words: any other
/// may contain a key. Every line keeps its length in characters. `None` if a text does not end,
/// since then it is unclear what is inside a text.
pub(crate) fn without_keys(code: &str) -> Option<String> {
    let mut shown = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (length, inside) = match first {
            '\'' | '"' => quoted(rest, first)?,
            '@' if rest[1..].starts_with(['\'', '"']) => verbatim(rest)?,
            '|' if rest.starts_with("|||") => (block(rest)?, Inside::Text),
            '#' => (line(rest), Inside::Text),
            '/' if rest.starts_with("//") => (line(rest), Inside::Text),
            '/' if rest.starts_with("/*") => (2 + ends(&rest[2..], "*/")?, Inside::Text),
            other => (other.len_utf8(), Inside::Code),
        };
        let (part, after) = rest.split_at(length);
        match inside {
            Inside::Text if !is_words(part) => shown.extend(part.chars().map(masked)),
            _ => shown.push_str(part),
        }
        rest = after;
    }
    Some(shown)
}

/// The kind of a part of a template.
enum Inside {
    Code,
    Text,
}

/// The length of a text with escapes, including its quotes.
fn quoted(rest: &str, quote: char) -> Option<(usize, Inside)> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            other if other == quote => return Some((at + 1, Inside::Text)),
            _ => {}
        }
    }
    None
}

/// The length of a text without escapes. A doubled quote in it splits it into two texts, which
/// gives the same result.
fn verbatim(rest: &str) -> Option<(usize, Inside)> {
    let (quote, inner) = rest[1..].split_at(1);
    Some((2 + ends(inner, quote)?, Inside::Text))
}

/// The length of a text block; a separate line ends it.
fn block(rest: &str) -> Option<usize> {
    let mut length = 0;
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        let indentation = line.len() - line.trim_start().len();
        if number > 0 && line[indentation..].starts_with("|||") {
            return Some(length + indentation + 3);
        }
        length += line.len();
    }
    None
}

/// The end of the first of these.
fn ends(rest: &str, end: &str) -> Option<usize> {
    rest.find(end).map(|at| at + end.len())
}

fn line(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

/// Whether a text contains only words: a key has digits or capital letters.
fn is_words(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_lowercase() || " _.,:'\"/#".contains(character))
}

/// The quotes stay, to show where a text is.
fn masked(character: char) -> char {
    if character.is_whitespace() || "'\"|@".contains(character) { character } else { MASK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_shown() {
        let table = [
            ("{ a: 'some words', b: \"x_y\" }", "{ a: 'some words', b: \"x_y\" }"),
            ("{ key: 'some-key', b: 1 }", "{ key: '********', b: 1 }"),
            ("{ key: 'don\\'t-1', b: 'c' }", "{ key: '****'***', b: 'c' }"),
            ("{ key: @'C:\\', b: 'K9' }", "{ key: @'***', b: '**' }"),
            ("a // K-1\nb", "a ** ***\nb"),
            ("a # it's mine\nb # 1", "a # it's mine\nb * *"),
            ("a /* K-1\n'*/ b", "a ** ***\n'** b"),
            ("|||\n  K ||| 1\n||| + b", "|||\n  * ||| *\n||| + b"),
            ("ä: 'Ä'", "ä: '*'"),
        ];
        for (code, shown) in table {
            assert_eq!(without_keys(code).as_deref(), Some(shown), "{code}");
        }
        for code in ["'some-key", "\"", "@'a", "||| a", "/* a"] {
            assert_eq!(without_keys(code), None, "{code}");
        }
    }
}
