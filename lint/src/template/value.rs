//! What is known of a value without evaluating.

use std::rc::Rc;

use jrsonnet_ir::{Expr, ExprParams, IStr};

use super::Path;

/// What a text or an object may grow to: each sum can double it.
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_MEMBERS: usize = 1024;

/// What an expression may come to.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// A part of `ctx`, read at this byte.
    Ctx(Path, u32),
    /// This text.
    Text(IStr),
    /// A number, a boolean or null.
    Scalar,
    /// An object.
    Object(Rc<Vec<Member>>),
    /// An array of these.
    List(Rc<Vec<Value<'a>>>),
    /// One of these, or something made of them.
    Mix(Rc<Vec<Value<'a>>>),
    /// A function of the template's.
    Function(Rc<Function<'a>>),
    /// `std`.
    Library,
    /// A function of `std`.
    LibraryFunction(IStr),
    /// Nothing is known, and nothing of `ctx` is in it.
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

    /// Texts are put together, and the fields of an object are taken over by those of another.
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
    /// `None` where it is computed.
    pub(super) name: Option<IStr>,
    /// Whether it is left out of JSON.
    pub(super) hidden: bool,
    /// What it holds.
    pub(super) value: ThunkId,
    /// The byte that its name stands at.
    pub(super) at: u32,
}

/// A function with the names that it sees.
pub(super) struct Function<'a> {
    pub(super) parameters: &'a ExprParams,
    pub(super) body: &'a Expr,
    pub(super) scope: Scope,
}

/// A value that is looked at once somebody asks for it.
pub(super) type ThunkId = usize;

/// The names that an expression sees: a frame, which knows the one around it.
pub(super) type Scope = Option<usize>;
