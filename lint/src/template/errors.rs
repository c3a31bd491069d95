//! The texts of intentional errors in a template.

use jrsonnet_ir::{AssertStmt, BinaryOpType, Expr};

use super::{
    Certainty, ErrorText, Path,
    value::{Scope, Value},
    walk::Walk,
};

/// How deep the search for one of several possible values goes.
const MAX_CHOICES: usize = 4;

impl<'a> Walk<'a> {
    pub(super) fn assertion(&mut self, assertion: &'a AssertStmt, scope: Scope) {
        self.eval(&assertion.assertion, scope);
        if let Some(message) = &assertion.message {
            self.error(message, scope, true, assertion.assertion.span.1);
        }
    }

    pub(super) fn error(&mut self, message: &'a Expr, scope: Scope, is_assertion: bool, at: u32) {
        let text = self.certainty(message, scope);
        let error = ErrorText { text, is_assertion, place: self.place(at) };
        if !self.reading.errors.contains(&error) {
            self.reading.errors.push(error);
        }
    }

    /// What is known about the text of an expression.
    pub(super) fn certainty(&mut self, text: &'a Expr, scope: Scope) -> Certainty {
        let value = self.eval(text, scope);
        if let Value::Text(text) = &value {
            return Certainty::Whole(text.to_string());
        }
        if let Expr::BinaryOp(operation) = text {
            let first = match (self.certainty(&operation.lhs, scope), operation.op) {
                (Certainty::Whole(format), BinaryOpType::Mod) => {
                    format.split('%').next().unwrap_or_default().to_owned()
                }
                (Certainty::Whole(first) | Certainty::Begins(first), BinaryOpType::Add) => first,
                _ => String::new(),
            };
            if !first.is_empty() {
                return Certainty::Begins(first);
            }
        }
        first_of_ctx(&value, MAX_CHOICES).map_or(Certainty::Unknown, Certainty::FromCtx)
    }
}

/// Where the errors are, if a template has no other result than an error.
pub(super) fn only_errors(template: &Expr) -> Option<Vec<u32>> {
    match template {
        Expr::ErrorStmt(span, _) => Some(vec![span.1]),
        Expr::Function(_, body) | Expr::LocalExpr(_, body) => only_errors(body),
        Expr::AssertExpr(assertion) => only_errors(&assertion.rest),
        Expr::IfElse(choice) => {
            let mut errors = only_errors(&choice.cond_then)?;
            errors.extend(only_errors(choice.cond_else.as_ref()?)?);
            Some(errors)
        }
        _ => None,
    }
}

fn first_of_ctx(value: &Value<'_>, depth: usize) -> Option<Path> {
    match value {
        Value::Ctx(path, _) => Some(path.clone()),
        Value::Mix(values) if depth > 0 => {
            values.iter().find_map(|value| first_of_ctx(value, depth - 1))
        }
        _ => None,
    }
}
