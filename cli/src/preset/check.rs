//! What a preset makes of events.

use std::fmt;

use relay::{
    Preset,
    preview::{Preview, preview},
};
use serde_json::Value;
use shared::template::{RenderError, Source, Template};

use crate::{
    exit::InvalidInput,
    render::rendering::{Subject, argument},
    up::samples::{Event, SAMPLES},
};

/// An event, and what the preset makes of it.
pub(super) struct Tested {
    event: String,
    result: Result<Option<Preview>, String>,
}

impl Tested {
    /// Whether it leads to no call and was not cancelled.
    pub(super) fn has_failed(&self) -> bool {
        self.result.is_err()
    }
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(None) => writeln!(f, "{}: cancelled", self.event),
            Err(why) => writeln!(f, "{}: {why}", self.event),
            Ok(Some(Preview { to, headers, body })) => {
                writeln!(f, "{}:\n{to}", self.event)?;
                for (name, value) in headers {
                    writeln!(f, "{name}: {value}")?;
                }
                if *body == Value::Null { Ok(()) } else { writeln!(f, "{body:#}") }
            }
        }
    }
}

/// Renders the template of the preset over `events`, by default the samples that Ory sends to a
/// function after a flow.
pub(super) async fn check(
    preset: &Preset,
    name: &str,
    events: Vec<(String, Vec<u8>)>,
) -> Result<Vec<Tested>, InvalidInput> {
    let code = preset.template.as_deref().ok_or_else(|| {
        InvalidInput::new(format!("{name}: it has no `template`; a relay would need TEMPLATE"))
    })?;
    let template = Template::prepare(Source::shipped(name, code))
        .map_err(|fault| InvalidInput::new(format!("{name}: {fault}")))?;
    let events = if events.is_empty() { samples() } else { events };
    let mut tested = Vec::new();
    for (event, bytes) in events {
        let result = result(preset, &template, &bytes).await;
        tested.push(Tested { event, result });
    }
    Ok(tested)
}

async fn result(
    preset: &Preset,
    template: &Template,
    bytes: &[u8],
) -> Result<Option<Preview>, String> {
    let body = Event::read(bytes).and_then(|event| event.body());
    let body = body.unwrap_or_else(|_| bytes.to_vec());
    let ctx = argument(Subject::Segment, &body).map_err(|nothing| nothing.to_string())?;
    match preview(preset, template, ctx).await {
        Ok(preview) => Ok(Some(preview)),
        Err(RenderError::Cancelled) => Ok(None),
        Err(RenderError::Fault(fault)) => Err(fault.to_string()),
    }
}

/// The samples of `segment-identify`, but for those before the identity is saved: they make no call.
fn samples() -> Vec<(String, Vec<u8>)> {
    let of_ory = SAMPLES.iter().filter(|sample| sample.function == segment_identify::NAME);
    let saved = of_ory.filter(|sample| !sample.file.contains("before-save"));
    saved.map(|sample| (sample.file.to_owned(), sample.json().as_bytes().to_vec())).collect()
}
