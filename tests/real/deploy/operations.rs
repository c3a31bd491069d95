//! The commands of docs/operations.md and of the README, as they stand there.

use std::fs;

use crate::repository;

/// Publishes a version and moves the alias, without the question.
pub(super) const RENEW: &str = r#"ory-actions renew "$FUNCTION" --yes"#;

/// Sends all dead letters to their queue again, without the question.
pub(super) const REDRIVE: &str = r#"ory-actions dead-letters redrive "$FUNCTION" --all --yes"#;

/// The one block of commands of docs/operations.md that begins with this.
pub(super) fn block(beginning: &str) -> String {
    block_of("docs/operations.md", beginning)
}

/// The one block of commands of a page that begins with this.
pub(super) fn block_of(page: &str, beginning: &str) -> String {
    let page = fs::read_to_string(repository().join(page)).unwrap();
    let lines: Vec<_> = page.lines().map(str::trim_start).collect();
    let page = lines.join("\n");
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let holding: Vec<_> = blocks.filter(|block| block.starts_with(beginning)).collect();
    let [block] = holding[..] else { panic!("{beginning}: {holding:?}") };
    block.to_owned()
}
