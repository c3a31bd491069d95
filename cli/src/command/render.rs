//! `render`: what the vendor would get of an event, or where the template fails.

use std::{fs, path::Path, process::ExitCode};

use clap::Args;
use mailchimp_inbound::{
    event::{self, Decoded},
    form, template_argument,
};
use serde_json::Value;
use shared::{
    ctx::Ctx,
    deliver::{EventFacts, Rendered, Unfit},
    segment,
    template::{Fault, RenderError, Source, Template, Trace},
};
use time::OffsetDateTime;

use super::Done;
use crate::samples::Event;

/// Stands where the function puts the key of the event.
const SHOWN_VENDOR_KEY: &str = "00000000000000000000000000000000";

#[derive(Args)]
pub(super) struct Render {
    /// A function, for its shipped template, or a template's file.
    #[arg(value_name = "FUNCTION|FILE.jsonnet")]
    template: String,
    /// A function URL event as in `events/`, or a file that holds just a ctx.
    event: String,
}

/// What is rendered; a function's result is checked and completed as the function does it.
#[derive(Clone, Copy)]
enum Subject {
    Mandrill,
    Segment,
    Mailchimp,
    File,
}

impl Render {
    pub(super) async fn run(self) -> Done {
        let (subject, source) = subject(&self.template)?;
        let ctx = read_ctx(&self.event)?;
        let trace = Trace::collecting();
        let rendered = render(&source, ctx, trace.clone()).await;
        for line in trace.take() {
            eprintln!("trace: {line}");
        }
        match rendered.and_then(|result| complete(subject, &source, result)) {
            Ok(call) => println!("{call:#}"),
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
    let shipped = match template {
        mandrill_welcome::NAME => (Subject::Mandrill, mandrill_welcome::shipped_template()),
        segment_identify::NAME => (Subject::Segment, segment_identify::shipped_template()),
        mailchimp_inbound::NAME => (Subject::Mailchimp, mailchimp_inbound::shipped_template()),
        file if Path::new(file).extension().is_some_and(|extension| extension == "jsonnet") => {
            let code = String::from_utf8(read(file)?)?;
            (Subject::File, Source::shipped(file, &code))
        }
        other => {
            let names = [mandrill_welcome::NAME, segment_identify::NAME, mailchimp_inbound::NAME]
                .join(", ");
            return Err(format!("{other} is no function ({names}) and no .jsonnet file").into());
        }
    };
    Ok(shipped)
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

/// What the template is rendered over: Ory's reduced ctx, or Mailchimp's typed event.
fn read_ctx(path: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let bytes = read(path)?;
    let body = Event::read(&bytes).and_then(|event| event.body()).unwrap_or(bytes);
    match Ctx::decode(&body) {
        Ok(ctx) => Ok(ctx.reduce().as_value().clone()),
        Err(not_ory) => match form::decode(&body).map(|form| event::read(&form)) {
            Ok(Ok(Decoded::Event(event))) => Ok(template_argument(&event)),
            Ok(Ok(Decoded::Unknown { kind })) => {
                Err(format!("{path}: events of type {kind} are skipped").into())
            }
            _ => Err(format!("{path}: {not_ory}; and it is no form of Mailchimp's").into()),
        },
    }
}

async fn render(source: &Source, ctx: Value, trace: Trace) -> Result<Value, RenderError> {
    let template = Template::prepare_tracing(source.clone(), trace)?;
    template.render(vec![("ctx", ctx)]).await
}

fn complete(subject: Subject, source: &Source, result: Value) -> Result<Value, RenderError> {
    let broken = |rule| RenderError::Fault(Fault::new(source.name(), rule));
    if matches!(subject, Subject::File | Subject::Mailchimp) {
        return Ok(result);
    }
    let Value::Object(mut result) = result else { return Err(broken("the result is no object")) };
    result.remove("idempotency_key");
    call(subject, result).map_err(|unfit| match unfit {
        Unfit::Rule(rule) | Unfit::Blocked(rule) => broken(rule),
    })
}

/// The call, on standard output; where it goes, beside it.
fn call(subject: Subject, result: Rendered) -> Result<Value, Unfit> {
    let now = OffsetDateTime::now_utc();
    let event = EventFacts { vendor_key: SHOWN_VENDOR_KEY, received_at: now };
    let (path, body) = if let Subject::Mandrill = subject {
        let call = mandrill_welcome::Call::prepare(result, &event).map_err(Unfit::Rule)?;
        (call.method, call.body)
    } else {
        let call = segment::Call::prepare(result, &event, segment_identify::NAME)?;
        (call.kind.path(), call.body)
    };
    eprintln!("POST {path}");
    Ok(Value::Object(body))
}

/// The fault with its line of source and a caret under the place.
fn explain(fault: &Fault, code: &str) -> String {
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
        let Err(RenderError::Fault(fault)) = render(&source, ctx, Trace::default()).await else {
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
