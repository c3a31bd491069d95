//! `render`: what the vendor would get of an event, or where the template fails.

use std::{fs, path::Path, process::ExitCode};

use clap::Args;
use serde_json::{Map, Value};
use shared::{
    ctx::{Ctx, Reduced},
    deliver::EventFacts,
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

/// What is rendered, and how its result is completed.
enum Subject {
    Function,
    File,
}

impl Render {
    pub(super) async fn run(self) -> Done {
        let (subject, source) = self.source()?;
        let ctx = read_ctx(&self.event)?;
        let trace = Trace::collecting();
        let rendered = render(&source, &ctx, trace.clone()).await;
        for line in trace.take() {
            eprintln!("trace: {line}");
        }
        match rendered.and_then(|result| complete(&subject, &source, result)) {
            Ok(call) => println!("{call:#}"),
            Err(RenderError::Cancelled) => eprintln!("cancelled by the template: nothing is sent"),
            Err(RenderError::Fault(fault)) => {
                eprintln!("{}", explain(&fault, source.code()));
                return Ok(ExitCode::FAILURE);
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn source(&self) -> Result<(Subject, Source), Box<dyn std::error::Error>> {
        if self.template == mandrill_welcome::NAME {
            let shipped = mandrill_welcome::SHIPPED_TEMPLATE;
            return Ok((Subject::Function, Source::shipped("welcome.jsonnet", shipped)));
        }
        if Path::new(&self.template).extension().is_none_or(|extension| extension != "jsonnet") {
            let known = mandrill_welcome::NAME;
            return Err(
                format!("{} is no function ({known}) and no .jsonnet file", self.template).into()
            );
        }
        let code = read(&self.template)?;
        Ok((Subject::File, Source::shipped(&self.template, &String::from_utf8(code)?)))
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

fn read_ctx(path: &str) -> Result<Reduced, Box<dyn std::error::Error>> {
    let bytes = read(path)?;
    let body = Event::read(&bytes).and_then(|event| event.body()).unwrap_or(bytes);
    Ok(Ctx::decode(&body).map_err(|error| format!("{path}: {error}"))?.reduce())
}

async fn render(source: &Source, ctx: &Reduced, trace: Trace) -> Result<Value, RenderError> {
    let template = Template::prepare_tracing(source.clone(), trace)?;
    template.render(vec![("ctx", ctx.as_value().clone())]).await
}

/// A function's result is checked and completed as the function does it.
fn complete(subject: &Subject, source: &Source, result: Value) -> Result<Value, RenderError> {
    let Subject::Function = subject else {
        return Ok(result);
    };
    let broken = |rule| RenderError::Fault(Fault::new(source.name(), rule));
    let Value::Object(mut result) = result else {
        return Err(broken("the result is no object"));
    };
    result.remove("idempotency_key");
    let event = EventFacts { vendor_key: SHOWN_VENDOR_KEY, received_at: OffsetDateTime::now_utc() };
    let call = mandrill_welcome::Call::prepare(result, &event).map_err(broken)?;
    eprintln!("POST {}", call.method);
    Ok(Value::Object(Map::from_iter(call.body)))
}

/// The fault with its line of source and a caret under the place.
fn explain(fault: &Fault, code: &str) -> String {
    let words = fault.explanation().unwrap_or(fault.kind());
    let Some(place) = fault.place() else {
        return format!("{fault}\n{words}");
    };
    let line = code.lines().nth(place.line - 1).unwrap_or_default();
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let indent = " ".repeat(place.column - 1);
    format!("{fault}\n{margin} |\n{number} | {line}\n{margin} | {indent}^ {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fault_shows_its_line_with_a_caret() {
        let code = "function(ctx) {\n  a: ctx.identity.missing,\n}";
        let source = Source::shipped("t.jsonnet", code);
        let ctx = Ctx::decode(br#"{"identity":{}}"#).unwrap().reduce();
        let Err(RenderError::Fault(fault)) = render(&source, &ctx, Trace::default()).await else {
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
