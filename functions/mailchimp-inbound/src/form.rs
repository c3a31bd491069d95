//! The form decoder: the bytes of a webhook's body become a tree of strings.
//!
//! Mailchimp posts `application/x-www-form-urlencoded` with nested names in PHP's notation:
//! `data[merges][FNAME]=Ada` stands for `{"data": {"merges": {"FNAME": "Ada"}}}`.
//!
//! The rules, where the notation leaves a choice:
//! - Brackets may be raw or percent-encoded; a space may be `+` or `%20`. Captures show both.
//! - A name with unbalanced brackets (`a[b`, `a[b]c`, `[a]`) is a plain name.
//! - A repeated name keeps the last value. Mailchimp's own sample of an unsubscribe has
//!   `data[reason]` twice.
//! - A name that is a leaf and also a branch is what it was last.
//! - Numbers in brackets are names like any other, so a high index costs nothing.
//! - Empty brackets append: their index is one more than the highest so far, as in PHP.
//! - A name without `=` has the empty value; an empty pair (`&&`) is skipped.
//! - A `%` without two hex digits after it stands for itself, as in the URL standard.
//! - Bytes that are not UTF-8 become the replacement character, as in the URL standard: a
//!   withdrawal is accepted with any content of the other fields.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};
use shared::envelope::MAX_BODY_BYTES;
use thiserror::Error;

#[cfg(test)]
mod tests;

/// The most pairs. Captures have up to 53; this leaves room for an audience with many more
/// merge fields and groups.
pub const MAX_PAIRS: usize = 1_000;

/// The most levels, `a[b]` being two. Captures have five: `data` and four brackets.
pub const MAX_DEPTH: usize = 10;

/// The longest name, decoded. Those in captures stay under 50 bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// A decoded form: objects whose leaves are strings, at most [`MAX_DEPTH`] deep.
///
/// It holds personal data, and its `Debug` shows it: not for logs.
pub type Form = Map<String, Value>;

/// Why a body is not a form. No text repeats anything from the body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormError {
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("the body has more than {} bytes", MAX_BODY_BYTES)]
    BodyTooLong,
    /// The form has more than [`MAX_PAIRS`].
    #[error("the form has more than {} pairs", MAX_PAIRS)]
    TooManyPairs,
    /// A name is longer than [`MAX_NAME_BYTES`].
    #[error("the name of pair {pair} has more than {} bytes", MAX_NAME_BYTES)]
    NameTooLong {
        /// Which pair, from 1.
        pair: usize,
    },
    /// A name nests deeper than [`MAX_DEPTH`].
    #[error("the name of pair {pair} has more than {} levels", MAX_DEPTH)]
    TooDeep {
        /// Which pair, from 1.
        pair: usize,
    },
}

/// Decodes the body of a form.
///
/// # Errors
/// A [`FormError`] if the body exceeds a limit.
pub fn decode(body: &[u8]) -> Result<Form, FormError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(FormError::BodyTooLong);
    }
    let mut form = Form::new();
    let pairs = body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
    for (number, pair) in (1..).zip(pairs) {
        if number > MAX_PAIRS {
            return Err(FormError::TooManyPairs);
        }
        let (name, value) = read_pair(number, pair)?;
        let (root, brackets) = split_name(&name);
        if 1 + brackets.len() > MAX_DEPTH {
            return Err(FormError::TooDeep { pair: number });
        }
        place(&mut form, root, &brackets, value);
    }
    Ok(form)
}

/// Name and value of one pair, decoded.
fn read_pair(number: usize, pair: &[u8]) -> Result<(String, String), FormError> {
    let mut halves = pair.splitn(2, |&byte| byte == b'=');
    let mut next_half = || read_text(halves.next().unwrap_or_default());
    let (name, value) = (next_half(), next_half());
    if name.len() > MAX_NAME_BYTES {
        return Err(FormError::NameTooLong { pair: number });
    }
    Ok((name, value))
}

/// Undoes the form encoding of a name or a value.
fn read_text(encoded: &[u8]) -> String {
    let spaced: Vec<u8> =
        encoded.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// `data[merges][FNAME]` as its root, `data`, and the names in the brackets.
fn split_name(name: &str) -> (&str, Vec<&str>) {
    split_brackets(name).unwrap_or((name, Vec::new()))
}

/// The same, or `None` if the name is no root followed by brackets.
fn split_brackets(name: &str) -> Option<(&str, Vec<&str>)> {
    let (root, inside) = name.strip_suffix(']')?.split_once('[')?;
    let brackets: Vec<&str> = inside.split("][").collect();
    let fits = |part: &str| !part.contains(['[', ']']);
    (!root.is_empty() && fits(root) && brackets.iter().all(|part| fits(part)))
        .then_some((root, brackets))
}

/// Puts a leaf at the place of its name.
fn place(form: &mut Form, root: &str, brackets: &[&str], leaf: String) {
    let mut slot = form.entry(root).or_insert(Value::Null);
    for bracket in brackets {
        slot = below(slot, bracket);
    }
    *slot = Value::String(leaf);
}

/// The slot that a bracket names below another slot; it replaces a leaf.
fn below<'form>(slot: &'form mut Value, bracket: &str) -> &'form mut Value {
    if !slot.is_object() {
        *slot = Value::Object(Form::new());
    }
    if bracket.is_empty() {
        let index = next_index(slot);
        &mut slot[index]
    } else {
        &mut slot[bracket]
    }
}

/// The index of empty brackets.
fn next_index(branch: &Value) -> String {
    let names = branch.as_object().into_iter().flat_map(Map::keys);
    let highest = names.filter_map(|name| name.parse::<u64>().ok()).max();
    highest.map_or(0, |index| index.saturating_add(1)).to_string()
}
