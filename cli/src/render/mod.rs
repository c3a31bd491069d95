//! `render`: what the vendor would receive for an event, or where the template fails.

pub(crate) mod check;
pub mod rendering;
mod subscribe;

use std::{path::Path, process::ExitCode};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use clap::Args;
use serde_json::Value;
use shared::template::{RenderError, Source, TemplateFault, Trace};

use self::rendering::{Shown, Subject, arguments, calls};
use crate::{
    command::Done,
    exit::InvalidInput,
    input,
    output::{self, OutputError},
    terminal,
    up::samples::Event,
};

const EXAMPLES: &str = "\
Examples:
  ory-actions render mandrill-welcome events/registration.json
  ory-actions render mandrill-inbound events/mandrill-hard-bounce.json
  ory-actions render relay:hubspot events/registration.json
  ory-actions render my-welcome.jsonnet events/registration.json
  ory-actions render mandrill-welcome=my-welcome.jsonnet --check";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Render {
    /// A function, to use its built-in template, a relay with its preset (`relay:hubspot`), a template
    /// file, or a function with a template file in place of the built-in one.
    #[arg(value_name = "FUNCTION|relay:PRESET|FILE.jsonnet|FUNCTION=FILE.jsonnet")]
    template: String,
    /// A function URL event as in `events/`, or a file with only a ctx; `-` reads standard input.
    #[arg(required_unless_present = "check")]
    event: Option<String>,
    /// Render over all sample events of the function, and show only what fails.
    #[arg(long, conflicts_with = "event")]
    check: bool,
}

impl Render {
    pub(crate) async fn run(self) -> Done {
        let (subject, source) = subject(&self.template)?;
        let Some(event) = self.event else { return check_all(subject, &source).await };
        let mut code = ExitCode::SUCCESS;
        for ctx in read_arguments(subject, &event)? {
            if !show(subject, &source, ctx).await? {
                code = ExitCode::FAILURE;
            }
        }
        Ok(code)
    }
}

async fn check_all(subject: Subject, source: &Source) -> Done {
    if subject == Subject::File {
        let name = source.name();
        return Err(InvalidInput::new(format!(
            "whose template is it? Put its function before it, such as mandrill-welcome={name}"
        ))
        .into());
    }
    let checked = check::check(subject, source).await;
    checked.tell(source);
    output::line(checked.summary(source))?;
    Ok(if checked.is_fine() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows what would be sent for one event; false if the template fails.
async fn show(subject: Subject, source: &Source, ctx: Value) -> Result<bool, OutputError> {
    let trace = Trace::collecting();
    let rendered = calls(subject, source, ctx, trace.clone()).await;
    for line in trace.take() {
        output::note(format_args!("trace: {line}"));
    }
    match rendered {
        Ok(calls) if calls.is_empty() => output::note("no calls would be made"),
        Ok(calls) => calls.iter().try_for_each(print)?,
        Err(RenderError::Cancelled) => {
            output::note("cancelled by the template: no calls would be made");
        }
        Err(RenderError::Fault(fault)) => {
            let style = Renderer::styled().term_width(terminal::width().into());
            output::note(explain(&fault, source, &style));
            return Ok(false);
        }
    }
    Ok(true)
}

fn subject(template: &str) -> Result<(Subject, Source), InvalidInput> {
    if let Some((function, file)) = template.split_once('=') {
        let subject = Subject::named(function).ok_or_else(|| not_a_function(function))?;
        return Ok((subject, Source::shipped(file, &input::read_text(Path::new(file))?)));
    }
    let subject = Subject::named(template).unwrap_or(Subject::File);
    if let Some(shipped) = subject.shipped_template() {
        return Ok((subject, shipped));
    }
    if Path::new(template).extension().is_none_or(|extension| extension != "jsonnet") {
        return Err(not_a_function(template));
    }
    Ok((subject, Source::shipped(template, &input::read_text(Path::new(template))?)))
}

fn not_a_function(word: &str) -> InvalidInput {
    let names = Subject::ALL.map(|(name, _)| name).join(", ");
    let presets: Vec<_> = relay::SHIPPED.iter().map(|shipped| shipped.name).collect();
    let presets = presets.join(", ");
    InvalidInput::new(format!(
        "{word} is neither a function ({names}, or relay: with {presets}) nor a .jsonnet file"
    ))
}

/// The arguments of the template: Mandrill tells of several events at once.
fn read_arguments(subject: Subject, path: &str) -> Result<Vec<Value>, InvalidInput> {
    let bytes = input::read(Path::new(path))?;
    let body = Event::read(&bytes).and_then(|event| event.body()).unwrap_or(bytes);
    let nothing = |nothing| InvalidInput::new(format!("{path}: {nothing}"));
    arguments(subject, &body).map_err(nothing)
}

/// Prints the body to standard output, and the destination to standard error.
fn print(call: &Shown) -> Result<(), OutputError> {
    if let Some(to) = &call.to {
        output::note(to);
    }
    output::line(format_args!("{:#}", call.body))
}

/// The fault, with its source line and a caret at its position.
pub(crate) fn explain(fault: &TemplateFault, source: &Source, renderer: &Renderer) -> String {
    let words = fault.explanation().unwrap_or(fault.kind());
    let title = Level::ERROR.primary_title(format!("template fault: {}", fault.kind()));
    let Some(place) = fault.place() else {
        return renderer.render(&[title.element(Level::NOTE.message(words))]);
    };
    let line = source.code().lines().nth(place.line - 1).unwrap_or_default();
    let mut at = line.char_indices().skip(place.column - 1);
    let span = at.next().map_or(line.len()..line.len(), |(at, one)| at..at + one.len_utf8());
    let snippet = Snippet::source(line)
        .path(source.name())
        .line_start(place.line)
        .annotation(AnnotationKind::Primary.span(span).label(words));
    renderer.render(&[title.element(snippet)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn template_fault_shows_its_line_with_a_caret() {
        let code = "function(ctx) {\n  a: ctx.identity.missing,\n}";
        let source = Source::shipped("t.jsonnet", code);
        let ctx = json!({"identity": {}});
        let Err(RenderError::Fault(fault)) =
            calls(Subject::File, &source, ctx, Trace::default()).await
        else {
            panic!("rendered");
        };
        let expected = "\
error: template fault: no such field
 --> t.jsonnet:2:19
  |
2 |   a: ctx.identity.missing,
  |                   ^ no such field: missing";
        assert_eq!(explain(&fault, &source, &Renderer::plain()), expected);
    }
}
