//! What comes of one rendering.

use std::fmt;

use serde_json::Value;
use shared::template::RenderError;

/// What an evaluator makes of a template and its ctx.
pub(super) enum Answer {
    /// This JSON.
    Json(Value),
    /// The event is not wanted.
    Cancelled,
    /// The template is at fault, in the evaluator's own words.
    Fault(String),
}

impl Answer {
    /// Whether both say the same. Each evaluator explains faults in its own words.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Json(one), Self::Json(another)) => are_alike(one, another),
            (Self::Cancelled, Self::Cancelled) | (Self::Fault(_), Self::Fault(_)) => true,
            _ => false,
        }
    }
}

impl From<Result<Value, RenderError>> for Answer {
    fn from(rendered: Result<Value, RenderError>) -> Self {
        match rendered {
            Ok(json) => Self::Json(json),
            Err(RenderError::Cancelled) => Self::Cancelled,
            Err(RenderError::Fault(fault)) => {
                Self::Fault(format!("{fault}: {}", fault.explanation().unwrap_or_default()))
            }
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(json) => write!(f, "{json}"),
            Self::Cancelled => write!(f, "cancelled"),
            Self::Fault(text) => write!(f, "fault: {}", text.trim_end()),
        }
    }
}

fn are_alike(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Array(one), Value::Array(another)) => {
            one.len() == another.len() && one.iter().zip(another).all(|(a, b)| are_alike(a, b))
        }
        (Value::Object(one), Value::Object(another)) => {
            let alike = |((name, a), (other, b))| name == other && are_alike(a, b);
            one.len() == another.len() && one.iter().zip(another).all(alike)
        }
        // Ory writes 1 where we write 1.0, and -0 where we write 0.
        (Value::Number(one), Value::Number(another)) => one.as_f64() == another.as_f64(),
        _ => one == another,
    }
}
