//! Parses and walks a template on a thread with enough stack for the deepest one.

use std::thread;

use crate::Place;
use jrsonnet_ir::Source;
use jrsonnet_ir_parser::{ParserSettings, parse};

use super::{
    EVALUATOR_BYTES, Reading, Refused,
    names::{self, Names},
    walk,
};

/// Stack for the parser, which uses a frame for each nesting level: enough for the longest template
/// that is nothing but nesting, see the tests. It is reserved, not allocated.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// The limit for brackets, each of which uses more stack than other nesting.
const MAX_BRACKETS: usize = 500;

/// Why a template cannot be parsed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is not Jsonnet.
    #[error("{what}")]
    Syntax {
        /// What is wrong.
        what: String,
        /// Where.
        place: Place,
    },
    /// It is larger than the Kratos evaluator accepts.
    #[error("it is too large for Kratos")]
    TooLarge,
    /// Its nesting is deeper than in any real template.
    #[error("its brackets are nested more than {MAX_BRACKETS} levels deep")]
    TooDeep,
    /// The machine has too little memory, or the parser has failed.
    #[error("it cannot be parsed here")]
    Failed,
}

/// Parses a template.
///
/// # Errors
/// If it is not Jsonnet, too large or too deep.
pub(crate) fn read(code: &str) -> Result<Reading, Unreadable> {
    if code.len() > EVALUATOR_BYTES {
        return Err(Unreadable::TooLarge);
    }
    if brackets(code) > MAX_BRACKETS {
        return Err(Unreadable::TooDeep);
    }
    let code = code.to_owned();
    thread::Builder::new()
        .name("template".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || parse_and_walk(&code))
        .ok()
        .and_then(|reading| reading.join().ok())
        .unwrap_or(Err(Unreadable::Failed))
}

fn parse_and_walk(code: &str) -> Result<Reading, Unreadable> {
    let settings = ParserSettings { source: Source::new_virtual("template".into(), code.into()) };
    match parse(code, &settings) {
        Ok(template) => {
            let Names { refused, not_in_std } = names::check(&template, code);
            let placed = |(what, at)| Refused { what, place: place(code, at) };
            Ok(Reading {
                refused: refused.into_iter().map(placed).collect(),
                not_in_std: not_in_std.into_iter().map(placed).collect(),
                ..walk::read(&template, code)
            })
        }
        Err(error) => {
            Err(Unreadable::Syntax { place: place(code, error.location.1), what: error.message })
        }
    }
}

/// The deepest level of brackets, or more if texts and comments contain some.
fn brackets(code: &str) -> usize {
    let (mut level, mut deepest) = (0_usize, 0);
    for byte in code.bytes() {
        match byte {
            b'(' | b'[' | b'{' => level += 1,
            b')' | b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    deepest
}

/// The line and column of a byte offset.
pub(super) fn place(code: &str, offset: u32) -> Place {
    let before: String =
        String::from_utf8_lossy(&code.as_bytes()[..code.len().min(offset as usize)]).into_owned();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deepest_templates_are_parsed() {
        for level in ["!", "-", "error ", "local a=1;", "if 1 then ", "function(x)", "x==", "1+"] {
            let code = format!("{}1", level.repeat((EVALUATOR_BYTES - 1) / level.len()));
            assert!(read(&code).is_ok(), "{level}");
        }
        for (open, close) in [("(", ")"), ("[", "]"), ("{a:", "}"), ("f(", ")"), ("x[", "]")] {
            let nested = |n| format!("{}1{}", open.repeat(n), close.repeat(n));
            assert!(read(&nested(MAX_BRACKETS)).is_ok(), "{open}");
            assert_eq!(read(&nested(MAX_BRACKETS + 1)).err(), Some(Unreadable::TooDeep));
        }
        let large = format!("'{}'", "x".repeat(EVALUATOR_BYTES));
        assert_eq!(read(&large).err(), Some(Unreadable::TooLarge));
    }

    #[test]
    fn syntax_error_has_a_position() {
        let Err(Unreadable::Syntax { place, .. }) = read("function(ctx) {\n  a: 1,,\n}") else {
            panic!("read")
        };
        assert_eq!(place, Place { line: 2, column: 8 });
    }
}
