//! Quotes arguments for a shell.

use std::borrow::Cow;

use shlex::Quoter;

/// One word, quoted if it needs quotes. Adjacent words form one word.
pub fn word(text: &str) -> Cow<'_, str> {
    // Only NUL cannot be quoted, and no program argument contains one.
    Quoter::new().allow_nul(true).quote(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn quoted_word_is_read_back_unchanged() {
        for text in ["plain-1.x", "", "two words", "it's", "$(date) `x` \"y\" \\", "a\nb", "!x ^y"]
        {
            let quoted = word(text);
            let script = format!("printf '%s' {quoted}");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{quoted}");
        }
        assert_eq!(word("plain-1.x"), "plain-1.x");
    }
}
