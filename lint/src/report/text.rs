//! The report for people: one block per rule, with the lines of the templates.

use std::{collections::BTreeMap, path::Path};

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
        let templates = templates.map(|(path, text)| {
            let lines = shown::without_keys(&text.code);
            (path.as_str(), Template { lines, file: text.file.as_deref() })
        });
        let lines = Lines { file, width, templates: templates.collect() };
        let mut blocks = Vec::new();
        let mut seen: Vec<&Rule> = Vec::new();
        for Finding { rule, .. } in &self.findings {
            if !seen.contains(rule) {
                seen.push(rule);
                blocks.push(renderer.render(&[self.of_rule(rule, &lines)]));
            }
        }
        // Hooks with the same template file have the same notes.
        for notes in grouped(&self.notes, |one, other| one.text == other.text) {
            let text = wrapped(&notes[0].text, width, "note: ");
            let places = notes.iter().map(|note| place_in(file, &note.path, note.at));
            let note = Level::NOTE.primary_title(text).elements(places.map(Origin::path));
            blocks.push(renderer.render(&[note]));
        }
        blocks.push(wrapped(&self.summary_of(file), width, ""));
        blocks.join("\n\n")
    }

    /// A rule, with every place where it is broken.
    fn of_rule<'t>(&'t self, rule: &'static Rule, lines: &'t Lines<'t>) -> Group<'t> {
        let findings = self.findings.iter().filter(|finding| finding.rule == rule);
        let groups = grouped(findings, |one, other| self.shows_the_same(one, other));
        let severity = self.findings.iter().find(|finding| finding.rule == rule);
        let level = match severity.map_or(rule.severity, |finding| finding.severity) {
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
            .elements(groups.iter().flat_map(|findings| lines.of(findings)))
            .elements(parts)
    }

    /// Whether two findings of a rule are at the same place of the same template: of several hooks,
    /// or of an alias in YAML.
    fn shows_the_same(&self, one: &Finding, other: &Finding) -> bool {
        one.place.is_some()
            && one.place == other.place
            && self.template(&one.path).is_some()
            && self.template(&one.path) == self.template(&other.path)
    }

    /// The last line of a report.
    pub(super) fn summary_of(&self, file: &str) -> String {
        format!("{file}: {}", self.summary())
    }

    fn summary(&self) -> String {
        let checked = match (self.kind, self.hook) {
            (Kind::Kratos, _) => "Kratos configuration".to_owned(),
            (Kind::Project, _) => "Ory project".to_owned(),
            (Kind::Helm, _) => "Helm values".to_owned(),
            (Kind::Kubernetes, _) => "Kubernetes manifest".to_owned(),
            (Kind::Text, _) => "configuration as text".to_owned(),
            (Kind::Terraform, _) => "Terraform".to_owned(),
            (Kind::Hooks, _) => "webhooks alone".to_owned(),
            (Kind::Template, Some(hook)) => format!("template in {hook}"),
            (Kind::Template, None) => {
                "template; fields of ctx were not checked, as its hook is unknown".to_owned()
            }
        };
        let read = self.templates + self.unparsed;
        let web_hooks = many(self.web_hooks, "webhook");
        let counts = match (self.unread, self.unparsed) {
            _ if self.kind == Kind::Template => String::new(),
            (0, 0) => format!(" with {web_hooks} and {}", many(read, "readable template")),
            (0, _) => format!(" with {web_hooks} and {}", many(read, "template")),
            (unread, _) => {
                format!(" with {web_hooks}, {read} of {} read", many(read + unread, "template"))
            }
        };
        let unparsed = match self.unparsed {
            0 => String::new(),
            count => format!(", of which {count} cannot be parsed"),
        };
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let found = match errors + warnings {
            0 if self.unread > 0 => "no problems found in the rest".to_owned(),
            0 => "no problems found".to_owned(),
            _ => format!("{}, {}", many(errors, "error"), many(warnings, "warning")),
        };
        let suppressed = match self.suppressed.len() {
            0 => String::new(),
            count => format!(", {count} suppressed"),
        };
        format!("{checked}{counts}{unparsed}: {found}{suppressed}")
    }
}

