//! The template editor: renders a draft over an event.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::template::{RenderError, Source, TemplateFault, Trace};

use super::Console;
use crate::render::rendering::{Shown, Subject, calls};

/// A template that is being edited, and an event.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Draft {
    /// The number of the event.
    pub(super) event: usize,
    /// The template.
    pub(super) code: String,
}

/// The result of a draft.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Calls(Vec<Shown>),
    Cancelled,
    Fault { text: String, line: Option<usize>, column: Option<usize> },
}

/// Renders a draft over its event; `None` if there is no such event.
pub(super) async fn render(console: &Console, draft: &Draft) -> Option<Value> {
    let event = console.events.event(draft.event)?;
    let subject = Subject::named(event.function)?;
    let source = Source::shipped("template", &draft.code);
    let trace = Trace::collecting();
    let outcome = match calls(subject, &source, event.argument, trace.clone()).await {
        Ok(calls) => Outcome::Calls(calls),
        Err(RenderError::Cancelled) => Outcome::Cancelled,
        Err(RenderError::Fault(fault)) => described(&fault),
    };
    Some(json!({
        "outcome": outcome,
        "trace": trace.take(),
        "variable": format!("base64://{}", STANDARD.encode(&draft.code)),
    }))
}

fn described(fault: &TemplateFault) -> Outcome {
    Outcome::Fault {
        text: fault.explanation().unwrap_or(fault.kind()).to_owned(),
        line: fault.place().map(|place| place.line),
        column: fault.place().map(|place| place.column),
    }
}
