//! Words for a shell.

/// In single quotes, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// As it is where a shell takes it for one word, else in quotes.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_./:@".contains(one);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn quoted_word_is_read_back_unchanged() {
        for text in ["plain-1.x", "", "two words", "it's", "$(date) `x` \"y\" \\", "a\nb"] {
            for told in [quoted(text), word(text)] {
                let script = format!("printf '%s' {told}");
                let output = Command::new("sh").args(["-c", &script]).output().unwrap();
                assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{told}");
            }
        }
        assert_eq!(word("plain-1.x"), "plain-1.x");
    }
}
