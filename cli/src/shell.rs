//! Words for a shell.

use std::borrow::Cow;

use shlex::Quoter;

/// One word, in quotes where it needs them. Words that stand side by side are one.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    // NUL alone could not be quoted, and no argument of a program holds one.
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
            let told = word(text);
            let script = format!("printf '%s' {told}");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{told}");
        }
        assert_eq!(word("plain-1.x"), "plain-1.x");
    }
}
