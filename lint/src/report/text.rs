//! The report for people: one block per rule, with the lines of the templates.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use textwrap::{Options, WordSplitter};

use super::{Finding, Kind, Report, Severity};
use crate::{Place, Rule, shown};

/// The width in columns of a report that is not for a terminal.
const USUAL_WIDTH: usize = 80;

/// What stands before a text: a line number of four digits at most, and ` = `.
const MARGIN: usize = 7;

impl Report {
    /// For people.
    pub fn to_text(&self, file: &str) -> String {
        self.render(file, USUAL_WIDTH, Renderer::plain())
    }

    /// For people at a terminal of this width, in columns.
    pub fn to_colored_text(&self, file: &str, width: usize) -> String {
        self.render(file, width, Renderer::styled())
    }

    fn render(&self, file: &str, width: usize, renderer: Renderer) -> String {
        let renderer = renderer.term_width(width);
        let templates = self.sources.iter();
        let templates = templates.map(|(path, code)| (path.as_str(), shown::without_keys(code)));
        let lines = Lines { file, width, templates: templates.collect() };
        let mut blocks = Vec::new();
        let mut seen: Vec<&Rule> = Vec::new();
        for Finding { rule, .. } in &self.findings {
            if !seen.contains(rule) {
                seen.push(rule);
                blocks.push(renderer.render(&[self.of_rule(rule, &lines)]));
            }
        }
        for (path, note) in &self.notes {
            let note = wrapped(note, width, "note: ");
            let note = Level::NOTE.primary_title(note).element(Origin::path(path_in(file, path)));
            blocks.push(renderer.render(&[note]));
        }
        blocks.push(wrapped(&format!("{file}: {}", self.summary()), width, ""));
        blocks.join("\n\n")
    }

    /// A rule, with every place where it is broken.
    fn of_rule<'t>(&'t self, rule: &'static Rule, lines: &'t Lines<'t>) -> Group<'t> {
        let findings = self.findings.iter().filter(|finding| finding.rule == rule);
        let level = match rule.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let parts = [("Problem", rule.description), ("Fix", rule.help), ("Source", rule.source)];
        let parts = parts.map(|(name, text)| {
            let label = format!("{name}: ");
            Level::NOTE.with_name(name).message(wrapped(
                text,
                lines.width.saturating_sub(MARGIN),
                &label,
            ))
        });
        level
            .primary_title(rule.title)
            .id(rule.name)
            .elements(findings.flat_map(|finding| lines.of(finding)))
            .elements(parts)
    }

    fn summary(&self) -> String {
        let checked = match self.kind {
            Kind::Kratos => "Kratos configuration",
            Kind::Project => "Ory project",
            Kind::Template => "template; fields of ctx were not checked, as its hook is unknown",
        };
        let counts = match self.kind {
            Kind::Template => String::new(),
            Kind::Kratos | Kind::Project => format!(
                " with {} and {}",
                many(self.web_hooks, "webhook"),
                many(self.templates, "readable template")
            ),
        };
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let found = match errors + warnings {
            0 => "no problems found".to_owned(),
            _ => format!("{}, {}", many(errors, "error"), many(warnings, "warning")),
        };
        format!("{checked}{counts}: {found}")
    }
}

/// The templates in printable form, by path.
struct Lines<'t> {
    file: &'t str,
    width: usize,
    templates: BTreeMap<&'t str, Option<String>>,
}

impl<'t> Lines<'t> {
    /// Where a finding is: the line of the template, or its path.
    fn of(&'t self, finding: &'t Finding) -> Vec<Element<'t>> {
        let path = path_in(self.file, &finding.path);
        let Some(place) = finding.place else {
            return self.with_detail(Origin::path(path).into(), &finding.detail);
        };
        let template = self.templates.get(finding.path.as_str());
        let line = template.and_then(|code| code.as_deref()?.lines().nth(place.line - 1));
        if let Some(line) = line {
            return self.snippet(path, line, place, &finding.detail);
        }
        let origin = Origin::path(path).line(place.line).char_column(place.column);
        self.with_detail(origin.into(), &finding.detail)
    }

    /// The line with a caret, and the detail beside the caret if it fits there.
    fn snippet(
        &self,
        path: &'t str,
        line: &'t str,
        place: Place,
        detail: &'t str,
    ) -> Vec<Element<'t>> {
        let mut at =
            line.char_indices().skip(place.column - 1).map(|(at, one)| at..at + one.len_utf8());
        let span = at.next().unwrap_or(line.len()..line.len());
        let caret = AnnotationKind::Primary.span(span);
        let snippet = Snippet::source(line).line_start(place.line).path(path);
        if MARGIN + place.column + 1 + detail.chars().count() > self.width {
            return self.with_detail(snippet.annotation(caret).into(), detail);
        }
        let caret = if detail.is_empty() { caret } else { caret.label(detail) };
        vec![snippet.annotation(caret).into()]
    }

    fn with_detail(&self, origin: Element<'t>, detail: &str) -> Vec<Element<'t>> {
        let note = || {
            Level::NOTE.no_name().message(wrapped(detail, self.width.saturating_sub(MARGIN), ""))
        };
        let detail = (!detail.is_empty()).then(|| note().into());
        [Some(origin), detail].into_iter().flatten().collect()
    }
}

/// The text in lines that are no longer than `width` if `label` stands before the first. The
/// renderer indents the others. A word that is longer stays whole, so that it can be copied.
fn wrapped(text: &str, width: usize, label: &str) -> String {
    let options = Options::new(width.saturating_sub(label.len()));
    textwrap::fill(text, options.break_words(false).word_splitter(WordSplitter::NoHyphenation))
}

/// A template alone has no path in a file, since it is the file.
fn path_in<'t>(file: &'t str, path: &'t str) -> &'t str {
    if path.is_empty() { file } else { path }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
