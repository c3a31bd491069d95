//! What is wrong with a template, without any value that it saw.

use std::fmt;

/// A place in a template's source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset.
    pub(super) fn at(code: &str, offset: usize) -> Self {
        let mut end = offset.min(code.len());
        while !code.is_char_boundary(end) {
            end -= 1;
        }
        let before = &code[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// A template fault. `Display` and `Debug` show file, place and kind; the evaluator's own message
/// may quote a person's data and is only for [`TemplateFault::explanation`].
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
pub struct TemplateFault {
    file: String,
    place: Option<Place>,
    kind: &'static str,
    explanation: Option<String>,
}

impl TemplateFault {
    /// A fault without a place.
    pub fn new(file: &str, kind: &'static str) -> Self {
        Self { file: file.to_owned(), place: None, kind, explanation: None }
    }

    /// The same fault at a place, if it has one.
    pub(super) fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    /// The same fault with the evaluator's message.
    pub(super) fn explained(self, explanation: String) -> Self {
        Self { explanation: Some(explanation), ..self }
    }

    /// The template's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where in the template.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The kind of fault.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The evaluator's own message, for the author at a terminal: it may quote what the template
    /// saw and must not reach a log.
    pub fn explanation(&self) -> Option<&str> {
        self.explanation.as_deref()
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template fault: {}: {}", self.file, self.kind)?;
        match self.place {
            Some(Place { line, column }) => write!(f, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_counts_lines_and_characters() {
        let code = "ab\näö x\n";
        let table = [(0, 1, 1), (1, 1, 2), (3, 2, 1), (5, 2, 2), (4, 2, 1), (8, 2, 4), (99, 3, 1)];
        for (offset, line, column) in table {
            assert_eq!(Place::at(code, offset), Place { line, column }, "{offset}");
        }
    }
}
