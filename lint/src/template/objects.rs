//! Objects and comprehensions.

use std::rc::Rc;

use jrsonnet_ir::{CompSpec, Destruct, Expr, ExprParams, FieldMember, FieldName, IStr, ObjBody};

use super::{
    scope::Thunk,
    value::{Member, Scope, ThunkId, Value},
    walk::Walk,
};

impl<'a> Walk<'a> {
    pub(super) fn comprehension(&mut self, specs: &'a [CompSpec], scope: Scope) -> Scope {
        let mut scope = scope;
        let mut names = Vec::new();
        for spec in specs {
            match spec {
                CompSpec::IfSpec(condition) => {
                    self.eval(&condition.cond, scope);
                    for name in &names {
                        scope = self.narrowed(name, &condition.cond, scope);
                    }
                }
                CompSpec::ForSpec(each) => {
                    let over = self.eval(&each.over, scope);
                    self.wants_no_null(&over);
                    let element = self.element(&over);
                    let Destruct::Full(name) = &each.destruct;
                    names.push(name.value.clone());
                    scope = Some(self.with(&name.value, element, scope));
                }
            }
        }
        scope
    }

    /// The scope with one name more.
    pub(super) fn with(&mut self, name: &IStr, value: Value<'a>, scope: Scope) -> usize {
        let frame = self.frame(scope);
        let thunk = self.done(value);
        self.bind(frame, name.clone(), thunk);
        frame
    }

    pub(super) fn object(&mut self, body: &'a ObjBody, scope: Scope) -> Value<'a> {
        let scope = match body {
            ObjBody::MemberList(_) => scope,
            ObjBody::ObjComp(comprehension) => self.comprehension(&comprehension.compspecs, scope),
        };
        let (fields, locals, asserts): (Vec<_>, _, &[_]) = match body {
            ObjBody::MemberList(members) => {
                (members.fields.iter().collect(), &members.locals, &members.asserts)
            }
            ObjBody::ObjComp(one) => (vec![&*one.field], &one.locals, &[]),
        };
        // The locals of the object see `self`.
        let this = self.frame(scope);
        let inner = self.bind_all(locals, Some(this));
        let members = fields.into_iter().map(|field| self.member(field, scope, inner)).collect();
        let object = Value::Object(Rc::new(members));
        let thunk = self.done(object.clone());
        if self.lookup("$", scope).is_none() {
            self.bind(this, "$".into(), thunk);
        }
        self.bind(this, "self".into(), thunk);
        for assertion in asserts {
            self.assertion(assertion, Some(inner));
        }
        object
    }

    /// The name of a field does not see `self`, its value does.
    fn member(&mut self, field: &'a FieldMember, outer: Scope, inner: usize) -> Member {
        Member {
            name: self.field_name(&field.name.value, outer),
            hidden: !field.visibility.is_visible(),
            is_added: field.plus,
            value: self.field_thunk(&field.value, field.params.as_ref(), inner),
            at: field.name.span.1,
        }
    }

    fn field_name(&mut self, name: &'a FieldName, scope: Scope) -> Option<IStr> {
        match name {
            FieldName::Fixed(name) => Some(name.clone()),
            FieldName::Dyn(name) => match self.eval(name, scope) {
                Value::Text(name) => Some(name),
                _ => None,
            },
        }
    }

    fn field_thunk(
        &mut self,
        value: &'a Expr,
        params: Option<&'a ExprParams>,
        frame: usize,
    ) -> ThunkId {
        self.later(match params {
            Some(params) => Thunk::function(params, value, frame),
            None => Thunk::Expression(value, Some(frame)),
        })
    }
}
