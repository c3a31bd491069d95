//! Comments that keep a finding from being reported: `# ory-lint: allow(RULE): REASON`, in a
//! configuration or, with `//`, in a template.

use crate::{Example, Place, RULES, Rule, Severity};

/// What stands at the beginning of a comment.
const MARKER: &str = "ory-lint:";

/// A comment that suppresses nothing.
pub(crate) static INVALID: Rule = Rule {
    name: "invalid-suppression",
    severity: Severity::Warning,
    title: "A comment does not suppress anything",
    description: "The comment has no reason, names a rule that does not exist, or stands where \
                  that rule finds nothing.",
    help: "Write `# ory-lint: allow(RULE): REASON` above the part that breaks the rule or behind \
           it on the same line, or remove the comment.",
    example: Some(Example::template(
        "function(ctx) { back: ctx.flow.return_to } // ory-lint: allow(field-at-times)",
        "function(ctx) { back: ctx.flow.return_to } // ory-lint: allow(field-at-times): always set",
    )),
    source: "docs/lint.md",
};

/// A comment of this kind.
#[derive(Debug, PartialEq)]
pub(crate) struct Suppression {
    /// Where it is.
    pub(crate) place: Place,
    /// The line that it is about: its own, or the next one with more than a comment.
    line: usize,
    rules: Vec<&'static Rule>,
    reason: String,
}

impl Suppression {
    /// Whether it is about a rule on one of these lines.
    pub(crate) fn is_about(&self, rule: &Rule, lines: &[usize]) -> bool {
        self.rules.contains(&rule) && lines.contains(&self.line)
    }

    /// Why the finding is fine.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }
}

/// Where a comment is that is not valid, and why it is not.
pub(crate) type Invalid = (Place, String);

/// The comments of this kind in a text.
pub(crate) fn read(text: &str) -> Vec<Result<Suppression, Invalid>> {
    let mut comments = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((column, comment)) = marked_comment(line) else { continue };
        let place = Place { line: number + 1, column };
        let is_alone = is_comment(line);
        let below = || text.lines().skip(number + 1).position(|line| !is_comment(line));
        let line = if is_alone { place.line + 1 + below().unwrap_or(0) } else { place.line };
        let valid = parse(comment).map_err(|why| (place, why));
        comments.push(valid.map(|(rules, reason)| Suppression {
            place,
            line,
            rules,
            reason: reason.to_owned(),
        }));
    }
    comments
}

/// What follows the marker, and the column of the comment.
fn marked_comment(line: &str) -> Option<(usize, &str)> {
    let (before, comment) = line.split_once(MARKER)?;
    let before = before.trim_end();
    let start = before.strip_suffix("//").or_else(|| before.strip_suffix('#'))?;
    Some((start.chars().count() + 1, comment.trim()))
}

/// Whether a line holds nothing else.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#') || line.starts_with("//")
}

/// The rules and the reason of `allow(RULE, RULE): REASON`.
fn parse(comment: &str) -> Result<(Vec<&'static Rule>, &str), String> {
    let parts = comment.strip_prefix("allow(").and_then(|rest| rest.split_once(')'));
    let (names, rest) = parts.ok_or("Expected `allow(RULE): REASON`.")?;
    let known = |name: &str| {
        let rule = RULES.into_iter().find(|rule| rule.name == name);
        rule.ok_or_else(|| format!("There is no rule `{name}`."))
    };
    let rules = names.split(',').map(|name| known(name.trim())).collect::<Result<_, _>>()?;
    let reason = rest.strip_prefix(':').map(str::trim).unwrap_or_default();
    if reason.is_empty() {
        return Err("The reason is missing: `allow(RULE): REASON`.".to_owned());
    }
    Ok((rules, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppression_is_about_its_line_or_the_next() {
        let text = "a: 1 # ory-lint: allow(whole-ctx): we need it\n\
                    # ory-lint: allow(missing-method, shape): both\n\
                    # another comment\n\
                    \n\
                    b: 2\n\
                    c: '# ory-lint'\n";
        let read: Vec<_> = read(text).into_iter().map(Result::unwrap).collect();
        let told: Vec<_> = read
            .iter()
            .map(|one| (one.place.line, one.place.column, one.line, &*one.reason))
            .collect();
        assert_eq!(told, [(1, 6, 1, "we need it"), (2, 1, 5, "both")]);
    }

    #[test]
    fn suppression_without_a_rule_or_a_reason_is_reported() {
        let table = [
            ("# ory-lint: allow(whole-ctx)", "The reason is missing"),
            ("# ory-lint: allow(whole-ctx): ", "The reason is missing"),
            ("# ory-lint: allow(wholectx): x", "There is no rule `wholectx`"),
            ("# ory-lint: allow(): x", "There is no rule ``"),
            ("# ory-lint: deny(whole-ctx): x", "Expected `allow(RULE): REASON`"),
            ("// ory-lint: allow whole-ctx", "Expected `allow(RULE): REASON`"),
        ];
        for (text, part) in table {
            let read = read(text);
            let [Err((place, why))] = &read[..] else { panic!("{text}: {read:?}") };
            assert!(why.contains(part), "{text}: {why}");
            assert_eq!((place.line, place.column), (1, 1));
        }
    }
}
