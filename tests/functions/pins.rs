//! What is installed from package registries: pinned by hash, and kept up to date.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex_lite::Regex;
use yaml_serde::Value;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of the repository, but for what was built or fetched.
fn files() -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') && name != ".ci" && name != ".github";
            !hidden && name != "target" && name != "node_modules"
        };
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(is_ours);
        files.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    below(&repository())
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

/// The requirement files, as their sources: each `.in` has a `.txt` beside it.
fn sources() -> Vec<PathBuf> {
    let sources: Vec<_> = files().into_iter().filter(|path| is(path, "in")).collect();
    assert!(sources.len() >= 5, "{sources:?}");
    sources
}

/// The requirements of a file, each with its hashes in one line.
fn requirements(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '-']));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_python_package_is_pinned_by_hash() {
    for source in sources() {
        let pinned = source.with_extension("txt");
        let text = fs::read_to_string(&pinned).unwrap();
        // What builds a package would be installed without a hash.
        assert!(text.contains("\n--only-binary :all:\n"), "{}", pinned.display());
        let requirements = requirements(&text);
        assert!(!requirements.is_empty(), "{}", pinned.display());
        for requirement in requirements {
            let is_pinned = requirement.contains("==") && requirement.contains("--hash=sha256:");
            assert!(is_pinned, "{}: {requirement}", pinned.display());
        }
    }
}

#[test]
fn every_requirement_is_pinned_to_the_version_of_its_source() {
    for source in sources() {
        let pinned = fs::read_to_string(source.with_extension("txt")).unwrap();
        let pinned = requirements(&pinned);
        let extras = Regex::new(r"\[.*\]").unwrap();
        for wanted in requirements(&fs::read_to_string(&source).unwrap()) {
            let wanted = extras.replace(&wanted, "");
            let is_pinned = pinned.iter().any(|it| it.split(' ').next() == Some(&*wanted));
            assert!(is_pinned, "{wanted}: run .ci/lock");
        }
    }
}

/// With `--require-hashes`, pip also refuses a file that lost its hashes. The files name all that is
/// needed, so with `--no-deps` pip looks for nothing else.
#[test]
fn pip_installs_nothing_without_a_hash() {
    let scripts = files().into_iter().filter(|path| path.extension().is_none() || is(path, "yml"));
    let mut installs = 0;
    for script in scripts {
        // What is no text is no script, for example what a fuzzer has kept.
        let Ok(text) = fs::read_to_string(&script) else { continue };
        let text = text.replace("\\\n", " ");
        // The options of `.ci/run` stand in one place.
        let options = text.lines().find(|line| line.starts_with("pip=(")).unwrap_or_default();
        let commands = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let is_install =
            |line: &&str| line.contains("pip install ") || line.contains("pip\" install ");
        for command in commands.filter(is_install) {
            let command = command.replace("\"${pip[@]}\"", options);
            let is_hashed = command.contains("--no-deps --require-hashes");
            assert!(is_hashed, "{}: {command}", script.display());
            installs += 1;
        }
    }
    assert!(installs >= 7, "{installs}");
}

/// The manifests of an ecosystem of Dependabot.
fn is_manifest(ecosystem: &str, path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    match ecosystem {
        "cargo" => name == "Cargo.lock",
        "rust-toolchain" => name == "rust-toolchain.toml",
        "pip" => is(path, "in"),
        "gomod" => name == "go.mod",
        "maven" => name == "pom.xml",
        "npm" => name == "package.json",
        // It looks into .github/workflows by itself.
        "github-actions" => name == "LICENSE",
        other => panic!("{other} is not known"),
    }
}

/// The folders that `dependabot.yml` names for an ecosystem.
fn watched(ecosystem: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(repository().join(".github/dependabot.yml")).unwrap();
    let root: Value = yaml_serde::from_str(&text).unwrap();
    let updates = root["updates"].as_sequence().unwrap().iter();
    let updates = updates.filter(|update| update["package-ecosystem"] == ecosystem);
    let folders = updates.flat_map(|update| {
        let several = update["directories"].as_sequence().into_iter().flatten();
        several.chain(Some(&update["directory"]))
    });
    folders.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn dependabot_watches_every_manifest() {
    let files = files();
    let ecosystems = ["cargo", "rust-toolchain", "github-actions", "pip", "gomod", "maven", "npm"];
    for ecosystem in ecosystems {
        let manifests = files.iter().filter(|path| is_manifest(ecosystem, path));
        let folders: BTreeSet<_> = manifests
            .map(|path| path.parent().unwrap().strip_prefix(repository()).unwrap())
            .map(|folder| format!("/{}", folder.display()))
            .collect();
        assert!(!folders.is_empty(), "{ecosystem}");
        assert_eq!(watched(ecosystem), folders, "{ecosystem}");
    }
}
