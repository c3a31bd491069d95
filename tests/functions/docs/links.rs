//! Links between the pages.

use std::{collections::BTreeSet, fs, path::Path};

use super::{path, read};

/// Every page that people read, by its path from the root.
fn pages() -> Vec<String> {
    let folders = [
        ".",
        "docs",
        "functions/*",
        "examples/*",
        "shared",
        "fakes",
        "lint",
        "cli",
        "tests",
        "fuzz",
    ];
    let folders = folders.into_iter().flat_map(|folder| match folder.strip_suffix("/*") {
        Some(parent) => names_in(parent).map(|name| format!("{parent}/{name}")).collect(),
        None => vec![folder.to_owned()],
    });
    let files = folders.flat_map(|folder| {
        names_in(&folder).map(move |name| format!("{folder}/{name}")).collect::<Vec<_>>()
    });
    files.filter(|file| Path::new(file).extension().is_some_and(|kind| kind == "md")).collect()
}

fn names_in(folder: &str) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
}

/// The targets of a page's links to other pages, or into itself.
fn targets(page: &str) -> Vec<String> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = links.map(|(target, _)| target.to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = |character: &char| character.is_alphanumeric() || "- _".contains(*character);
    heading.to_lowercase().chars().filter(kept).collect::<String>().trim().replace(' ', "-")
}

fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix('#'));
    let named = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let headings = headings.map(|heading| anchor(heading.trim_start_matches('#')));
    headings.chain(named.map(str::to_owned)).collect()
}

#[test]
fn every_link_points_to_an_existing_file_and_heading() {
    let mut followed = 0;
    for page in pages() {
        let folder = Path::new(&page).parent().unwrap().to_str().unwrap();
        for target in targets(&read(&page)) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { page.clone() } else { format!("{folder}/{file}") };
            assert!(path(&file).exists(), "{page}: {target}");
            let is_there = heading.is_empty() || anchors(&read(&file)).contains(heading);
            assert!(is_there, "{page}: {target}");
            followed += 1;
        }
    }
    assert!(followed > 40, "{followed}");
}

#[test]
fn license_file_matches_the_cargo_manifest() {
    assert!(read("Cargo.toml").contains("license = \"Apache-2.0\"\n"));
    let license = read("LICENSE");
    assert!(license.contains("Apache License") && license.contains("Version 2.0, January 2004"));
}
