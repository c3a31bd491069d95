//! `--where`: which identities are sent, as the operator writes it in Jsonnet.

use serde_json::Value;
use shared::template::{RenderError, Source, Template, TemplateFault};

/// The name that faults show.
const NAME: &str = "--where";

/// The head of an expression over `identity`.
const HEAD: &str = "function(identity) ";

/// A condition.
pub(super) struct Condition {
    template: Template,
    source: Source,
}

/// A condition cannot be used. What the evaluator says of it is for the operator: it may quote values.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConditionError {
    #[error("{}", shown(fault, source_code))]
    Fault { fault: TemplateFault, source_code: String },
    #[error("--where is {what} for the identity {identity}; expected true or false")]
    NotBoolean { what: &'static str, identity: String },
}

/// The fault, with its line and a caret below its place.
fn shown(fault: &TemplateFault, code: &str) -> String {
    let words = fault.explanation().unwrap_or(fault.kind());
    let Some(place) = fault.place() else { return format!("--where: {words}") };
    let line = code.lines().nth(place.line - 1).unwrap_or_default();
    format!("--where: {words}\n  {line}\n  {}^", " ".repeat(place.column - 1))
}

impl Condition {
    /// A function of the identity, or an expression over `identity`.
    pub(super) fn parse(text: &str) -> Result<Self, ConditionError> {
        let own = Source::shipped(NAME, text);
        let wrapped = Source::shipped(NAME, &format!("{HEAD}{text}"));
        match Template::prepare(own.clone()) {
            Ok(template) => Ok(Self { template, source: own }),
            Err(_) if !text.trim_start().starts_with("function") => Self::prepare(wrapped),
            Err(_) => Self::prepare(own),
        }
    }

    fn prepare(source: Source) -> Result<Self, ConditionError> {
        match Template::prepare(source.clone()) {
            Ok(template) => Ok(Self { template, source }),
            Err(fault) => Err(fault_in(&source, fault)),
        }
    }

    /// Whether it is true for an identity.
    pub(super) async fn holds(&self, identity: &Value) -> Result<bool, ConditionError> {
        let not_boolean = |what| {
            let identity = identity["id"].as_str().unwrap_or("without an id").to_owned();
            Err(ConditionError::NotBoolean { what, identity })
        };
        match self.template.render(vec![("identity", identity.clone())]).await {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(Value::Null) => not_boolean("null"),
            Ok(Value::Number(_)) => not_boolean("a number"),
            Ok(Value::String(_)) => not_boolean("a text"),
            Ok(Value::Array(_)) => not_boolean("a list"),
            Ok(Value::Object(_)) => not_boolean("an object"),
            Err(RenderError::Cancelled) => not_boolean("cancelled"),
            Err(RenderError::Fault(fault)) => Err(fault_in(&self.source, fault)),
        }
    }
}

fn fault_in(source: &Source, fault: TemplateFault) -> ConditionError {
    ConditionError::Fault { fault, source_code: source.code().to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10";

    async fn result(text: &str) -> Result<bool, String> {
        let identity = json!({"id": ID, "traits": {"age": 20, "email": "ann@example.com"}});
        let condition = Condition::parse(text).map_err(|error| error.to_string())?;
        condition.holds(&identity).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn condition_is_a_function_or_an_expression() {
        let table = [
            ("identity.traits.age >= 18", true),
            ("identity.traits.age > 20", false),
            ("std.endsWith(identity.traits.email, '@example.com')", true),
            ("function(identity) identity.traits.age == 20", true),
            ("local limit = 30; function(identity) identity.traits.age > limit", false),
            ("local limit = 10; identity.traits.age > limit", true),
            ("  function(identity) true", true),
        ];
        for (text, expected) in table {
            assert_eq!(result(text).await, Ok(expected), "{text}");
        }
    }

    #[tokio::test]
    async fn only_true_and_false_are_conditions() {
        let table = [
            ("identity.traits.age", "a number"),
            ("identity.id", "a text"),
            ("identity.traits", "an object"),
            ("[identity]", "a list"),
            ("if identity.id == '' then true", "null"),
            ("error 'cancel' + identity.id", "cancelled"),
        ];
        for (text, what) in table {
            let expected =
                format!("--where is {what} for the identity {ID}; expected true or false");
            assert_eq!(result(text).await, Err(expected), "{text}");
        }
    }

    #[tokio::test]
    async fn fault_is_shown_with_its_place() {
        let error = result("identity.traits.name == 'Ann'").await.unwrap_err();
        let expected = "--where: no such field: name\n  function(identity) identity.traits.name == \
                        'Ann'\n                                     ^";
        assert_eq!(error, expected);
        for text in ["identity.", "function(identity) {", "unknown.x", "function(other) true"] {
            let error = result(text).await.unwrap_err();
            assert!(error.starts_with("--where: "), "{error}");
        }
        let error = result("function(identity)\n  identity.traits.").await.unwrap_err();
        assert!(error.contains("identity.traits."), "{error}");
    }
}
