//! Shared by the parsers of both kinds of expressions.

use std::collections::VecDeque;

use super::{
    Operand, Placeholders,
    reserved::is_reserved,
    tokens::{Token, tokens},
};

/// Parses an expression from left to right.
pub(super) struct Parser<'a> {
    tokens: VecDeque<Token>,
    placeholders: &'a mut Placeholders,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &str, placeholders: &'a mut Placeholders) -> Result<Self, String> {
        let tokens = VecDeque::from(tokens(text)?);
        if tokens.is_empty() {
            return Err("The expression can not be empty;".to_owned());
        }
        Ok(Self { tokens, placeholders })
    }

    /// Takes a keyword, if it is next.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let next = self.tokens.front();
        let is_next = matches!(next, Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.take_if(is_next)
    }

    /// Takes a symbol, if it is next.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.tokens.front(), Some(Token::Symbol(next)) if *next == symbol);
        self.take_if(is_next)
    }

    fn take_if(&mut self, is_next: bool) -> bool {
        is_next && self.tokens.pop_front().is_some()
    }

    /// Takes a symbol, which must be next.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Takes a function's name and the parenthesis after it, if they are next.
    pub(super) fn function(&mut self) -> Option<String> {
        match (self.tokens.front(), self.tokens.get(1)) {
            (Some(Token::Word(name)), Some(Token::Symbol("("))) => {
                let name = name.clone();
                self.tokens.drain(..2);
                Some(name)
            }
            _ => None,
        }
    }

    /// Takes an attribute.
    pub(super) fn path(&mut self) -> Result<String, String> {
        match self.tokens.front() {
            Some(Token::Word(word)) if is_reserved(word) => {
                Err(format!("Attribute name is a reserved keyword; reserved keyword: {word}"))
            }
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.tokens.pop_front();
                Ok(word)
            }
            Some(Token::Name(placeholder)) => {
                let name = self.placeholders.name(placeholder);
                self.tokens.pop_front();
                name
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Takes an attribute or a value.
    pub(super) fn operand(&mut self) -> Result<Operand, String> {
        let Some(Token::Value(placeholder)) = self.tokens.front() else {
            return self.path().map(Operand::Path);
        };
        let value = self.placeholders.value(placeholder);
        self.tokens.pop_front();
        value.map(Operand::Value)
    }

    /// Whether everything is parsed.
    pub(super) fn is_at_end(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The error for an unexpected token.
    pub(super) fn unexpected(&self) -> String {
        let token = match self.tokens.front() {
            Some(Token::Word(text) | Token::Name(text) | Token::Value(text)) => text.as_str(),
            Some(Token::Symbol(text)) => text,
            None => "<EOF>",
        };
        format!("Syntax error; token: \"{token}\"")
    }
}
