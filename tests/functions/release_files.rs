//! The scripts that make a release, as far as they need no compiler of a release. `.ci/long` makes a
//! whole one twice.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use regex_lite::Regex;
use tempfile::TempDir;
use yaml_serde::Value;

const SCRIPTS: [&str; 4] = ["release-notes", "release-sums", "release-tag", "release-target"];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(script: &Path, arguments: &[&str]) -> Output {
    Command::new("bash").arg(script).args(arguments).output().unwrap()
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A repository with this version, which has only what the scripts read.
fn repository_of(version: &str, changelog: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join(".ci")).unwrap();
    for script in SCRIPTS {
        let from = repository().join(".ci").join(script);
        fs::copy(from, folder.path().join(".ci").join(script)).unwrap();
    }
    let manifest = format!(
        "[workspace]\nmembers = []\n\n[workspace.package]\nversion = \"{version}\"\n\n\
         [workspace.dependencies]\nother = {{ version = \"7\" }}\nversion = \"8\"\n"
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.path().join("CHANGELOG.md"), changelog).unwrap();
    folder
}

const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\nSoon.\n\n## [0.10.0] - 2026-02-03\n\n### Added\n\n\
                         - Ten.\n\n## [0.1.0] - 2026-01-02\n\nOne.\n";

#[test]
fn notes_are_the_section_of_the_version() {
    for (version, notes) in
        [("0.1.0", "One.\n"), ("0.10.0", "### Added\n\n- Ten.\n"), ("0.2.0", "Soon.\n")]
    {
        let folder = repository_of(version, CHANGELOG);
        let script = folder.path().join(".ci/release-notes");
        assert_eq!(printed(run(&script, &[])), notes, "{version}");
    }
    let silent = repository_of("0.1.0", "# Changelog\n");
    assert!(!run(&silent.path().join(".ci/release-notes"), &[]).status.success());
}

#[test]
fn tag_is_that_of_a_version_with_notes() {
    let checked = |version, tag: &[&str]| {
        let folder = repository_of(version, CHANGELOG);
        run(&folder.path().join(".ci/release-tag"), tag).status.success()
    };
    assert!(checked("0.1.0", &["v0.1.0"]));
    assert!(!checked("0.1.0", &["v0.10.0"]), "another version");
    assert!(!checked("0.1.0", &["0.1.0"]), "no tag of a version");
    assert!(!checked("0.2.0", &["v0.2.0"]), "only in Unreleased");
    assert!(!checked("0.1.0", &[]));
}

#[test]
fn sums_are_of_every_file_but_the_notes() {
    let folder = TempDir::new().unwrap();
    for name in ["b.tar.gz", "a.tar.gz", "sbom.cdx.json", "notes.md"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    for _ in 0..2 {
        printed(run(&repository().join(".ci/release-sums"), &[path]));
        let sums = read(folder.path().join("SHA256SUMS"));
        let names: Vec<_> = sums.lines().map(|line| line.split("  ").nth(1).unwrap()).collect();
        assert_eq!(names, ["a.tar.gz", "b.tar.gz", "sbom.cdx.json"]);
    }
    let mut check = Command::new("sha256sum");
    let check = check.args(["--check", "SHA256SUMS"]).current_dir(folder.path()).output().unwrap();
    assert!(check.status.success(), "{check:?}");
}

/// The templates of a release for a processor, by their names.
fn templates(architecture: &str) -> (TempDir, [(&'static str, Value); 2]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    printed(run(&repository().join(".ci/release-templates"), &[path, architecture]));
    let parsed = ["template.yaml", "relay.yaml"]
        .map(|name| (name, yaml_serde::from_str(&read(folder.path().join(name))).unwrap()));
    (folder, parsed)
}

/// Code for another processor does not start, and the deployment would say success.
#[test]
fn templates_of_a_release_take_only_its_processor() {
    for architecture in ["arm64", "x86_64"] {
        let (_folder, templates) = templates(architecture);
        for (name, template) in templates {
            let parameter = &template["Parameters"]["Architecture"];
            assert_eq!(parameter["Default"], architecture, "{name}");
            let allowed = parameter["AllowedValues"].as_sequence().unwrap();
            assert_eq!(allowed, &[Value::from(architecture)], "{name}");
        }
    }
}

/// The AWS CLI packs the folder of the template for a function that names none.
#[test]
fn every_function_of_a_release_names_the_one_folder_with_its_code() {
    let (_folder, templates) = templates("arm64");
    for (name, template) in templates {
        let resources = template["Resources"].as_mapping().unwrap();
        let functions = resources.values().filter(|it| it["Type"] == "AWS::Serverless::Function");
        let mut seen = 0;
        for function in functions {
            assert_eq!(function["Properties"]["CodeUri"], "function", "{name}");
            seen += 1;
        }
        assert!(seen > 0, "{name}");
        assert!(template["Globals"]["Function"]["CodeUri"].is_null(), "{name}");
    }
}

#[test]
fn templates_of_a_release_are_otherwise_those_of_the_repository() {
    let (folder, _) = templates("x86_64");
    for (name, added) in [("template.yaml", 5), ("relay.yaml", 1)] {
        let (ours, released) = (read(repository().join(name)), read(folder.path().join(name)));
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let (ours, released) = (lines(&ours), lines(&released));
        let new: Vec<_> = released.iter().filter(|line| !ours.contains(line)).collect();
        assert!(new.len() <= added + 3, "{name}: {new:#?}");
        assert_eq!(released.len(), ours.len() + added - 1, "{name}");
    }
    let monitoring = read(folder.path().join("monitoring.yaml"));
    assert_eq!(monitoring, read(repository().join("monitoring.yaml")));
}

/// What `cargo binstall` looks for is what `.ci/release-programs` makes.
#[test]
fn programs_are_named_as_cargo_binstall_expects() {
    let script = read(repository().join(".ci/release-programs"));
    assert!(script.contains("name=$program-$version-$target\n"));
    assert!(script.contains(r#""$out/$name.tar.gz""#));
    for (manifest, program) in [("cli/Cargo.toml", "ory-actions"), ("lint/Cargo.toml", "ory-lint")]
    {
        let text = read(repository().join(manifest));
        let (_, binstall) = text.split_once("[package.metadata.binstall]\n").unwrap();
        let value = |key: &str| {
            let line = binstall.lines().find(|line| line.starts_with(&format!("{key} = ")));
            line.unwrap_or_else(|| panic!("{manifest}: {key}")).split('"').nth(1).unwrap()
        };
        let file = value("pkg-url").rsplit('/').next().unwrap();
        assert_eq!(file, "{ name }-{ version }-{ target }.tar.gz");
        assert_eq!(value("bin-dir"), "{ name }-{ version }-{ target }/{ bin }{ binary-ext }");
        assert!(text.contains(&format!("name = \"{program}\"\n")) && script.contains(program));
    }
}

#[test]
fn a_processor_has_one_target() {
    let target = |word| run(&repository().join(".ci/release-target"), &[word]);
    assert_eq!(printed(target("arm64")), "aarch64-unknown-linux-gnu\n");
    assert_eq!(printed(target("x86_64")), "x86_64-unknown-linux-gnu\n");
    assert_eq!(target("aarch64").status.code(), Some(2));
}

/// Upgrades are tested from it.
#[test]
fn previous_release_is_named_by_its_commit() {
    let previous = read(repository().join(".ci/previous"));
    assert!(Regex::new(r"^[0-9a-f]{40}\n$").unwrap().is_match(&previous), "{previous}");
}
