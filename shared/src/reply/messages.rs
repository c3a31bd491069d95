//! Messages that stop a flow, in Ory's shape.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::BrokenRule;
use crate::ctx::SanitizedCtx;

/// The pointer of a message that belongs to no field.
const WHOLE_FORM: &str = "#/";

/// At least one message, in Ory's shape.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Messages(Vec<Value>);

impl fmt::Debug for Messages {
    /// Their text may quote a person's input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messages at {} places", self.0.len())
    }
}

impl Messages {
    /// One error at a field, or, without one, for the form as a whole.
    pub fn error(id: i64, text: &str, at: Option<&str>) -> Self {
        let pointer = at.unwrap_or(WHOLE_FORM);
        Self(vec![json!({
            "instance_ptr": pointer,
            "messages": [{"id": id, "text": text, "type": "error", "context": {}}],
        })])
    }

    /// The body that Kratos parses.
    pub fn body(&self) -> Value {
        json!({ "messages": self.0 })
    }

    /// Reads the reply template's output.
    pub(super) fn read(messages: &Value, ctx: &SanitizedCtx) -> Result<Self, BrokenRule> {
        let groups = filled(messages)?;
        groups.iter().map(|group| read_group(group, ctx)).collect::<Result<_, _>>().map(Self)
    }
}

fn filled(list: &Value) -> Result<&Vec<Value>, BrokenRule> {
    let list = list.as_array().ok_or(BrokenRule::Shape)?;
    if list.is_empty() { Err(BrokenRule::MessagesEmpty) } else { Ok(list) }
}

fn read_group(group: &Value, ctx: &SanitizedCtx) -> Result<Value, BrokenRule> {
    let pointer =
        group.get("instance_ptr").and_then(Value::as_str).ok_or(BrokenRule::InstancePtr)?;
    if !is_form_or_trait(pointer, ctx) {
        return Err(BrokenRule::InstancePtr);
    }
    let inner = filled(group.get("messages").ok_or(BrokenRule::MessagesEmpty)?)?;
    let inner: Vec<_> = inner.iter().map(read_message).collect::<Result<_, _>>()?;
    Ok(json!({"instance_ptr": pointer, "messages": inner}))
}

fn read_message(message: &Value) -> Result<Value, BrokenRule> {
    let id = message.get("id").and_then(Value::as_i64).ok_or(BrokenRule::MessageId)?;
    let text = message.get("text").and_then(Value::as_str).ok_or(BrokenRule::Shape)?;
    let kind = message.get("type").and_then(Value::as_str).ok_or(BrokenRule::MessageType)?;
    // Kratos takes any other word for `info`.
    if !["error", "info", "success"].contains(&kind) {
        return Err(BrokenRule::MessageType);
    }
    let context = message.get("context").cloned().unwrap_or_else(|| json!({}));
    Ok(json!({"id": id, "text": text, "type": kind, "context": context}))
}

/// Kratos adds a new input to the form for a pointer that it does not know.
fn is_form_or_trait(pointer: &str, ctx: &SanitizedCtx) -> bool {
    pointer == WHOLE_FORM
        || pointer
            .strip_prefix("#/traits/")
            .is_some_and(|path| ctx.traits().pointer(&format!("/{path}")).is_some())
}

#[cfg(test)]
mod tests {
    use super::{super::Reply, *};
    use crate::ctx::Ctx;

    fn build(messages: &Value) -> Result<Reply, BrokenRule> {
        let body = json!({
            "identity": {"id": "x", "traits": {"email": "ann@example.com", "a/b": {"c": 1}}},
        });
        let ctx = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
        Reply::build(&json!({ "messages": messages }), &ctx)
    }

    fn one(pointer: &str, message: &Value) -> Value {
        json!([{"instance_ptr": pointer, "messages": [message]}])
    }

    fn good() -> Value {
        json!({"id": 1, "text": "no", "type": "error", "context": {}})
    }

    #[test]
    fn message_is_at_the_form_or_an_existing_trait() {
        for pointer in ["#/", "#/traits/email", "#/traits/a~1b/c"] {
            assert!(build(&one(pointer, &good())).is_ok(), "{pointer}");
        }
        for pointer in
            ["", "#", "/traits/email", "#/traits/", "#/traits/phone", "#/traits", "email"]
        {
            assert_eq!(build(&one(pointer, &good())), Err(BrokenRule::InstancePtr), "{pointer}");
        }
    }

    #[test]
    fn messages_invalid_for_kratos_are_refused() {
        let table = [
            (json!([]), BrokenRule::MessagesEmpty),
            (json!([{"instance_ptr": "#/", "messages": []}]), BrokenRule::MessagesEmpty),
            (json!([{"instance_ptr": "#/"}]), BrokenRule::MessagesEmpty),
            (json!([{"messages": [good()]}]), BrokenRule::InstancePtr),
            (json!({}), BrokenRule::Shape),
            (one("#/", &json!({"id": "1", "text": "no", "type": "error"})), BrokenRule::MessageId),
            (one("#/", &json!({"id": 1.5, "text": "no", "type": "error"})), BrokenRule::MessageId),
            (
                one("#/", &json!({"id": 1, "text": "no", "type": "validation"})),
                BrokenRule::MessageType,
            ),
            (one("#/", &json!({"id": 1, "text": "no"})), BrokenRule::MessageType),
            (one("#/", &json!({"id": 1, "type": "error"})), BrokenRule::Shape),
        ];
        for (messages, rule) in table {
            assert_eq!(build(&messages), Err(rule), "{messages}");
        }
    }

    #[test]
    fn missing_context_is_empty() {
        let bare = json!({"id": 1, "text": "no", "type": "info"});
        let Ok(Reply::Messages(messages)) = build(&one("#/", &bare)) else { panic!("refused") };
        assert_eq!(messages.body()["messages"][0]["messages"][0]["context"], json!({}));
    }
}
