//! Walks a template: the possible values of each expression.
//!
//! The walk looks up names, joins constants, enters functions of the template, and takes both
//! branches of an `if`. Values are walked on first use, as in Jsonnet, so a name may refer to
//! something defined later. Steps and depth are limited: Jsonnet may run forever, the walk must
//! not.

use std::{collections::HashSet, rc::Rc};

use crate::Place;
use jrsonnet_ir::{BinaryOpType, Expr};

use super::{
    External, Path, Reading, errors, output,
    parse::place,
    scope::{Frame, Thunk},
    value::{Function, Scope, Value},
};

/// Far more than a real template takes.
const MAX_STEPS: usize = 200_000;
const MAX_DEPTH: usize = 300;

pub(super) struct Walk<'a> {
    pub(super) code: &'a str,
    pub(super) thunks: Vec<Thunk<'a>>,
    pub(super) frames: Vec<Frame>,
    pub(super) guards: HashSet<Path>,
    pub(super) null_guards: HashSet<Path>,
    pub(super) used: HashSet<(Path, u32)>,
    pub(super) seen: HashSet<(Path, u32, bool)>,
    pub(super) sent: HashSet<(Path, u32)>,
    steps: usize,
    depth: usize,
    pub(super) reading: Reading,
}

/// Walks a parsed template.
pub(super) fn read(template: &Expr, code: &str) -> Reading {
    let mut walk = Walk {
        code,
        thunks: Vec::new(),
        frames: Vec::new(),
        guards: HashSet::new(),
        null_guards: HashSet::new(),
        used: HashSet::new(),
        seen: HashSet::new(),
        sent: HashSet::new(),
        steps: 0,
        depth: 0,
        reading: Reading::default(),
    };
    let template_value = walk.eval(template, None);
    let result = walk.called_by_kratos(&template_value);
    walk.harvest(&result);
    walk.texts_and_tags(template);
    let Walk { guards, null_guards, mut reading, .. } = walk;
    reading.writes_public_metadata =
        output::always_has_object(template, &["identity", "metadata_public"]);
    let only_errors = errors::only_errors(template).unwrap_or_default();
    reading.only_errors = only_errors.into_iter().map(|at| place(code, at)).collect();
    for read in &mut reading.reads {
        read.guarded |= guards.contains(&read.path);
    }
    for one in &mut reading.uses {
        one.guarded = null_guards.contains(&one.path);
    }
    reading
}

impl<'a> Walk<'a> {
    pub(super) fn place(&self, at: u32) -> Place {
        place(self.code, at)
    }

    /// Whether any steps are left.
    pub(super) fn may_go_on(&mut self) -> bool {
        self.steps += 1;
        let may = self.steps < MAX_STEPS;
        self.reading.gave_up |= !may;
        may
    }

    pub(super) fn eval(&mut self, expr: &'a Expr, scope: Scope) -> Value<'a> {
        if self.depth >= MAX_DEPTH {
            self.reading.gave_up = true;
            return Value::Opaque;
        }
        if !self.may_go_on() {
            return Value::Opaque;
        }
        self.depth += 1;
        let value = self.eval_within(expr, scope);
        self.depth -= 1;
        value
    }

    fn eval_within(&mut self, expr: &'a Expr, scope: Scope) -> Value<'a> {
        match expr {
            Expr::Str(text) => Value::Text(text.clone()),
            Expr::Num(_) => Value::Scalar,
            Expr::Literal(literal) => self.literal(*literal, scope),
            Expr::Var(name) => self.variable(name, name.span.1, scope),
            Expr::Arr(items) => {
                Value::List(Rc::new(items.iter().map(|item| self.eval(item, scope)).collect()))
            }
            Expr::ArrComp(item, specs) => {
                let scope = self.comprehension(specs, scope);
                let item = self.eval(item, scope);
                Value::List(Rc::new(vec![item]))
            }
            Expr::Obj(body) => self.object(body, scope),
            Expr::ObjExtend(base, body) => {
                let base = self.eval(base, scope);
                self.wants_no_null(&base);
                let extension = self.object(body, scope);
                Value::sum(base, extension)
            }
            Expr::UnaryOp(_, operand) => {
                self.eval(operand, scope);
                Value::Scalar
            }
            Expr::BinaryOp(operation) => {
                self.operation(&operation.lhs, operation.op, &operation.rhs, scope)
            }
            Expr::AssertExpr(assertion) => {
                self.assertion(&assertion.assert, scope);
                self.eval(&assertion.rest, scope)
            }
            Expr::LocalExpr(locals, body) => {
                let frame = self.bind_all(locals, scope);
                self.eval(body, Some(frame))
            }
            Expr::Import(kind, _) => {
                let place = self.place(kind.span.1);
                self.reading.imports.push(place);
                Value::Opaque
            }
            Expr::ErrorStmt(span, message) => {
                self.error(message, scope, false, span.1);
                Value::Opaque
            }
            Expr::Apply(function, arguments, _) => self.apply(function, arguments, scope),
            Expr::Index { indexable, parts } => self.index(indexable, parts, scope),
            Expr::Function(parameters, body) => {
                Value::Function(Rc::new(Function { parameters, body, scope }))
            }
            Expr::IfElse(choice) => {
                self.eval(&choice.cond.cond, scope);
                let mut branches = vec![self.eval(&choice.cond_then, scope)];
                branches.extend(choice.cond_else.as_ref().map(|other| self.eval(other, scope)));
                Value::mix(branches)
            }
            Expr::Slice(slice) => {
                let bounds = [&slice.slice.start, &slice.slice.end, &slice.slice.step];
                for bound in bounds.into_iter().flatten() {
                    self.eval(bound, scope);
                }
                self.eval(&slice.value, scope)
            }
        }
    }

    fn operation(
        &mut self,
        lhs: &'a Expr,
        op: BinaryOpType,
        rhs: &'a Expr,
        scope: Scope,
    ) -> Value<'a> {
        let left = self.eval(lhs, scope);
        let right = self.eval(rhs, scope);
        match op {
            BinaryOpType::Add => {
                // Null can be added to a text, but not to an object.
                for (one, other) in [(&left, &right), (&right, &left)] {
                    if matches!(one, Value::Object(_) | Value::Sum(_)) {
                        self.wants_no_null(other);
                    }
                }
                Value::sum(left, right)
            }
            BinaryOpType::Eq | BinaryOpType::Neq => {
                for (one, other) in [(&left, &right), (&right, &left)] {
                    if matches!(one, Value::Null) {
                        self.guard_null(other);
                    }
                }
                Value::Scalar
            }
            BinaryOpType::Mod => Value::mix(vec![left, right]),
            BinaryOpType::In => {
                self.wants_no_null(&right);
                self.guard(&right, &left);
                Value::Scalar
            }
            _ => Value::Scalar,
        }
    }

    pub(super) fn external(&mut self, variable: Option<String>, at: u32) {
        let place = self.place(at);
        self.reading.externals.push(External { variable, place });
    }
}
