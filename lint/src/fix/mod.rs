//! Fixes what can be fixed without a person: hooks move to the list that runs, `response.ignore`
//! is set, a template guards what it reads. Each change is checked by looking again.

mod plan;
mod splice;
mod template;
mod terraform;
mod toml;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use self::{plan::Edit, splice::Splice};
use crate::{
    Finding, Findings, NoConfiguration, Options, Policy, Report, configuration, hooks, lint_with,
    template::Library,
};

/// More changes than any configuration needs.
const MAX_CHANGES: usize = 200;

/// A file, and the templates that it names, after the changes.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The changed files, with their new text.
    pub files: BTreeMap<PathBuf, Change>,
    /// The changed templates in the file, by path, decoded.
    pub templates: BTreeMap<String, Change>,
    /// What was fixed: rule and path, in the order of the changes.
    pub fixes: Vec<(&'static str, String)>,
    /// What to know before the changes are made.
    pub notes: BTreeSet<&'static str>,
}

/// A text before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
}

/// Fixes what it can in a file with this name and text, and in the templates that it names.
/// Findings that the policy does not report stay.
///
/// # Errors
/// If the file is neither a configuration nor a template.
pub fn fix(
    file: &Path,
    text: &str,
    options: &Options<'_>,
    policy: &Policy,
) -> Result<Fixed, NoConfiguration> {
    let mut fixed = Fixed::default();
    let mut now = State { file, text: text.to_owned(), options: options.clone(), policy };
    for _ in 0..MAX_CHANGES {
        let Some((finding, next, report, notes)) = now.next_fix()? else { break };
        fixed.notes.extend(notes);
        let template = report.template(&finding.path);
        let old = now.report()?.template(&finding.path).map(|template| template.code.clone());
        if let Some((old, new)) = old.zip(template).filter(|(old, new)| *old != new.code) {
            let change = Change { old, new: new.code.clone() };
            match &new.file {
                Some(file) => record(&mut fixed.files, file.clone(), change),
                None => record(&mut fixed.templates, finding.path.clone(), change),
            }
        }
        fixed.fixes.push((finding.rule.name, finding.path));
        now = next;
    }
    if now.text != text {
        let change = Change { old: text.to_owned(), new: now.text };
        fixed.files.insert(file.to_owned(), change);
    }
    Ok(fixed)
}

/// Keeps the text before the first of several changes.
fn record<K: Ord>(changes: &mut BTreeMap<K, Change>, key: K, change: Change) {
    let Change { old, new } = change;
    changes.entry(key).or_insert_with(|| Change { old, new: String::new() }).new = new;
}

/// A finding that is fixed, the file after that, its report, and what to tell.
type Fix<S> = (Finding, S, Report, Vec<&'static str>);

/// How a finding is fixed.
#[derive(Default)]
struct Plan {
    edits: Vec<Edit>,
    /// What to tell about it.
    notes: Vec<&'static str>,
}

/// A file between two changes.
#[derive(Clone)]
struct State<'o> {
    file: &'o Path,
    text: String,
    /// Holds the changed templates that are files of their own.
    options: Options<'o>,
    policy: &'o Policy,
}

impl State<'_> {
    fn report(&self) -> Result<Report, NoConfiguration> {
        let mut report = lint_with(self.file, &self.text, &self.options)?;
        report.apply(self.policy);
        Ok(report)
    }

    /// The first finding that can be fixed without breaking another rule, what comes of it, and what
    /// to tell about it.
    fn next_fix(&self) -> Result<Option<Fix<Self>>, NoConfiguration> {
        let before = self.report()?;
        let plans = self.plans(&before);
        let fixes =
            before.findings.iter().zip(plans).find_map(|(finding, Plan { edits, notes })| {
                let next = self.after(&edits)?;
                let report = next.report().ok()?;
                is_fixed(finding, &before, &report).then(|| (finding.clone(), next, report, notes))
            });
        Ok(fixes)
    }

    /// What would fix each finding.
    fn plans(&self, report: &Report) -> Vec<Plan> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        if crate::terraform::is_file(self.file) {
            let plan = |finding| Plan { edits: plan::in_terraform(finding), notes: Vec::new() };
            return report.findings.iter().map(plan).collect();
        }
        let Ok(contents) = configuration::read_file(self.file, &self.text) else {
            return Vec::new();
        };
        let library = Library::new(folder, &contents.texts, &self.options);
        let configurations = contents.configurations.iter().map(|configuration| {
            (configuration, hooks::read(configuration, &library, &mut Findings::default()))
        });
        let configurations: Vec<_> = configurations.collect();
        let plan = |finding: &Finding| {
            let template = report.template(&finding.path);
            let plans = configurations.iter().map(|(configuration, hooks)| {
                let edits = plan::edits(finding, configuration, hooks, template);
                Plan { notes: plan::notes(finding, &edits, configuration), edits }
            });
            plans.into_iter().find(|plan| !plan.edits.is_empty()).unwrap_or_default()
        };
        report.findings.iter().map(plan).collect()
    }

    /// The file after these changes; `None` if there are none, or one cannot be made.
    fn after(&self, edits: &[Edit]) -> Option<Self> {
        let mut next = self.clone();
        for edit in edits {
            match edit {
                Edit::Template(file, code) => {
                    next.options.texts.insert(file.clone(), code.clone());
                }
                edit => next.text = next.changed(edit)?,
            }
        }
        (!edits.is_empty()).then_some(next)
    }

    fn changed(&self, edit: &Edit) -> Option<String> {
        let extension = self.file.extension().and_then(|extension| extension.to_str());
        match (edit, extension) {
            (Edit::Set(path, value), Some("toml")) => toml::set(&self.text, path, value),
            (Edit::Set(path, value), _) if crate::terraform::is_file(self.file) => {
                terraform::set(&self.text, path, value)
            }
            (_, Some("toml")) | (Edit::Template(..), _) => None,
            (_, _) if crate::terraform::is_file(self.file) => None,
            (Edit::Set(path, value), _) => Splice::new(&self.text)?.set(path, value),
            (Edit::Copy { from, to, value }, _) => {
                Splice::new(&self.text)?.prepend(to, from, value)
            }
            (Edit::Remove(path), _) => Splice::new(&self.text)?.remove(path),
        }
    }
}

/// Whether the finding is gone and nothing new is wrong.
fn is_fixed(finding: &Finding, before: &Report, after: &Report) -> bool {
    let rules = |report: &Report| -> BTreeSet<_> {
        report.findings.iter().map(|finding| finding.rule.name).collect()
    };
    let is_same = |other: &&Finding| {
        (other.rule, &other.path, other.place) == (finding.rule, &finding.path, finding.place)
    };
    let is_gone = after.findings.iter().filter(is_same).count()
        < before.findings.iter().filter(is_same).count();
    is_gone && rules(after).is_subset(&rules(before))
}
