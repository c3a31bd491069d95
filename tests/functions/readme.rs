//! The README, and the pages that tell people what to run.

use std::{fs, path::PathBuf};

use ory_actions::up::samples::SAMPLES;

const PAGES: [&str; 5] = [
    "README.md",
    "docs/mailchimp.md",
    "docs/ory.md",
    "docs/templates.md",
    "docs/troubleshooting.md",
];

const RELEASE: &str = "tests/real/deploy/release.rs";

/// How each command of the README begins, the file that runs it, and how.
const RUN: [(&str, &str, &str); 22] = [
    ("cargo run ", ".ci/run", "cargo run --locked -- up --once"),
    ("cargo test --workspace", ".ci/run", "cargo test --workspace --locked"),
    ("cargo run -- lint lint/", "cli/tests/commands/shown_output.rs", "\"cargo run -- lint lint/"),
    (
        "cargo run -- up --relay ",
        ".ci/run",
        "cargo run --locked -- up --relay hubspot --relay slack --once",
    ),
    ("cargo run -- action relay ", "cli/tests/commands/readme.rs", "block(\"-- action relay\")"),
    ("gh release download ", ".github/workflows/release.yml", "gh release download "),
    ("sha256sum --check ", ".github/workflows/release.yml", "sha256sum --check SHA256SUMS"),
    ("gh attestation verify ", ".github/workflows/release.yml", "gh attestation verify "),
    ("tar -xzf ", RELEASE, "block_of(\"README.md\", \"VERSION=\")"),
    ("aws s3 mb ", RELEASE, "block_of(\"README.md\", \"aws s3 mb \")"),
    ("aws cloudformation package ", RELEASE, "block_of(\"README.md\", \"aws s3 mb \")"),
    ("aws cloudformation deploy ", RELEASE, "block_of(\"README.md\", \"aws s3 mb \")"),
    // The same two are in docs/operations.md, and are run from there.
    ("aws cloudformation describe-stacks ", RELEASE, "block(\"aws cloudformation describe-stacks "),
    ("python3 smoke ", RELEASE, "split_once(\"python3\")"),
    (
        "aws secretsmanager put-secret-value ",
        "tests/real/deploy/relays.rs",
        "relay.command(\"aws secretsmanager put-secret-value \")",
    ),
    ("pip install ", ".ci/run", "-r .ci/requirements.txt"),
    ("rustup target add ", ".github/workflows/deploy.yml", "rustup target add aarch64-"),
    ("sam build --config-env relay", ".ci/run", "sam_build --config-env relay"),
    (
        "sam deploy --config-env relay",
        "tests/real/deploy/relays.rs",
        r#"block_of("README.md", "sam build --config-env relay")"#,
    ),
    ("sam build", ".ci/run", "sam build \"$@\""),
    // `--guided` asks a person for the parameters.
    ("sam deploy --guided", ".github/workflows/deploy.yml", "sam deploy"),
    ("curl -i ", "cli/tests/commands/readme.rs", "block(\"curl -i"),
];

fn read(file: &str) -> String {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(repository.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The fenced blocks in a language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("```{language}\n");
    let after_fences = page.match_indices(&fence).map(|(at, _)| &page[at + fence.len()..]);
    after_fences.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The commands of a page, in blocks and within sentences.
fn commands(page: &str) -> Vec<&str> {
    let in_blocks = blocks(page, "sh").into_iter().flat_map(str::lines);
    let in_sentences = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let starts = |line: &&str| {
        let tools = [
            "aws ",
            "cargo ",
            "curl ",
            "gh ",
            "pip ",
            "python3 ",
            "rustup ",
            "sam ",
            "sha256sum ",
            "tar ",
        ];
        tools.iter().any(|tool| line.starts_with(tool))
    };
    in_blocks.chain(in_sentences).filter(starts).collect()
}

#[test]
fn readme_starts_with_the_local_stack_and_the_tests() {
    let readme = read("README.md");
    let commands = blocks(&readme, "sh")[0].lines().map(|line| line.split('#').next().unwrap());
    let commands: Vec<_> = commands.map(str::trim).collect();
    assert_eq!(commands, ["cargo run", "cargo test --workspace"]);
    let (first_screen, _) = readme.split_once("\n## Why not").unwrap();
    assert!(first_screen.contains("cargo run") && first_screen.lines().count() < 60);
}

#[test]
fn every_readme_command_is_run_by_ci_or_by_a_test() {
    let readme = read("README.md");
    let commands = commands(&readme);
    for command in &commands {
        let is_run = RUN.iter().any(|(start, ..)| format!("{command} ").starts_with(start));
        assert!(is_run, "nothing runs {command:?}");
    }
    for (start, file, how) in RUN {
        assert!(commands.iter().any(|command| command.starts_with(start.trim_end())), "{start}");
        assert!(read(file).contains(how), "{file} does not run {start:?}");
    }
}

#[test]
fn every_example_names_an_existing_event() {
    let pages = PAGES.map(read).join("\n");
    let words = pages.split(|one: char| one.is_whitespace() || one == '`');
    let events = words.filter_map(|word| word.strip_prefix("events/"));
    let named: Vec<_> = events.filter(|file| file.contains(".json")).collect();
    assert!(named.len() >= 5, "{named:?}");
    for file in named {
        assert!(SAMPLES.iter().any(|sample| sample.file == file), "{file}");
    }
}

/// `FromEmail`, but neither `GeneralError` of Mandrill nor a word of prose.
fn is_name(word: &str) -> bool {
    let capitals = word.chars().filter(char::is_ascii_uppercase).count();
    capitals > 1
        && word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(|one| one.is_ascii_alphabetic())
        && word.chars().any(|one| one.is_ascii_lowercase())
}

#[test]
fn every_parameter_output_and_resource_named_exists() {
    let known = ["template.yaml", "relay.yaml", "docs/glossary.md"].map(read).concat();
    let mut named = 0;
    for page in PAGES {
        let text = read(page);
        let inline = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        let words = inline.map(|code| code.split('=').next().unwrap());
        for name in words.filter(|word| is_name(word)) {
            let is_known = [format!("\n  {name}:\n"), format!("| `{name}` |")];
            assert!(is_known.iter().any(|line| known.contains(line)), "{page}: {name}");
            named += 1;
        }
    }
    assert!(named > 15, "{named}");
}

#[test]
fn badges_agree_with_the_manifest() {
    let (readme, manifest) = (read("README.md"), read("Cargo.toml"));
    let value = |key: &str| {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    let (rust, license) = (value("rust-version"), value("license"));
    assert!(readme.contains(&format!("badge/rust-{rust}-")), "{rust}");
    assert!(readme.contains(&format!("Rust](https://rustup.rs/) {rust} ")), "{rust}");
    assert!(readme.contains(&format!("\nVERSION={} ARCHITECTURE=", value("version"))));
    assert!(readme.contains(&format!("badge/license-{}-", license.replace('-', "--"))));
}
