//! Our evaluator and Ory's: the same templates over the same ctx give the same JSON, and fail
//! alike.

mod answer;
mod cases;
mod go_jsonnet;
mod known_differences;

use std::{collections::BTreeSet, fs};

use shared::template::{Source, Template};

use self::{answer::Answer, cases::Case, go_jsonnet::GoJsonnet, known_differences::KNOWN};
use crate::repository;

#[tokio::test]
async fn evaluators_agree_except_for_known_differences() {
    let mut go_jsonnet = GoJsonnet::start();
    let mut known: BTreeSet<_> = known().collect();
    let mut complaints = Vec::new();
    let mut rendered = 0;
    let cases = cases::all();
    for case in &cases {
        let (ours, theirs) = (render(case).await, go_jsonnet.render(case));
        rendered += usize::from(matches!((&ours, &theirs), (Answer::Json(_), Answer::Json(_))));
        let name = (case.template.as_str(), case.over.as_str());
        let is_known = known.remove(&name);
        if ours.agrees_with(&theirs) == is_known {
            let what = if is_known { "no longer differ" } else { "differ" };
            complaints.push(format!("{name:?} {what}:\n  ours: {ours}\n  go-jsonnet: {theirs}"));
        }
    }
    complaints.extend(known.iter().map(|name| format!("{name:?} is not there")));
    assert!(complaints.is_empty(), "{}\n{}", complaints.join("\n"), complaints.len());
    assert!(rendered > 1_000, "only {rendered} renderings gave any JSON");
}

#[test]
fn documented_differences_match_the_differing_templates() {
    let documents = fs::read_to_string(repository().join("docs/jsonnet.md")).unwrap();
    let rows = documents.lines().filter(|line| line.starts_with("| "));
    let last_cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit("| ").next());
    let named: BTreeSet<_> =
        last_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let differing: BTreeSet<_> = KNOWN.iter().map(|(template, _)| *template).collect();
    assert_eq!(named, differing);
}

/// The renderings that are known to differ, by the names of template and ctx.
fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().flat_map(|(template, over)| over.iter().map(move |ctx| (*template, *ctx)))
}

async fn render(case: &Case) -> Answer {
    match Template::prepare(Source::shipped(&case.template, &case.code)) {
        Ok(template) => template.render(vec![("ctx", case.ctx.clone())]).await.into(),
        Err(fault) => Err(fault.into()).into(),
    }
}
