//! What is known about a value without evaluating it.

use std::rc::Rc;

use jrsonnet_ir::{Expr, ExprParams, IStr};

use super::Path;

/// The largest size of a text or an object: each sum can double it.
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_MEMBERS: usize = 1024;

/// The possible value of an expression.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// A part of `ctx`, read at this byte.
    Ctx(Path, u32),
    /// This text.
    Text(IStr),
    /// A number or a boolean.
    Scalar,
    /// Null.
    Null,
    /// An object.
    Object(Rc<Vec<Member>>),
    /// An array of these.
    List(Rc<Vec<Value<'a>>>),
    /// One of these, or something made from them.
    Mix(Rc<Vec<Value<'a>>>),
    /// A function in the template.
    Function(Rc<Function<'a>>),
    /// `std`.
    Library,
    /// A function of `std`.
    LibraryFunction(IStr),
    /// Unknown, and without any part of `ctx`.
    Opaque,
}

impl Value<'_> {
    pub(super) fn mix(values: Vec<Self>) -> Self {
        match <[Self; 1]>::try_from(values) {
            Ok([only]) => only,
            Err(values) if values.is_empty() => Self::Opaque,
            Err(values) => Self::Mix(Rc::new(values)),
        }
    }

    /// Concatenates texts; for objects, the fields of the right one override those of the left.
    pub(super) fn sum(left: Self, right: Self) -> Self {
        match (&left, &right) {
            (Self::Text(left), Self::Text(right)) if left.len() + right.len() <= MAX_TEXT_BYTES => {
                Self::Text(format!("{left}{right}").into())
            }
            (Self::Object(left), Self::Object(right))
                if left.len() + right.len() <= MAX_MEMBERS =>
            {
                let overridden = |member: &&Member| {
                    member.name.is_some() && right.iter().any(|other| other.name == member.name)
                };
                let kept = left.iter().filter(|member| !overridden(member));
                Self::Object(Rc::new(kept.chain(right.iter()).cloned().collect()))
            }
            _ => Self::mix(vec![left, right]),
        }
    }
}

/// A field of an object.
#[derive(Clone)]
pub(super) struct Member {
    /// `None` if it is computed.
    pub(super) name: Option<IStr>,
    /// Whether it is omitted from JSON.
    pub(super) hidden: bool,
    /// Its value.
    pub(super) value: ThunkId,
    /// The byte offset of its name.
    pub(super) at: u32,
}

/// A function and the names in its scope.
pub(super) struct Function<'a> {
    pub(super) parameters: &'a ExprParams,
    pub(super) body: &'a Expr,
    pub(super) scope: Scope,
}

/// A value that is walked on first use.
pub(super) type ThunkId = usize;

/// The names in the scope of an expression: a frame with a link to the enclosing one.
pub(super) type Scope = Option<usize>;
