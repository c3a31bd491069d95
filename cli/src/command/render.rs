//! `render`: what the vendor would get of an event, or where the template fails.

use std::{fs, path::Path, process::ExitCode};

use clap::Args;
use mailchimp_inbound::{
    PatchPaths, TemplateResult,
    event::{self, Decoded},
    form, template_argument,
};
use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    deliver::{EventFacts, Rendered, Unfit},
    segment,
    template::{Fault, RenderError, Source, Template, Trace},
};
use time::OffsetDateTime;

use super::Done;
use crate::{samples::Event, standins::ory::person};

/// Stands where the function puts the key of the event.
const SHOWN_VENDOR_KEY: &str = "00000000000000000000000000000000";

/// Whom an event of Mailchimp's is about, as far as a rendering goes.
const SOMEBODY: &str = "00000000-1111-4111-8111-000000000000";

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
            Ok(calls) if calls.is_empty() => eprintln!("nothing is to be done"),
            Ok(calls) => calls.iter().for_each(Shown::print),
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
            Ok(Ok(Decoded::Event(event))) => {
                let somebody = event.address().map(|address| person(SOMEBODY, address));
                Ok(template_argument(&event, somebody.as_ref()))
            }
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

/// A call: what is sent, on standard output, and where it goes, beside it.
#[derive(Debug, PartialEq)]
struct Shown {
    to: Option<String>,
    body: Value,
}

impl Shown {
    fn print(&self) {
        if let Some(to) = &self.to {
            eprintln!("{to}");
        }
        println!("{:#}", self.body);
    }
}

fn complete(subject: Subject, source: &Source, result: Value) -> Result<Vec<Shown>, RenderError> {
    calls(subject, result).map_err(|unfit| match unfit {
        Unfit::Rule(rule) | Unfit::Blocked(rule) => {
            RenderError::Fault(Fault::new(source.name(), rule))
        }
    })
}

fn calls(subject: Subject, result: Value) -> Result<Vec<Shown>, Unfit> {
    if matches!(subject, Subject::File) {
        return Ok(vec![Shown { to: None, body: result }]);
    }
    let Value::Object(mut result) = result else {
        return Err(Unfit::Rule("the result is no object"));
    };
    result.remove("idempotency_key");
    match subject {
        Subject::Mandrill => Ok(vec![to_mandrill(result)?]),
        Subject::Mailchimp => to_ory_and_segment(result),
        Subject::Segment | Subject::File => Ok(vec![to_segment(result, segment_identify::NAME)?]),
    }
}

fn event_facts() -> EventFacts<'static> {
    EventFacts { vendor_key: SHOWN_VENDOR_KEY, received_at: OffsetDateTime::now_utc() }
}

fn to_mandrill(result: Rendered) -> Result<Shown, Unfit> {
    let call = mandrill_welcome::Call::prepare(result, &event_facts()).map_err(Unfit::Rule)?;
    Ok(Shown { to: Some(format!("POST {}", call.method)), body: Value::Object(call.body) })
}

fn to_segment(result: Rendered, library: &str) -> Result<Shown, Unfit> {
    let call = segment::Call::prepare(result, &event_facts(), library)?;
    Ok(Shown { to: Some(format!("POST {}", call.kind.path())), body: Value::Object(call.body) })
}

/// Both parts of what a template makes of Mailchimp's event, in the order in which they are sent.
fn to_ory_and_segment(result: Rendered) -> Result<Vec<Shown>, Unfit> {
    let result = TemplateResult::of(result, &PatchPaths::default()).map_err(Unfit::Rule)?;
    let mut shown = Vec::new();
    if !result.patch.is_empty() {
        let to = Some(format!("PATCH admin/identities/{SOMEBODY}"));
        shown.push(Shown { to, body: json!(result.patch) });
    }
    if let Some(call) = result.segment {
        shown.push(to_segment(call, mailchimp_inbound::NAME)?);
    }
    Ok(shown)
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
    use super::*;

    /// What the shipped template makes of a sample.
    async fn rendered(sample: &str) -> Result<Vec<Shown>, RenderError> {
        let (subject, source) = subject(mailchimp_inbound::NAME).unwrap();
        let file = format!("{}/../events/{sample}", env!("CARGO_MANIFEST_DIR"));
        let result = render(&source, read_ctx(&file).unwrap(), Trace::default()).await?;
        complete(subject, &source, result)
    }

    #[tokio::test]
    async fn an_event_of_mailchimps_shows_the_patch_and_the_call() {
        let [patch, call] = &rendered("mailchimp-unsubscribe.json").await.unwrap()[..] else {
            panic!("not two calls");
        };
        assert_eq!(patch.to.as_deref(), Some(&*format!("PATCH admin/identities/{SOMEBODY}")));
        assert_eq!(patch.body[0]["path"], "/traits/consent/newsletter");
        assert_eq!(call.to.as_deref(), Some("POST identify"));
        assert_eq!(call.body["userId"], SOMEBODY);
        assert_eq!(call.body["integrations"]["MailChimp"], false);

        let patch_only = rendered("mailchimp-cleaned.json").await.unwrap();
        assert_eq!(patch_only.len(), 1);
        let cancelled = rendered("mailchimp-campaign.json").await;
        assert!(matches!(cancelled, Err(RenderError::Cancelled)));
    }

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
