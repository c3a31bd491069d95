//! What a template reads.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A value that a template reads, shared with its owner: neither copied nor freed by the rendering.
#[derive(Clone)]
pub struct Input {
    /// The value itself.
    pub(super) value: Arc<Value>,
    /// Fields that it has besides, or in place of its own, if it is an object.
    pub(super) fields: Option<Arc<Value>>,
}

impl Input {
    /// The same value; an object with these fields besides, or in place of its own.
    #[must_use]
    pub fn with_fields(self, fields: Map<String, Value>) -> Self {
        let fields = self.value.is_object().then(|| Arc::new(Value::Object(fields)));
        Self { fields, ..self }
    }

    /// The value in one piece.
    pub fn into_value(self) -> Value {
        let mut value = Arc::unwrap_or_clone(self.value);
        let fields = self.fields.map(Arc::unwrap_or_clone);
        if let (Value::Object(value), Some(Value::Object(fields))) = (&mut value, fields) {
            value.extend(fields);
        }
        value
    }
}

impl From<Arc<Value>> for Input {
    fn from(value: Arc<Value>) -> Self {
        Self { value, fields: None }
    }
}

impl From<Value> for Input {
    fn from(value: Value) -> Self {
        Arc::new(value).into()
    }
}
