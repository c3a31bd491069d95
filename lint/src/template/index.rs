//! Looks up keys in values, and records reads of `ctx`.

use jrsonnet_ir::{Expr, IStr, IndexPart};

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
            (Value::Sum(summands), Value::Text(name)) => {
                self.field_of_sum(summands, name, key, at, guarded)
            }
            (Value::Ctx(path, _), Value::TextBut(names)) => {
                self.use_of_ctx(path, at);
                let names = names.iter().map(IStr::to_string).collect();
                Value::Ctx(path.then(Step::But(names)), at)
            }
            (_, Value::Mix(keys)) if keys.iter().all(|key| matches!(key, Value::Text(_))) => {
                let parts: Vec<_> =
                    keys.iter().map(|key| self.field(value, key, at, guarded)).collect();
                Value::mix(parts)
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

    /// The last object that has the field decides. A read of one before which another has it cannot
    /// fail.
    fn field_of_sum(
        &mut self,
        summands: &[Value<'a>],
        name: &IStr,
        key: &Value<'a>,
        at: u32,
        guarded: bool,
    ) -> Value<'a> {
        let mut possible = Vec::new();
        for (position, summand) in summands.iter().enumerate().rev() {
            let has_default = summands[..position].iter().any(|before| before.has(name));
            possible.push(self.field(summand, key, at, guarded || has_default));
            if summand.overrides(Some(name)) {
                break;
            }
        }
        Value::mix(possible)
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
            Value::Sum(values) | Value::Mix(values) => {
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
        match (object, key) {
            (Value::Ctx(path, at), Value::Text(name)) => {
                let path = path.then(Step::Key(name.to_string()));
                if self.guards.insert(path.clone()) {
                    let place = self.place(*at);
                    self.reading.asked.push(Asked { path, place });
                }
            }
            (Value::Sum(summands), _) => summands.iter().for_each(|one| self.guard(one, key)),
            _ => {}
        }
    }
}
