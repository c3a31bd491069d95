//! Splits an expression into tokens.

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, a function or an attribute.
    Word(String),
    /// A `#placeholder`.
    Name(String),
    /// A `:placeholder`.
    Value(String),
    /// A comparator, a comma or a parenthesis.
    Symbol(&'static str),
}

/// If one starts with another, the longer one comes first.
const SYMBOLS: [&str; 9] = ["<=", "<>", ">=", "=", "<", ">", "(", ")", ","];

/// The tokens of an expression.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, after) = first(rest)?;
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn first(text: &str) -> Result<(Token, &str), String> {
    for symbol in SYMBOLS {
        if let Some(rest) = text.strip_prefix(symbol) {
            return Ok((Token::Symbol(symbol), rest));
        }
    }
    let marked = text.strip_prefix(['#', ':']);
    let body = marked.unwrap_or(text);
    let end = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
    let (token, rest) = text.split_at(text.len() - body.len() + end);
    match text.chars().next() {
        Some('#') if end > 0 => Ok((Token::Name(token.to_owned()), rest)),
        Some(':') if end > 0 => Ok((Token::Value(token.to_owned()), rest)),
        Some(letter) if letter.is_ascii_alphabetic() => Ok((Token::Word(token.to_owned()), rest)),
        _ => Err(format!("Syntax error; near: \"{text}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expression_is_split_into_tokens() {
        let expected = vec![
            Token::Name("#a".to_owned()),
            Token::Symbol("<>"),
            Token::Value(":b_1".to_owned()),
            Token::Word("AND".to_owned()),
            Token::Symbol("("),
            Token::Word("c2".to_owned()),
            Token::Symbol("<="),
            Token::Value(":d".to_owned()),
            Token::Symbol(")"),
        ];
        assert_eq!(tokens("#a<>:b_1 AND (c2 <= :d)\n").unwrap(), expected);
        assert_eq!(tokens("  ").unwrap(), []);
    }

    #[test]
    fn refused() {
        for text in ["a.b", "a[0]", "1", "_a", "#", ":", "a = 'text'", "a + b", "a - b", "é"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
