//! What is known about a value without evaluating it.

use std::rc::Rc;

use jrsonnet_ir::{Expr, ExprParams, IStr};

use super::{Path, Step};

/// The largest size of a text or an object: each sum can double it.
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_MEMBERS: usize = 1024;
const MAX_SUMMANDS: usize = 64;

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
    /// The sum of these objects: the fields of one override those before it.
    Sum(Rc<Vec<Value<'a>>>),
    /// One of these, or something made from them.
    Mix(Rc<Vec<Value<'a>>>),
    /// The names of the fields of this object.
    Fields(Rc<Value<'a>>),
    /// A text that is none of these.
    TextBut(Rc<Vec<IStr>>),
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
            (Self::Object(left), Self::Object(members))
                if left.len() + members.len() <= MAX_MEMBERS =>
            {
                let kept = left.iter().filter(|member| !right.overrides(member.name.as_ref()));
                Self::Object(Rc::new(kept.chain(members.iter()).cloned().collect()))
            }
            _ if left.may_be_summed_with(&right) || right.may_be_summed_with(&left) => {
                let summands: Vec<_> = [left, right].iter().flat_map(Self::summands).collect();
                if summands.len() <= MAX_SUMMANDS {
                    Self::Sum(Rc::new(summands))
                } else {
                    Self::mix(summands)
                }
            }
            _ => Self::mix(vec![left, right]),
        }
    }

    /// Whether this is an object, and the other may be one.
    fn may_be_summed_with(&self, other: &Self) -> bool {
        self.is_object()
            && matches!(
                other,
                Self::Object(_) | Self::Sum(_) | Self::Mix(_) | Self::Ctx(..) | Self::Opaque
            )
    }

    /// Whether it can be nothing but an object of which fields are known. A mix in a mix is not
    /// looked into, here and below: each level could double the work.
    fn is_object(&self) -> bool {
        let is_one = |value: &Self| matches!(value, Self::Object(_) | Self::Sum(_));
        match self {
            Self::Mix(values) => values.iter().all(is_one),
            other => is_one(other),
        }
    }

    fn summands(&self) -> Vec<Self> {
        match self {
            Self::Sum(summands) => summands.to_vec(),
            other => vec![other.clone()],
        }
    }

    /// Whether it is an object with this field, as far as that is known.
    pub(super) fn has(&self, name: &IStr) -> bool {
        self.any_member(&|member| member.name.as_ref() == Some(name))
    }

    /// Whether nothing is left of the field of this name in an object to which this one is added.
    pub(super) fn overrides(&self, name: Option<&IStr>) -> bool {
        let overrides = |member: &Member| member.name.as_ref() == name && !member.is_added;
        name.is_some() && self.any_member(&overrides)
    }

    /// Whether one of its fields is like that, whichever object it is.
    fn any_member(&self, is_it: &dyn Fn(&Member) -> bool) -> bool {
        let has_it = |value: &Self| match value {
            Self::Object(members) => members.iter().any(is_it),
            _ => false,
        };
        match self {
            Self::Mix(values) => values.iter().all(has_it),
            other => has_it(other),
        }
    }

    /// The names of the fields of which nothing is left in an object to which this one is added.
    pub(super) fn overridden(&self) -> Vec<IStr> {
        match self {
            Self::Object(members) => {
                let replaced = members.iter().filter(|member| !member.is_added);
                replaced.filter_map(|member| member.name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The value without the fields of these names.
    pub(super) fn without(&self, names: &[IStr]) -> Self {
        match self {
            _ if names.is_empty() => self.clone(),
            Self::Ctx(path, at) => {
                let names = names.iter().map(IStr::to_string).collect();
                Self::Ctx(path.then(Step::But(names)), *at)
            }
            Self::Object(members) => {
                let is_named = |member: &&Member| {
                    member.name.as_ref().is_some_and(|name| names.contains(name))
                };
                let kept = members.iter().filter(|member| !is_named(member));
                Self::Object(Rc::new(kept.cloned().collect()))
            }
            Self::Mix(values) => {
                let without = |value: &Self| match value {
                    Self::Mix(_) => value.clone(),
                    other => other.without(names),
                };
                Self::Mix(Rc::new(values.iter().map(without).collect()))
            }
            other => other.clone(),
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
    /// Whether it is added to the one that it overrides, as with `+:`.
    pub(super) is_added: bool,
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
