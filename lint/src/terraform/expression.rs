//! What an expression is, as far as that does not depend on a variable or another resource.

use std::{
    cell::Cell,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hcl_edit::{
    expr::{Expression, FuncCall, ObjectKey, Traversal, TraversalOperator},
    template::Element,
};
use serde_json::{Map, Value};

use super::module::Module;
use crate::template;

/// Stands for what is not known: a placeholder, which no rule judges.
pub(super) const UNKNOWN: &str = "${unknown}";

/// How much is evaluated: expressions, and bytes of text. Local values can double at each step.
const MAX_EFFORT: usize = 4 * 1024 * 1024;

/// The value of an expression; `None` if any of it is unknown.
pub(super) fn constant(expression: &Expression, module: &Module<'_>) -> Option<Value> {
    let value = partial(expression, module);
    (!has_unknown(&value)).then_some(value)
}

/// The value of an expression, with [`UNKNOWN`] for what is not known.
pub(super) fn partial(expression: &Expression, module: &Module<'_>) -> Value {
    Evaluation { module, effort: Cell::new(0), locals: Cell::new(0) }.value(expression)
}

/// The file that an expression reads as a whole: `file(…)`, or `base64://` and the same encoded.
pub(super) fn file(expression: &Expression, module: &Module<'_>) -> Option<PathBuf> {
    match expression {
        Expression::Parenthesis(inner) => file(inner.inner(), module),
        Expression::FuncCall(call) => match (call.name.name.as_str(), call.args.get(0)?) {
            ("file", path) => named(path, module),
            ("trimspace" | "chomp", inner) => file(inner, module),
            _ => None,
        },
        Expression::StringTemplate(text) => {
            let mut literals = text.iter().filter_map(Element::as_literal);
            let inside: Vec<_> = text.iter().filter_map(Element::as_interpolation).collect();
            let [only] = inside.as_slice() else { return None };
            let is_whole = literals.all(|text| text.value() == "base64://");
            is_whole.then(|| encoded(&only.expr, module)).flatten()
        }
        Expression::Traversal(traversal) => match module.local(local(traversal)?)? {
            // One step is enough, and has an end.
            Expression::Traversal(_) => None,
            other => file(other, module),
        },
        _ => None,
    }
}

/// The file that an expression reads and encodes.
fn encoded(expression: &Expression, module: &Module<'_>) -> Option<PathBuf> {
    let call = expression.as_func_call()?;
    match (call.name.name.as_str(), call.args.get(0)?) {
        ("base64encode", inner) => file(inner, module),
        ("filebase64", path) => named(path, module),
        _ => None,
    }
}

fn named(path: &Expression, module: &Module<'_>) -> Option<PathBuf> {
    Some(located(module, constant(path, module)?.as_str()?))
}

/// Whether a value is unknown, or a part of it.
pub(super) fn has_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(UNKNOWN),
        Value::Array(values) => values.iter().any(has_unknown),
        Value::Object(map) => map.iter().any(|(key, value)| key == UNKNOWN || has_unknown(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A path of a module: from its folder, or else from the working directory.
fn located(module: &Module<'_>, path: &str) -> PathBuf {
    let here = module.folder.join(path);
    if !here.is_file() && Path::new(path).is_file() { PathBuf::from(path) } else { here }
}

/// The name of a local value.
fn local(traversal: &Traversal) -> Option<&str> {
    let is_local = traversal.expr.as_variable().is_some_and(|name| name.as_str() == "local");
    match traversal.operators.as_slice() {
        [only] if is_local => match only.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// How often a local value may lead to another.
const MAX_LOCALS: usize = 32;

struct Evaluation<'m> {
    module: &'m Module<'m>,
    effort: Cell<usize>,
    locals: Cell<usize>,
}

impl Evaluation<'_> {
    fn value(&self, expression: &Expression) -> Value {
        if self.is_spent(1) {
            return unknown();
        }
        match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(boolean) => Value::from(*boolean.value()),
            Expression::Number(number) => {
                let number = number.value();
                let whole = number.as_i64().map(Value::from);
                whole.or_else(|| number.as_f64().map(Value::from)).unwrap_or_else(unknown)
            }
            Expression::String(text) => Value::from(text.as_str()),
            Expression::StringTemplate(template) => self.text(template.iter()),
            Expression::HeredocTemplate(heredoc) => self.text(heredoc.template.iter()),
            Expression::Parenthesis(inner) => self.value(inner.inner()),
            Expression::Array(values) => values.iter().map(|value| self.value(value)).collect(),
            Expression::Object(object) => {
                let entries = object.iter().map(|(key, entry)| {
                    let key = match key {
                        ObjectKey::Ident(name) => name.as_str().to_owned(),
                        ObjectKey::Expression(key) => self.string(key),
                    };
                    (key, self.value(entry.expr()))
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
            Expression::FuncCall(call) => self.call(call).unwrap_or_else(unknown),
            Expression::Traversal(traversal) => self.traversal(traversal).unwrap_or_else(unknown),
            _ => unknown(),
        }
    }

    fn string(&self, expression: &Expression) -> String {
        match self.value(expression) {
            Value::String(text) => text,
            Value::Bool(boolean) => boolean.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => UNKNOWN.to_owned(),
        }
    }

    fn text<'e>(&self, elements: impl Iterator<Item = &'e Element>) -> Value {
        let parts = elements.map(|element| match element {
            Element::Literal(text) => text.value().clone(),
            // `~` removes white space from what is beside it.
            Element::Interpolation(inside) if inside.strip == hcl_edit::template::Strip::None => {
                self.string(&inside.expr)
            }
            Element::Interpolation(_) | Element::Directive(_) => UNKNOWN.to_owned(),
        });
        let text = parts.collect::<String>();
        if self.is_spent(text.len()) { unknown() } else { Value::from(text) }
    }

    fn is_spent(&self, more: usize) -> bool {
        self.effort.set(self.effort.get().saturating_add(more));
        self.effort.get() > MAX_EFFORT
    }

    fn call(&self, call: &FuncCall) -> Option<Value> {
        let first = call.args.get(0)?;
        let only = || (call.args.len() == 1).then(|| self.known(first)).flatten();
        let text = || only().and_then(|value| value.as_str().map(str::to_owned));
        match call.name.name.as_str() {
            // Parts of it may be unknown; that does not make all of it unknown.
            "yamlencode" => Some(self.value(first)),
            "jsonencode" => match self.value(first) {
                value if has_unknown(&value) => Some(value),
                value => Some(Value::from(value.to_string())),
            },
            "base64encode" => Some(Value::from(STANDARD.encode(text()?))),
            "base64decode" => {
                let bytes = STANDARD.decode(text()?).ok()?;
                Some(Value::from(String::from_utf8(bytes).ok()?))
            }
            "file" => self.read(&text()?).map(Value::from),
            "filebase64" => self.read(&text()?).map(|text| Value::from(STANDARD.encode(text))),
            "trimspace" => Some(Value::from(text()?.trim())),
            "chomp" => Some(Value::from(text()?.trim_end_matches(['\r', '\n']))),
            "sensitive" | "nonsensitive" | "tostring" => only(),
            _ => None,
        }
    }

    fn known(&self, expression: &Expression) -> Option<Value> {
        Some(self.value(expression)).filter(|value| !has_unknown(value))
    }

    fn read(&self, path: &str) -> Option<String> {
        template::read_file(&located(self.module, path)).ok()
    }

    fn traversal(&self, traversal: &Traversal) -> Option<Value> {
        if let Some(name) = local(traversal) {
            let value = self.module.local(name)?;
            let depth = self.locals.replace(self.locals.get() + 1);
            let value = (depth < MAX_LOCALS).then(|| self.value(value));
            self.locals.set(depth);
            return value;
        }
        let is_path = traversal.expr.as_variable().is_some_and(|name| name.as_str() == "path");
        // Paths are relative to the folder of the module.
        is_path.then(|| Value::from("."))
    }
}

fn unknown() -> Value {
    Value::from(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        let file = format!(
            "locals {{\n  a = \"x\"\n  b = local.b\n  c = \"${{local.a}}y\"\n}}\nv = {text}\n"
        );
        let own = hcl_edit::parser::parse_body(&file).unwrap();
        let module = Module::of(&own, &[], Path::new("src"));
        let parsed = hcl_edit::parser::parse_body(&format!("v = {text}\n")).unwrap();
        partial(&parsed.get_attribute("v").unwrap().value, &module)
    }

    #[test]
    fn constant_expression_has_a_value() {
        let table = [
            ("\"a $${b} %%{c}\"", json!("a ${b} %{c}")),
            ("<<-X\n    a $${b}\n      c\n  X\n", json!("a ${b}\n  c\n")),
            ("<<X\n  a\nX\n", json!("  a\n")),
            ("[1, 2.5, true, null]", json!([1, 2.5, true, null])),
            ("{ a = 1, \"b\" : 2 }", json!({"a": 1, "b": 2})),
            ("jsonencode({ a = [1] })", json!("{\"a\":[1]}")),
            ("\"base64://${base64encode(\"{}\")}\"", json!("base64://e30=")),
            ("local.c", json!("xy")),
            ("(\"a\")", json!("a")),
            ("trimspace(\" a \")", json!("a")),
            // Not known.
            ("var.x", json!(UNKNOWN)),
            ("\"a${var.x}b\"", json!(format!("a{UNKNOWN}b"))),
            ("local.b", json!(UNKNOWN)),
            ("local.none", json!(UNKNOWN)),
            ("true ? 1 : 2", json!(UNKNOWN)),
            ("file(\"not-there\")", json!(UNKNOWN)),
            ("base64encode(var.x)", json!(UNKNOWN)),
            ("\"%{ if true }a%{ endif }\"", json!(UNKNOWN)),
        ];
        for (text, expected) in table {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn evaluation_has_an_end() {
        let lines = (1..30).map(|n| format!("a{n} = \"${{local.a{0}}}${{local.a{0}}}\"", n - 1));
        let lines: Vec<_> = lines.collect();
        let file = format!("locals {{\na0 = \"text\"\n{}\n}}\nv = local.a29\n", lines.join("\n"));
        let own = hcl_edit::parser::parse_body(&file).unwrap();
        let module = Module::of(&own, &[], Path::new(""));
        assert!(has_unknown(&partial(&own.get_attribute("v").unwrap().value, &module)));
    }

    #[test]
    fn file_is_read_from_the_folder_of_the_module() {
        let read = include_str!("../place.rs");
        assert_eq!(value("file(\"${path.module}/place.rs\")"), json!(read));
        assert_eq!(value("filebase64(\"place.rs\")"), json!(STANDARD.encode(read)));
    }
}