/// The templates in printable form, by path.
struct Lines<'t> {
    file: &'t str,
    width: usize,
    templates: BTreeMap<&'t str, Template<'t>>,
}

/// A template in printable form.
struct Template<'t> {
    lines: Option<String>,
    file: Option<&'t Path>,
}

impl<'t> Lines<'t> {
    /// Where findings are that show the same: the line of the template, or the path, and the paths
    /// of the hooks.
    fn of(&'t self, findings: &[&'t Finding]) -> Vec<Element<'t>> {
        let finding = findings[0];
        let path = self.path(finding);
        let Some(place) = finding.place else {
            return self.with_detail(Origin::path(path).into(), &finding.detail);
        };
        let template = self.templates.get(finding.path.as_str());
        let line = template.and_then(|text| text.lines.as_deref()?.lines().nth(place.line - 1));
        let file = template.and_then(|text| text.file);
        let of_template = file.map_or_else(|| path.clone(), |file| file.display().to_string());
        let mut elements = if let Some(line) = line {
            self.snippet(of_template, line, place, &finding.detail)
        } else {
            let origin = Origin::path(of_template).line(place.line).char_column(place.column);
            self.with_detail(origin.into(), &finding.detail)
        };
        for (position, same) in
            grouped(findings.iter().copied(), |one, other| one.detail == other.detail)
                .iter()
                .enumerate()
        {
            if position > 0 {
                elements.extend(self.detail(&same[0].detail));
            }
            // The hooks that name the file, or the others that contain the template.
            let is_shown = position == 0 && file.is_none();
            let hooks = same.iter().skip(usize::from(is_shown));
            elements.extend(hooks.map(|finding| Origin::path(self.path(finding)).into()));
        }
        elements
    }

    fn path(&self, finding: &Finding) -> String {
        let path = place_in(self.file, &finding.path, finding.at);
        if finding.is_absent { format!("{path} (not set)") } else { path }
    }

    /// The line with a caret, and the detail beside the caret if it fits there.
    fn snippet(
        &self,
        path: String,
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
        [Some(origin), self.detail(detail)].into_iter().flatten().collect()
    }

    fn detail(&self, detail: &str) -> Option<Element<'t>> {
        let width = self.width.saturating_sub(MARGIN);
        let note = || Level::NOTE.no_name().message(wrapped(detail, width, ""));
        (!detail.is_empty()).then(|| note().into())
    }
}

/// The values in groups of the same, in the order of the first of each.
fn grouped<'v, T>(
    values: impl IntoIterator<Item = &'v T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Vec<Vec<&'v T>> {
    let mut groups: Vec<Vec<&T>> = Vec::new();
    for value in values {
        match groups.iter_mut().find(|group| is_same(group[0], value)) {
            Some(group) => group.push(value),
            None => groups.push(vec![value]),
        }
    }
    groups
}

/// The text in lines that are no longer than `width` if `label` stands before the first. The
/// renderer indents the others. A word that is longer stays whole, so that it can be copied.
fn wrapped(text: &str, width: usize, label: &str) -> String {
    let options = Options::new(width.saturating_sub(label.len()));
    textwrap::fill(text, options.break_words(false).word_splitter(WordSplitter::NoHyphenation))
}

/// A place as editors open it, and the path there. A template alone has no path, since it is the
/// file.
fn place_in(file: &str, path: &str, at: Option<Place>) -> String {
    match at {
        Some(Place { line, column }) if path.is_empty() => format!("{file}:{line}:{column}"),
        _ if path.is_empty() => file.to_owned(),
        Some(Place { line, column }) => format!("{file}:{line}:{column}: {path}"),
        None => path.to_owned(),
    }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
