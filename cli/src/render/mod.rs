//! `render`: what the vendor would get of an event, or where the template fails.

pub mod rendering;

use std::{path::Path, process::ExitCode};

use clap::Args;
use serde_json::Value;
use shared::template::{RenderError, Source, TemplateFault, Trace};

use self::rendering::{Shown, Subject, argument, calls};
use crate::{command::Done, input, up::samples::Event};

const EXAMPLES: &str = "\
Examples:
  ory-actions render mandrill-welcome events/registration.json
  ory-actions render my-welcome.jsonnet events/registration.json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Render {
    /// A function, for its shipped template, or a template's file.
    #[arg(value_name = "FUNCTION|FILE.jsonnet")]
    template: String,
    /// A function URL event as in `events/`, or a file that holds just a ctx; `-` reads standard
    /// input.
    event: String,
}

impl Render {
    pub(crate) async fn run(self) -> Done {
        let (subject, source) = subject(&self.template)?;
        let ctx = read_ctx(subject, &self.event)?;
        let trace = Trace::collecting();
        let rendered = calls(subject, &source, ctx, trace.clone()).await;
        for line in trace.take() {
            eprintln!("trace: {line}");
        }
        match rendered {
            Ok(calls) if calls.is_empty() => eprintln!("nothing is to be done"),
            Ok(calls) => calls.iter().for_each(print),
            Err(RenderError::Cancelled) => eprintln!("cancelled by the template: nothing is sent"),
            Err(RenderError::Fault(fault)) => {
                eprintln!("{}", explain(&fault, source.code()));
                return Ok(ExitCode::FAILURE);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn subject(template: &str) -> Result<(Subject, Source), Box<dyn std::error::Error>> {
    let subject = Subject::named(template).unwrap_or(Subject::File);
    if let Some(shipped) = subject.shipped_template() {
        return Ok((subject, shipped));
    }
    if Path::new(template).extension().is_none_or(|extension| extension != "jsonnet") {
        let names = [mandrill_welcome::NAME, segment_identify::NAME, mailchimp_inbound::NAME];
        let names = names.join(", ");
        return Err(format!("{template} is no function ({names}) and no .jsonnet file").into());
    }
    Ok((subject, Source::shipped(template, &input::read_text(Path::new(template))?)))
}

/// What the template is rendered over.
fn read_ctx(subject: Subject, path: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let bytes = input::read(Path::new(path))?;
    let body = Event::read(&bytes).and_then(|event| event.body()).unwrap_or(bytes);
    Ok(argument(subject, &body).map_err(|nothing| format!("{path}: {nothing}"))?)
}

/// What is sent, on standard output, and where it goes, beside it.
fn print(call: &Shown) {
    if let Some(to) = &call.to {
        eprintln!("{to}");
    }
    println!("{:#}", call.body);
}

/// The fault with its line of source and a caret under the place.
fn explain(fault: &TemplateFault, code: &str) -> String {
    let words = fault.explanation().unwrap_or(fault.kind());
    let Some(place) = fault.place() else { return format!("{fault}\n{words}") };
    let line = code.lines().nth(place.line - 1).unwrap_or_default();
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let indent = " ".repeat(place.column - 1);
    format!("{fault}\n{margin} |\n{number} | {line}\n{margin} | {indent}^ {words}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_fault_shows_its_line_with_a_caret() {
        let code = "function(ctx) {\n  a: ctx.identity.missing,\n}";
        let source = Source::shipped("t.jsonnet", code);
        let ctx = json!({"identity": {}});
        let Err(RenderError::Fault(fault)) =
            calls(Subject::File, &source, ctx, Trace::default()).await
        else {
            panic!("rendered");
        };
        let expected = "\
template fault: t.jsonnet: no such field at line 2, column 19
  |
2 |   a: ctx.identity.missing,
  |                   ^ no such field: missing";
        assert_eq!(explain(&fault, code), expected);
    }
}
