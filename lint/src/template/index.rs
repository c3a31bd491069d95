//! Looks up keys in values, and records reads of `ctx`.

use jrsonnet_ir::{Expr, IndexPart};

use super::{
    Asked, Path, Read, Step, Use,
    value::{Scope, ThunkId, Value},
    walk::Walk,
};

impl<'a> Walk<'a> {
    pub(super) fn index(
        &mut self,
        indexable: &'a Expr,
        parts: &'a [IndexPart],
        scope: Scope,
    ) -> Value<'a> {
        let mut value = self.eval(indexable, scope);
        for part in parts {
            let key = self.eval(&part.value, scope);
            value = self.field(&value, &key, part.span.1, false);
        }
        value
    }

    /// The value under a key.
    pub(super) fn field(
        &mut self,
        value: &Value<'a>,
        key: &Value<'a>,
        at: u32,
        guarded: bool,
    ) -> Value<'a> {
        if !self.may_go_on() {
            return Value::Opaque;
        }
        match (value, key) {
            (Value::Library, Value::Text(name)) => Value::LibraryFunction(name.clone()),
            (Value::Ctx(path, _), Value::Text(name)) => {
                self.use_of_ctx(path, at);
                let path = path.then(Step::Key(name.to_string()));
                self.read_of_ctx(&path, at, guarded);
                Value::Ctx(path, at)
            }
            (Value::Object(members), Value::Text(name)) => {
                let named = members.iter().filter(|member| member.name.as_ref() == Some(name));
                let named: Vec<_> = named.map(|member| member.value).collect();
                if named.is_empty() {
                    let computed = members.iter().filter(|member| member.name.is_none());
                    let computed: Vec<_> = computed.map(|member| member.value).collect();
                    return self.any_of(computed);
                }
                self.any_of(named)
            }
            (Value::Mix(values), _) => {
                let parts: Vec<_> =
                    values.iter().map(|value| self.field(value, key, at, guarded)).collect();
                Value::mix(parts)
            }
            _ => {
                if let Value::Ctx(path, _) = value {
                    self.use_of_ctx(path, at);
                }
                self.element(value)
            }
        }
    }

    /// Some element of an array, or some field of an object.
    pub(super) fn element(&mut self, value: &Value<'a>) -> Value<'a> {
        if !self.may_go_on() {
            return Value::Opaque;
        }
        match value {
            Value::Ctx(path, at) => Value::Ctx(path.then(Step::Some), *at),
            Value::Object(members) => self.any_of(members.iter().map(|m| m.value).collect()),
            Value::List(items) => Value::mix(items.to_vec()),
            Value::Mix(values) => {
                Value::mix(values.iter().map(|value| self.element(value)).collect())
            }
            _ => Value::Opaque,
        }
    }

    pub(super) fn any_of(&mut self, thunks: Vec<ThunkId>) -> Value<'a> {
        Value::mix(thunks.into_iter().map(|thunk| self.force(thunk)).collect())
    }

    pub(super) fn read_of_ctx(&mut self, path: &Path, at: u32, guarded: bool) {
        if self.seen.insert((path.clone(), at, guarded)) {
            let read = Read { path: path.clone(), place: self.place(at), guarded };
            self.reading.reads.push(read);
        }
    }

    fn use_of_ctx(&mut self, path: &Path, at: u32) {
        if self.used.insert((path.clone(), at)) {
            let one = Use { path: path.clone(), place: self.place(at), guarded: false };
            self.reading.uses.push(one);
        }
    }

    /// Records that a value is used where null is an error.
    pub(super) fn wants_no_null(&mut self, value: &Value<'a>) {
        if !self.may_go_on() {
            return;
        }
        match value {
            Value::Ctx(path, at) => self.use_of_ctx(path, *at),
            Value::Mix(values) => values.iter().for_each(|value| self.wants_no_null(value)),
            _ => {}
        }
    }

    /// Records that the template checks whether a value is null.
    pub(super) fn guard_null(&mut self, value: &Value<'a>) {
        if !self.may_go_on() {
            return;
        }
        match value {
            Value::Ctx(path, _) => {
                self.null_guards.insert(path.clone());
            }
            Value::Mix(values) => values.iter().for_each(|value| self.guard_null(value)),
            _ => {}
        }
    }

    /// Records that the template checks whether a key is present.
    pub(super) fn guard(&mut self, object: &Value<'a>, key: &Value<'a>) {
        if let (Value::Ctx(path, at), Value::Text(name)) = (object, key) {
            let path = path.then(Step::Key(name.to_string()));
            if self.guards.insert(path.clone()) {
                let place = self.place(*at);
                self.reading.asked.push(Asked { path, place });
            }
        }
    }
}
