//! What the condition of a comprehension tells about the texts that its name may have.

use std::rc::Rc;

use jrsonnet_ir::{BinaryOpType, Expr, IStr, UnaryOpType};

use super::{
    value::{Scope, Value},
    walk::Walk,
};

/// The texts that a name may have.
enum Texts {
    Only(Vec<IStr>),
    But(Vec<IStr>),
}

impl Texts {
    fn negated(self) -> Self {
        match self {
            Self::Only(texts) => Self::But(texts),
            Self::But(texts) => Self::Only(texts),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::But(mut one), Self::But(other)) => {
                one.extend(other);
                Self::But(one)
            }
            (Self::Only(mut texts), other) | (other, Self::Only(mut texts)) => {
                texts.retain(|text| other.admit(text));
                Self::Only(texts)
            }
        }
    }

    fn admit(&self, text: &IStr) -> bool {
        match self {
            Self::Only(texts) => texts.contains(text),
            Self::But(texts) => !texts.contains(text),
        }
    }
}

impl<'a> Walk<'a> {
    /// The scope in which the name has only the values that satisfy the condition.
    pub(super) fn narrowed(&mut self, name: &IStr, condition: &'a Expr, scope: Scope) -> Scope {
        let Some(texts) = self.texts_of(name, condition, scope) else { return scope };
        let Some(value) = self.lookup(name, scope) else { return scope };
        let value = match (&value, texts) {
            (Value::Mix(values), texts) if values.iter().all(is_text) => {
                let admitted = values
                    .iter()
                    .filter(|value| matches!(value, Value::Text(text) if texts.admit(text)));
                Value::mix(admitted.cloned().collect())
            }
            (Value::Opaque, Texts::Only(texts)) => {
                Value::mix(texts.into_iter().map(Value::Text).collect())
            }
            (Value::Opaque, Texts::But(texts)) => Value::TextBut(Rc::new(texts)),
            _ => return scope,
        };
        Some(self.with(name, value, scope))
    }

    fn texts_of(&mut self, name: &IStr, condition: &'a Expr, scope: Scope) -> Option<Texts> {
        match condition {
            Expr::UnaryOp(UnaryOpType::Not, operand) => {
                self.texts_of(name, operand, scope).map(Texts::negated)
            }
            Expr::BinaryOp(operation) => {
                let (left, right) = (&operation.lhs, &operation.rhs);
                let is_equal = |walk: &mut Self| {
                    let other = match (is_name(left, name), is_name(right, name)) {
                        (true, false) => right,
                        (false, true) => left,
                        _ => return None,
                    };
                    texts_in(&walk.eval(other, scope)).map(Texts::Only)
                };
                match operation.op {
                    BinaryOpType::Eq => is_equal(self),
                    BinaryOpType::Neq => is_equal(self).map(Texts::negated),
                    BinaryOpType::And => {
                        let left = self.texts_of(name, left, scope);
                        let right = self.texts_of(name, right, scope);
                        match (left, right) {
                            (Some(left), Some(right)) => Some(left.and(right)),
                            (left, right) => left.or(right),
                        }
                    }
                    // Not (neither the one nor the other).
                    BinaryOpType::Or => {
                        let left = self.texts_of(name, left, scope)?.negated();
                        let right = self.texts_of(name, right, scope)?.negated();
                        Some(left.and(right).negated())
                    }
                    _ => None,
                }
            }
            Expr::Apply(function, arguments, _) => {
                let function = self.eval(function, scope);
                let is_member = matches!(
                    &function,
                    Value::LibraryFunction(known) if matches!(&**known, "member" | "contains")
                );
                match &arguments.unnamed[..] {
                    [list, asked] if is_member && is_name(asked, name) => {
                        texts_in(&self.eval(list, scope)).map(Texts::Only)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn is_name(expr: &Expr, name: &IStr) -> bool {
    matches!(expr, Expr::Var(known) if known.value == *name)
}

fn is_text(value: &Value<'_>) -> bool {
    matches!(value, Value::Text(_))
}

/// A text, or a list of texts.
fn texts_in(value: &Value<'_>) -> Option<Vec<IStr>> {
    match value {
        Value::Text(text) => Some(vec![text.clone()]),
        Value::List(items) => {
            let text = |item: &Value<'_>| match item {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            };
            items.iter().map(text).collect()
        }
        _ => None,
    }
}
