//! Renders a template over the sample events of its function, so that a fault is found before anything
//! is deployed.

use std::collections::BTreeSet;

use annotate_snippets::Renderer;
use shared::template::{RenderError, Source, TemplateFault, Trace};

use super::{
    explain,
    rendering::{Subject, arguments, calls},
};
use crate::{
    output, terminal,
    up::samples::{SAMPLES, Sample},
};

/// What a template makes of the sample events.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// How many arguments were tried.
    pub(crate) tried: usize,
    /// The sample events with a fault.
    pub(crate) faults: Vec<(&'static str, TemplateFault)>,
}

impl Checked {
    /// Whether nothing failed.
    pub(crate) fn is_fine(&self) -> bool {
        self.faults.is_empty()
    }

    /// Tells each fault once, with its place, and the first event that has it.
    pub(crate) fn tell(&self, source: &Source) {
        let style = Renderer::styled().term_width(terminal::width().into());
        let mut told = BTreeSet::new();
        for (event, fault) in &self.faults {
            if told.insert(fault.to_string()) {
                output::note(explain(fault, source, &style));
                output::note(format_args!("{}, with events/{event}\n", source.name()));
            }
        }
    }

    /// How many of the events fail.
    pub(crate) fn summary(&self, source: &Source) -> String {
        let (name, tried) = (source.name(), self.tried);
        match self.faults.len() {
            0 => format!("{name}: all {tried} sample events render, or are cancelled"),
            failed => format!("{name}: {failed} of {tried} sample events fail"),
        }
    }
}

/// Renders over each sample event that the function delivers.
pub(crate) async fn check(subject: Subject, source: &Source) -> Checked {
    let mut checked = Checked::default();
    for sample in samples_of(subject) {
        let body = sample.event().and_then(|event| event.body()).unwrap_or_default();
        // Some events are skipped before a template is rendered.
        for ctx in arguments(subject, &body).unwrap_or_default() {
            checked.tried += 1;
            let rendered = calls(subject, source, ctx, Trace::default()).await;
            if let Err(RenderError::Fault(fault)) = rendered {
                checked.faults.push((sample.file, fault));
            }
        }
    }
    checked
}

/// The samples of a function, each file once, without those that it never renders.
pub(crate) fn samples_of(subject: Subject) -> impl Iterator<Item = &'static Sample> {
    let function = match subject {
        // Ory's events: every relay gets those of any other function.
        Subject::Relay(_) | Subject::File => segment_identify::NAME,
        _ => Subject::ALL.iter().find(|(_, one)| *one == subject).map_or("", |(name, _)| name),
    };
    let mut seen = BTreeSet::new();
    SAMPLES
        .iter()
        .filter(move |sample| sample.function == function)
        .filter(|sample| sample.expected.outcome.is_enqueued())
        .filter(move |sample| seen.insert(sample.file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_shipped_template_passes() {
        let functions = Subject::ALL.iter().map(|(name, _)| (*name).to_owned());
        let presets = relay::SHIPPED.iter().map(|shipped| format!("relay:{}", shipped.name));
        for name in functions.chain(presets) {
            let subject = Subject::named(&name).unwrap();
            let checked = check(subject, &subject.shipped_template().unwrap()).await;
            assert!(checked.is_fine() && checked.tried > 3, "{name}: {checked:?}");
        }
    }

    /// Faults with some events only, which one example would not show.
    #[tokio::test]
    async fn fault_with_one_kind_of_event_is_found() {
        let code = "function(ctx) if ctx.identity.traits.email == 'gus@example.com' then ctx.missing \
                    else error 'cancel'";
        let source = Source::shipped("mine.jsonnet", code);
        let checked = check(Subject::Segment, &source).await;
        let events: Vec<_> = checked.faults.iter().map(|(event, _)| *event).collect();
        assert_eq!(events, ["registration-phone.json", "login.json"]);
    }

    /// A result that renders and that the function refuses.
    #[tokio::test]
    async fn output_that_the_function_refuses_is_a_fault() {
        let source = Source::shipped("mine.jsonnet", "function(ctx) { message: { key: 'a' } }");
        let checked = check(Subject::Mandrill, &source).await;
        assert_eq!(checked.faults.len(), checked.tried);
        let unparsed = Source::shipped("mine.jsonnet", "function(ctx) {");
        assert!(!check(Subject::Mandrill, &unparsed).await.is_fine());
    }
}
