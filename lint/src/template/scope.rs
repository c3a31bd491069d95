//! Names and their values.

use std::rc::Rc;

use jrsonnet_ir::{BindSpec, Destruct, Expr, ExprParams, IStr, LiteralType};

use super::{
    value::{Function, Scope, ThunkId, Value},
    walk::Walk,
};

/// A value that is walked on first use.
pub(super) enum Thunk<'a> {
    Expression(&'a Expr, Scope),
    Function(Rc<Function<'a>>),
    Busy,
    Done(Value<'a>),
}

impl<'a> Thunk<'a> {
    /// A function that is defined in the scope of this frame.
    pub(super) fn function(parameters: &'a ExprParams, body: &'a Expr, frame: usize) -> Self {
        Self::Function(Rc::new(Function { parameters, body, scope: Some(frame) }))
    }
}

/// Names of one scope.
pub(super) struct Frame {
    pub(super) names: Vec<(IStr, ThunkId)>,
    pub(super) around: Scope,
}

impl<'a> Walk<'a> {
    pub(super) fn literal(&mut self, literal: LiteralType, scope: Scope) -> Value<'a> {
        match literal {
            LiteralType::This => self.lookup("self", scope),
            LiteralType::Dollar => self.lookup("$", scope),
            LiteralType::Super => None,
            LiteralType::Null => Some(Value::Null),
            LiteralType::True | LiteralType::False => Some(Value::Scalar),
        }
        .unwrap_or(Value::Opaque)
    }

    /// Each mention of `ctx` has its own place.
    pub(super) fn variable(&mut self, name: &IStr, at: u32, scope: Scope) -> Value<'a> {
        match self.lookup(name, scope) {
            Some(Value::Ctx(path, _)) => Value::Ctx(path, at),
            Some(value) => value,
            None if &**name == "std" => Value::Library,
            None => Value::Opaque,
        }
    }

    pub(super) fn lookup(&mut self, name: &str, scope: Scope) -> Option<Value<'a>> {
        let mut scope = scope;
        while let Some(frame) = scope.and_then(|frame| self.frames.get(frame)) {
            if let Some((_, thunk)) = frame.names.iter().rev().find(|(known, _)| &**known == name) {
                let thunk = *thunk;
                return Some(self.force(thunk));
            }
            scope = frame.around;
        }
        None
    }

    pub(super) fn done(&mut self, value: Value<'a>) -> ThunkId {
        self.later(Thunk::Done(value))
    }

    pub(super) fn later(&mut self, thunk: Thunk<'a>) -> ThunkId {
        self.thunks.push(thunk);
        self.thunks.len() - 1
    }

    pub(super) fn force(&mut self, id: ThunkId) -> Value<'a> {
        let value = match std::mem::replace(&mut self.thunks[id], Thunk::Busy) {
            // It depends on itself: its contents are recorded where the walk of it began.
            Thunk::Busy => return Value::Opaque,
            Thunk::Done(value) => value,
            Thunk::Function(function) => Value::Function(function),
            Thunk::Expression(expr, scope) => self.eval(expr, scope),
        };
        self.thunks[id] = Thunk::Done(value.clone());
        value
    }

    pub(super) fn frame(&mut self, around: Scope) -> usize {
        self.frames.push(Frame { names: Vec::new(), around });
        self.frames.len() - 1
    }

    pub(super) fn bind(&mut self, frame: usize, name: IStr, thunk: ThunkId) {
        self.frames[frame].names.push((name, thunk));
    }

    /// Names that may refer to each other.
    pub(super) fn bind_all(&mut self, locals: &'a [BindSpec], around: Scope) -> usize {
        let frame = self.frame(around);
        for local in locals {
            let (name, thunk) = match local {
                BindSpec::Field { into: Destruct::Full(name), value } => {
                    (name.value.clone(), Thunk::Expression(value, Some(frame)))
                }
                BindSpec::Function { name, params, value } => {
                    (name.clone(), Thunk::function(params, value, frame))
                }
            };
            let thunk = self.later(thunk);
            self.bind(frame, name, thunk);
        }
        frame
    }
}
