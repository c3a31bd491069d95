//! What go-jsonnet refuses before it evaluates: names that are not bound, and names that are bound
//! twice, in code that never runs as well.
//!
//! Source: google/go-jsonnet v0.21, `internal/program/static_analyzer.go` and
//! `internal/parser/parser.go`.

use std::collections::HashSet;

use jrsonnet_ir::{
    AssertStmt, BinaryOpType, BindSpec, CompSpec, Destruct, Expr, ExprParams, FieldMember,
    FieldName, IStr, IndexPart, LiteralType, ObjBody,
};

use super::std_names;

/// What is wrong with the names of a template.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What the evaluator refuses, as the beginning of a sentence, and at which byte.
    pub(super) refused: Vec<(String, u32)>,
    /// Fields of `std` that it does not have, and where they are read.
    pub(super) not_in_std: Vec<(String, u32)>,
}

/// Checks the names of a template.
pub(super) fn check(template: &Expr, code: &str) -> Names {
    let mut scopes = Scopes {
        code,
        bound: Vec::new(),
        objects: 0,
        at: 0,
        is_std_a_value: false,
        told: HashSet::new(),
        names: Names::default(),
    };
    scopes.expr(template);
    // Whoever passes `std` around may ask whether it has a field.
    if scopes.is_std_a_value {
        scopes.names.not_in_std.clear();
    }
    scopes.names
}

/// The names around an expression.
struct Scopes<'a> {
    code: &'a str,
    /// The innermost last.
    bound: Vec<&'a IStr>,
    /// How many objects are around.
    objects: usize,
    /// The last byte whose place is known: the parser reports none of literals.
    at: u32,
    is_std_a_value: bool,
    told: HashSet<String>,
    names: Names,
}

