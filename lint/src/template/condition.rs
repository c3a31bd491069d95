//! What the condition of a comprehension tells about the texts that its name may have.

use std::rc::Rc;

use jrsonnet_ir::{BinaryOpType, Expr, IStr, UnaryOpType};

use super::{
    value::{Scope, Value},
    walk::Walk,
};

/// The texts that a name may have. There may be fewer, never others.
enum Texts {
    Only(Vec<IStr>),
    But(Vec<IStr>),
}

impl Texts {
    /// Those of a value, if it is a text at all.
    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Opaque => Some(Self::But(Vec::new())),
            Value::TextBut(texts) => Some(Self::But(texts.to_vec())),
            Value::Mix(values) => values.iter().map(text).collect::<Option<_>>().map(Self::Only),
            other => text(other).map(|text| Self::Only(vec![text])),
        }
    }

    fn both(self, other: Self) -> Self {
        match (self, other) {
            (Self::But(mut one), Self::But(other)) => {
                one.extend(other);
                Self::But(one)
            }
            (Self::Only(mut texts), other) | (other, Self::Only(mut texts)) => {
                texts.retain(|text| other.admits(text));
                Self::Only(texts)
            }
        }
    }

    fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(mut one), Self::Only(other)) => {
                one.extend(other);
                Self::Only(one)
            }
            (Self::But(mut texts), other) | (other, Self::But(mut texts)) => {
                texts.retain(|text| !other.admits(text));
                Self::But(texts)
            }
        }
    }

    fn admits(&self, text: &IStr) -> bool {
        match self {
            Self::Only(texts) => texts.contains(text),
            Self::But(texts) => !texts.contains(text),
        }
    }
}

impl<'a> Walk<'a> {
    /// The scope in which the name has only the values that satisfy the condition.
    pub(super) fn narrowed(&mut self, name: &IStr, condition: &'a Expr, scope: Scope) -> Scope {
        let known = self.lookup(name, scope).and_then(|value| Texts::of(&value));
        let Some(known) = known else { return scope };
        let Some(texts) = self.texts_of(name, condition, true, scope) else { return scope };
        let value = match known.both(texts) {
            Texts::Only(texts) => Value::mix(texts.into_iter().map(Value::Text).collect()),
            Texts::But(texts) => Value::TextBut(Rc::new(texts)),
        };
        Some(self.with(name, value, scope))
    }

    /// The texts of the name for which the condition is what is wanted; `None`: any.
    fn texts_of(
        &mut self,
        name: &IStr,
        condition: &'a Expr,
        wanted: bool,
        scope: Scope,
    ) -> Option<Texts> {
        let are = |texts| if wanted { Texts::Only(texts) } else { Texts::But(texts) };
        match condition {
            Expr::UnaryOp(UnaryOpType::Not, operand) => {
                self.texts_of(name, operand, !wanted, scope)
            }
            Expr::BinaryOp(operation) => {
                let (left, right) = (&operation.lhs, &operation.rhs);
                match operation.op {
                    BinaryOpType::Eq => self.compared(name, left, right, scope).map(are),
                    BinaryOpType::Neq => {
                        let are_not =
                            |texts| if wanted { Texts::But(texts) } else { Texts::Only(texts) };
                        self.compared(name, left, right, scope).map(are_not)
                    }
                    op @ (BinaryOpType::And | BinaryOpType::Or) => {
                        let left = self.texts_of(name, left, wanted, scope);
                        let right = self.texts_of(name, right, wanted, scope);
                        // Not (the one or the other) is neither.
                        if (op == BinaryOpType::And) == wanted {
                            match (left, right) {
                                (Some(left), Some(right)) => Some(left.both(right)),
                                (left, right) => left.or(right),
                            }
                        } else {
                            Some(left?.either(right?))
                        }
                    }
                    _ => None,
                }
            }
            Expr::Apply(function, arguments, _) => match &arguments.unnamed[..] {
                [list, asked] if is_name(asked, name) => {
                    self.members(function, list, scope).map(are)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The text with which the name is compared.
    fn compared(
        &mut self,
        name: &IStr,
        left: &'a Expr,
        right: &'a Expr,
        scope: Scope,
    ) -> Option<Vec<IStr>> {
        let other = match (is_name(left, name), is_name(right, name)) {
            (true, false) => right,
            (false, true) => left,
            _ => return None,
        };
        text(&self.eval(other, scope)).map(|text| vec![text])
    }

    /// The texts of a list, if the function asks whether something is in it.
    fn members(&mut self, function: &'a Expr, list: &'a Expr, scope: Scope) -> Option<Vec<IStr>> {
        match (self.eval(function, scope), self.eval(list, scope)) {
            (Value::LibraryFunction(known), Value::List(items))
                if matches!(&*known, "member" | "contains") =>
            {
                items.iter().map(text).collect()
            }
            _ => None,
        }
    }
}

fn is_name(expr: &Expr, name: &IStr) -> bool {
    matches!(expr, Expr::Var(known) if known.value == *name)
}

fn text(value: &Value<'_>) -> Option<IStr> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}
