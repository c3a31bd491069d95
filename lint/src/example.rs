//! Examples of rules.

/// The part of a configuration that an example shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Excerpt {
    /// `selfservice`, as YAML.
    Selfservice,
    /// `selfservice.flows`, as YAML.
    Flows,
    /// The `config` of a webhook after a registration with a password, as YAML.
    Config,
    /// The template of that webhook.
    Template,
    /// The same, for a webhook that sends a form.
    Form,
    /// A reply template.
    Reply,
    /// A Terraform file.
    Terraform,
}

/// Text that breaks a rule, and text that does not.
#[derive(Debug, PartialEq)]
pub struct Example {
    /// The part that the texts show.
    pub excerpt: Excerpt,
    bad: &'static str,
    good: &'static str,
}

impl Example {
    pub(crate) const fn selfservice(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Selfservice, bad, good }
    }

    pub(crate) const fn flows(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Flows, bad, good }
    }

    pub(crate) const fn config(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Config, bad, good }
    }

    pub(crate) const fn template(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Template, bad, good }
    }

    pub(crate) const fn form(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Form, bad, good }
    }

    pub(crate) const fn reply(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Reply, bad, good }
    }

    pub(crate) const fn terraform(bad: &'static str, good: &'static str) -> Self {
        Self { excerpt: Excerpt::Terraform, bad, good }
    }

    /// Breaks the rule.
    pub fn bad(&self) -> String {
        dedent(self.bad)
    }

    /// Does the same without breaking the rule.
    pub fn good(&self) -> String {
        dedent(self.good)
    }
}

/// Removes the indentation of the text in our source.
fn dedent(text: &str) -> String {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let indentation = lines().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines().flat_map(|line| [&line[indentation..], "\n"]).collect()
}
