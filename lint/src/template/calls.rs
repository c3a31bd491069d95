//! Calls: of the template, of its functions and of the standard library.

use jrsonnet_ir::{ArgsDesc, Destruct, Expr, IStr, Spanned};

use super::{
    Parameter, Path, library,
    scope::Thunk,
    value::{Function, Scope, ThunkId, Value},
    walk::Walk,
};

impl<'a> Walk<'a> {
    /// The output of the template: Kratos calls it with `ctx` by name.
    pub(super) fn called_by_kratos(&mut self, template: &Value<'a>) -> Value<'a> {
        let Value::Function(function) = template else { return template.clone() };
        let parameters = function.parameters.exprs.iter().map(|parameter| Parameter {
            name: parameter.destruct.name().as_str().unwrap_or_default().to_owned(),
            has_default: parameter.default.is_some(),
        });
        self.reading.parameters = Some(parameters.collect());
        let ctx = self.done(Value::Ctx(Path::default(), 0));
        let given = vec![(IStr::from("ctx"), ctx)];
        self.call(function, &[], &given)
    }

    pub(super) fn apply(
        &mut self,
        function: &'a Expr,
        arguments: &'a Spanned<ArgsDesc>,
        scope: Scope,
    ) -> Value<'a> {
        let function = self.eval(function, scope);
        let mut later = |expr: &'a Expr| self.later(Thunk::Expression(expr, scope));
        let unnamed: Vec<_> = arguments.unnamed.iter().map(&mut later).collect();
        let values: Vec<_> = arguments.values.iter().map(&mut later).collect();
        let named: Vec<_> = arguments.names.iter().cloned().zip(values).collect();
        self.apply_value(&function, &unnamed, &named, arguments.span.1)
    }

    pub(super) fn apply_value(
        &mut self,
        function: &Value<'a>,
        unnamed: &[ThunkId],
        named: &[(IStr, ThunkId)],
        at: u32,
    ) -> Value<'a> {
        if !self.may_go_on() {
            return Value::Opaque;
        }
        match function {
            Value::Function(function) => self.call(function, unnamed, named),
            Value::LibraryFunction(name) => {
                let arguments = self.force_all(unnamed, named);
                library::apply(self, name, &arguments, at)
            }
            Value::Mix(functions) => {
                let results = functions.iter().map(|one| self.apply_value(one, unnamed, named, at));
                Value::mix(results.collect())
            }
            // Whatever the function is, its result may contain its arguments.
            _ => Value::mix(self.force_all(unnamed, named)),
        }
    }

    pub(super) fn force_all(
        &mut self,
        unnamed: &[ThunkId],
        named: &[(IStr, ThunkId)],
    ) -> Vec<Value<'a>> {
        let all = unnamed.iter().chain(named.iter().map(|(_, id)| id));
        all.map(|id| self.force(*id)).collect()
    }

    pub(super) fn call(
        &mut self,
        function: &Function<'a>,
        unnamed: &[ThunkId],
        named: &[(IStr, ThunkId)],
    ) -> Value<'a> {
        let frame = self.frame(function.scope);
        for (position, parameter) in function.parameters.exprs.iter().enumerate() {
            let Destruct::Full(name) = &parameter.destruct;
            let given = named.iter().find(|(given, _)| *given == name.value).map(|(_, id)| *id);
            let thunk = match (unnamed.get(position).copied().or(given), &parameter.default) {
                (Some(thunk), _) => thunk,
                (None, Some(default)) => self.later(Thunk::Expression(default, Some(frame))),
                (None, None) => self.done(Value::Opaque),
            };
            self.bind(frame, name.value.clone(), thunk);
        }
        self.eval(function.body, Some(frame))
    }
}