impl<'a> Scopes<'a> {
    /// In the order of the source, so that `at` is near.
    fn expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Str(_) | Expr::Num(_) => {}
            Expr::Literal(literal) => self.literal(*literal),
            Expr::Var(name) => {
                self.at = name.span.1;
                self.is_std_a_value |= self.is_std(&name.value);
                self.variable(&name.value);
            }
            Expr::Arr(items) => self.all(items),
            Expr::ArrComp(item, specs) => self.within(|scopes| {
                let start = scopes.at;
                scopes.comprehension(specs);
                scopes.at = start;
                scopes.expr(item);
            }),
            Expr::Obj(body) => self.object(body),
            Expr::ObjExtend(base, body) => {
                self.expr(base);
                self.object(body);
            }
            Expr::UnaryOp(_, operand) => self.expr(operand),
            Expr::BinaryOp(operation) => {
                self.expr(&operation.lhs);
                match &operation.rhs {
                    Expr::Literal(LiteralType::Super) if operation.op == BinaryOpType::In => {
                        self.of_object("super");
                    }
                    rhs => self.expr(rhs),
                }
            }
            Expr::AssertExpr(assertion) => {
                self.assertion(&assertion.assert);
                self.expr(&assertion.rest);
            }
            Expr::LocalExpr(locals, body) => self.within(|scopes| {
                scopes.locals(locals);
                scopes.expr(body);
            }),
            Expr::Import(kind, path) => {
                self.at = kind.span.1;
                if !matches!(**path, Expr::Str(_)) {
                    self.refuse("The path of an import is not a plain string".to_owned(), self.at);
                }
            }
            Expr::ErrorStmt(span, message) => {
                self.at = span.1;
                self.expr(message);
            }
            Expr::Apply(function, arguments, _) => {
                self.expr(function);
                self.at = arguments.span.1;
                self.all(&arguments.unnamed);
                self.all(&arguments.values);
            }
            Expr::Index { indexable, parts } => self.index(indexable, parts),
            Expr::Function(parameters, body) => self.function(parameters, body),
            Expr::IfElse(choice) => {
                self.at = choice.cond.span.1;
                self.expr(&choice.cond.cond);
                self.expr(&choice.cond_then);
                self.all(&choice.cond_else);
            }
            Expr::Slice(slice) => {
                self.expr(&slice.value);
                let bounds = [&slice.slice.start, &slice.slice.end, &slice.slice.step];
                for bound in bounds.into_iter().flatten() {
                    self.expr(bound);
                }
            }
        }
    }

    fn all(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        for expression in expressions {
            self.expr(expression);
        }
    }

    fn literal(&mut self, literal: LiteralType) {
        match literal {
            LiteralType::This => self.of_object("self"),
            LiteralType::Dollar => self.of_object("$"),
            LiteralType::Super => {
                let what = "Expected `.` or `[` after `super`".to_owned();
                self.refuse(what, self.find("super", self.at));
            }
            LiteralType::Null | LiteralType::True | LiteralType::False => {}
        }
    }

    /// A word that means an object around it.
    fn of_object(&mut self, word: &str) {
        let at = self.find(word, self.at);
        // The next one is behind it.
        self.at = at.saturating_add(1);
        if self.objects == 0 {
            self.refuse(format!("`{word}` is used outside of an object"), at);
        }
    }

    fn index(&mut self, indexable: &'a Expr, parts: &'a [IndexPart]) {
        match indexable {
            Expr::Literal(LiteralType::Super) => self.of_object("super"),
            Expr::Var(name) if self.is_std(&name.value) => {
                self.at = name.span.1;
                if let Some(IndexPart { value: Expr::Str(field), span, .. }) = parts.first()
                    && !std_names::has(field)
                {
                    self.names.not_in_std.push((field.to_string(), span.1));
                }
            }
            other => self.expr(other),
        }
        for part in parts {
            self.at = part.span.1;
            self.expr(&part.value);
        }
    }

    fn is_std(&self, name: &str) -> bool {
        name == "std" && !self.is_bound(name)
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().rev().any(|known| ***known == *name)
    }

    fn variable(&mut self, name: &str) {
        if !self.is_bound(name) && name != "std" {
            let meant = self.meant(name).map(|meant| format!(". {meant}")).unwrap_or_default();
            self.refuse(format!("Unknown variable `{name}`{meant}"), self.at);
        }
    }

    /// What somebody may mean by a name that is not bound.
    fn meant(&self, name: &str) -> Option<String> {
        let is = |words: &[&'static str]| {
            words.iter().copied().find(|word| word.eq_ignore_ascii_case(name))
        };
        if let Some(word) = is(&["true", "false", "null"]) {
            return Some(format!("Jsonnet has `{word}`"));
        }
        if is(&["nil", "none", "undefined"]).is_some() {
            return Some("Jsonnet has `null`".to_owned());
        }
        match self.bound.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(other) => Some(format!("There is `{other}`")),
            None if name == "ctx" => Some("Begin the template with `function(ctx)`".to_owned()),
            None => None,
        }
    }

    fn function(&mut self, parameters: &'a ExprParams, body: &'a Expr) {
        self.within(|scopes| {
            // go-jsonnet takes two parameters with the same name.
            for parameter in &parameters.exprs {
                let Destruct::Full(name) = &parameter.destruct;
                scopes.bound.push(&name.value);
            }
            for parameter in &parameters.exprs {
                let Destruct::Full(name) = &parameter.destruct;
                scopes.at = name.span.1;
                scopes.all(&parameter.default);
            }
            scopes.expr(body);
        });
    }

    /// Names that may refer to each other.
    fn locals(&mut self, locals: &'a [BindSpec]) {
        let mut seen = HashSet::new();
        let mut at = self.at;
        for local in locals {
            let name = match local {
                BindSpec::Field { into: Destruct::Full(name), .. } => {
                    at = name.span.1;
                    &name.value
                }
                BindSpec::Function { name, .. } => {
                    at = self.find(name, at);
                    name
                }
            };
            if !seen.insert(name) {
                self.refuse(format!("Duplicate local variable `{name}`"), at);
            }
            at = at.saturating_add(1);
            self.bound.push(name);
        }
        for local in locals {
            match local {
                BindSpec::Field { into: Destruct::Full(name), value } => {
                    self.at = name.span.1;
                    self.expr(value);
                }
                BindSpec::Function { params, value, .. } => self.function(params, value),
            }
        }
    }

    fn comprehension(&mut self, specs: &'a [CompSpec]) {
        for spec in specs {
            match spec {
                CompSpec::IfSpec(condition) => {
                    self.at = condition.span.1;
                    self.expr(&condition.cond);
                }
                CompSpec::ForSpec(each) => {
                    let Destruct::Full(name) = &each.destruct;
                    self.at = name.span.1;
                    self.expr(&each.over);
                    self.bound.push(&name.value);
                }
            }
        }
    }

    fn object(&mut self, body: &'a ObjBody) {
        let start = self.at;
        self.within(|scopes| {
            let (fields, locals, asserts): (Vec<_>, _, &[_]) = match body {
                ObjBody::MemberList(members) => {
                    (members.fields.iter().collect(), &members.locals, &members.asserts)
                }
                ObjBody::ObjComp(one) => {
                    scopes.comprehension(&one.compspecs);
                    (vec![&*one.field], &one.locals, &[])
                }
            };
            scopes.field_names(&fields);
            scopes.objects += 1;
            scopes.at = start;
            scopes.locals(locals);
            for field in fields {
                scopes.at = field.name.span.1;
                match &field.params {
                    Some(parameters) => scopes.function(parameters, &field.value),
                    None => scopes.expr(&field.value),
                }
            }
            for assertion in asserts {
                scopes.assertion(assertion);
            }
            scopes.objects -= 1;
        });
    }

    /// The name of a field sees neither the object nor its locals.
    fn field_names(&mut self, fields: &[&'a FieldMember]) {
        let mut seen = HashSet::new();
        for field in fields {
            self.at = field.name.span.1;
            match &field.name.value {
                FieldName::Fixed(name) if !seen.insert(name) => {
                    self.refuse(format!("Duplicate field `{name}`"), self.at);
                }
                FieldName::Fixed(_) => {}
                FieldName::Dyn(name) => self.expr(name),
            }
        }
    }

    fn assertion(&mut self, assertion: &'a AssertStmt) {
        self.at = assertion.assertion.span.1;
        self.expr(&assertion.assertion);
        self.all(&assertion.message);
    }

    /// Forgets the names that are bound inside.
    fn within(&mut self, inside: impl FnOnce(&mut Self)) {
        let around = self.bound.len();
        inside(self);
        self.bound.truncate(around);
    }

    /// Tells the same only once.
    fn refuse(&mut self, what: String, at: u32) {
        if self.told.insert(what.clone()) {
            self.names.refused.push((what, at));
        }
    }

    /// The first place of a word behind this byte.
    fn find(&self, word: &str, from: u32) -> u32 {
        let code = self.code.get(from as usize..).unwrap_or_default();
        let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_';
        let is_whole = |at: usize| {
            !code[..at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part)
        };
        let mut places = code.match_indices(word).map(|(at, _)| at);
        let found = places.find(|at| word == "$" || is_whole(*at)).unwrap_or_default();
        from.saturating_add(u32::try_from(found).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
