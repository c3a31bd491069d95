//! What every result of a template has, as it is written: nothing is followed.

use jrsonnet_ir::{Expr, FieldName, ObjBody};

/// Whether every result has an object under these keys. A key that depends on a condition, and one
/// that comes from elsewhere, does not count.
pub(super) fn always_has_object(result: &Expr, keys: &[&str]) -> bool {
    match (result, keys.split_first()) {
        (Expr::LocalExpr(_, body), _) => always_has_object(body, keys),
        (Expr::AssertExpr(assertion), _) => always_has_object(&assertion.rest, keys),
        (Expr::IfElse(choice), _) => {
            let other = choice.cond_else.as_ref();
            always_has_object(&choice.cond_then, keys)
                && other.is_some_and(|other| always_has_object(other, keys))
        }
        (Expr::Obj(_), None) => true,
        (Expr::Obj(ObjBody::MemberList(members)), Some((key, rest))) => {
            members.fields.iter().any(|field| {
                matches!(&field.name.value, FieldName::Fixed(name) if &**name == *key)
                    && field.visibility.is_visible()
                    && field.params.is_none()
                    && always_has_object(&field.value, rest)
            })
        }
        _ => false,
    }
}
