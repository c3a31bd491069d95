//! Where the commands print, how wide and in which colors, and how they end.

use std::{
    ffi::OsStr,
    fs::File,
    io::pipe,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    help,
    letters::{BLOCKED, Letters, about, event_id},
    people::People,
    world::World,
};

const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/";
const MAILCHIMP_URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/?secret=4fK2mPq8Zt6WvX1c";

/// The event of the dead letter.
const EVENT: u128 = 7 << 100;

/// A person of whom the function with the dead letter has nothing else.
const FORGET: [&str; 5] = [
    "forget",
    "00000000-0000-0000-0000-000000000001",
    "--outputs",
    "welcome.json",
    "--keep-identity",
];

/// The width of output that goes to no terminal.
const WIDTH: usize = 80;

/// What a shell reports for a program that SIGPIPE ended.
const CLOSED: i32 = 128 + 13;

/// A deployed stack, a function with a dead letter, one with people to send, and files for the
/// commands.
struct Files {
    world: World,
    letters: Letters,
    people: People,
    folder: TempDir,
}

impl Files {
    async fn create() -> Self {
        let (world, folder) = (World::start().await, TempDir::new().unwrap());
        let letters = Letters::start().await;
        letters.put(EVENT, about(Uuid::from_u128(1)), Some(BLOCKED));
        let people = People::of("segment-identify", 3).await;
        let files = Self { world, letters, people, folder };
        files.write("outputs.json", &files.world.told_by_sam().to_string());
        let welcome = r#"[{"OutputKey": "MandrillWelcomeFunction", "OutputValue": "welcome"}]"#;
        files.write("welcome.json", welcome);
        let preset = r#"{
            "description": "", "sources": [], "auth": "none", "on_in_doubt": "repeat", "duplicate": "",
            "origin": "https://a.test", "template": "function(ctx) { path: '/' }"
        }"#;
        files.write("preset.json", preset);
        files.write("fine.jsonnet", "function(ctx) { a: 1 }");
        files.write("cancels.jsonnet", "function(ctx) error 'cancel'");
        files.write("fault.jsonnet", "function(ctx) { a: ctx.missing }");
        files
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The program with these arguments, where the files and the fakes are.
    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().envs(self.world.environment()).envs(self.letters.environment());
        let is_run = |word: &A| ["backfill", "reconcile"].iter().any(|run| word.as_ref() == *run);
        if arguments.first().is_some_and(is_run) {
            command.envs(self.people.environment());
        }
        command
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(arguments).envs(environment.iter().copied()).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Arguments with which each command prints data.
fn printing() -> Vec<Vec<String>> {
    let event = repository("events/registration.json").display().to_string();
    let corpus = repository("lint/tests/corpus/documents/mailchimp.yml").display().to_string();
    let dead = event_id(EVENT).to_string();
    let forget = [&FORGET[..], &["--dry-run"]].concat();
    let forget_json = [&forget[..], &["--format", "json"]].concat();
    let rows: [&[&str]; 23] = [
        &["up", "--once"],
        &["render", "fine.jsonnet", &event],
        &["action", "mandrill-welcome", "--url", URL, "--flow", "login"],
        &["action", "segment-identify", "--url", URL, "--flow", "login", "--format", "yaml"],
        &["action", "segment-identify", "--url", URL, "--flow", "login", "--format", "terraform"],
        &["lint", &corpus],
        &["lint", &corpus, "--format", "json"],
        &["mailchimp-webhook", "--url", MAILCHIMP_URL, "--list", "a6b5da1054"],
        &["mailchimp-audience", "--list", "a6b5da1054"],
        &["mandrill-webhook", "--url", URL],
        &["doctor", "--outputs", "outputs.json"],
        &["dead-letters", "list", "welcome"],
        &["dead-letters", "list", "welcome", "--format", "json"],
        &["dead-letters", "show", "welcome", &dead],
        &forget,
        &forget_json,
        &["backfill", "welcome", "--dry-run"],
        &["reconcile", "welcome", "--dry-run", "--since", "2020-01-01"],
        &["preset", "list"],
        &["preset", "show", "slack"],
        &["preset", "test", "preset.json"],
        &["template", "pack", "mandrill-welcome=cancels.jsonnet"],
        &["completions", "bash"],
    ];
    rows.iter().map(|row| row.iter().map(|&word| word.to_owned()).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_output_ends_every_command_quietly() {
    let files = Files::create().await;
    let rows = printing();
    for command in help::commands().await {
        // It prints only what Lambda told it.
        let is_tried = command == "renew" || rows.iter().any(|row| row[0] == command);
        assert!(is_tried, "{command} is not tried");
    }
    for row in rows {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = files.command(&row).stdout(writer).output().unwrap();
        assert_eq!(text(&output.stderr), "", "{row:?}");
        assert_eq!(output.status.code(), Some(CLOSED), "{row:?}");
    }
    for row in [&["--help"][..], &["--version"], &["lint", "--help"], &["help", "doctor"]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = files.command(row).stdout(writer).output().unwrap();
        assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)), "{row:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_is_an_error_and_no_panic() {
    let files = Files::create().await;
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = files.command(&["completions", "bash"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.starts_with("error: cannot write to standard output: "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_is_the_documented_one() {
    let files = Files::create().await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = taken.local_addr().unwrap().port().to_string();
    let event = repository("events/registration.json").display().to_string();
    let lint = |file| repository("lint/tests/corpus").join(file).display().to_string();
    let (good, bad) = (lint("good/functions.yml"), lint("bad/shadowed.yml"));
    let dead = event_id(EVENT).to_string();
    let forget = |argument| [&FORGET[..], &[argument]].concat();
    let [forget_dry_run, forget_yes] = ["--dry-run", "--yes"].map(forget);
    let rows: [(&[&str], i32); 71] = [
        (&["up", "--once"], 0),
        (&["up", "--port", &taken], 1),
        (&["up", "--port", "0"], 2),
        (&["render", "mandrill-welcome", &event], 0),
        (&["render", "fault.jsonnet", &event], 1),
        (&["render", "mandrill-welcome", "missing.json"], 2),
        (&["render", "mandrill-welcome", "fine.jsonnet"], 2),
        (&["render", "no-function", &event], 2),
        (&["render", "segment-identify=cancels.jsonnet", &event], 0),
        (&["render", "no-function=cancels.jsonnet", &event], 2),
        (&["render", "mandrill-welcome", "--check"], 0),
        (&["render", "mandrill-welcome=fault.jsonnet", "--check"], 1),
        (&["render", "fine.jsonnet", "--check"], 2),
        (&["render", "mandrill-welcome"], 2),
        (&["render", "mandrill-welcome", &event, "--check"], 2),
        (&["action", "mandrill-welcome", "--url", URL, "--flow", "login"], 0),
        (&["action", "mandrill-welcome", "--url", URL, "--flow", "recovery", "--parse"], 2),
        (&["action", "mandrill-welcome", "--url", "http://a.test", "--flow", "login"], 2),
        (&["action"], 2),
        (&["lint", &good], 0),
        (&["lint", &bad], 1),
        (&["lint", "missing.yml"], 2),
        (&["lint", "outputs.json"], 2),
        (&["mailchimp-webhook", "--url", MAILCHIMP_URL, "--list", "a6b5da1054"], 0),
        (&["mailchimp-webhook", "--url", URL, "--list", "a6b5da1054"], 2),
        (&["mailchimp-audience", "--list", "a6b5da1054"], 0),
        (&["mailchimp-audience", "--list", "b7c6eb2165"], 1),
        (&["mailchimp-audience", "--list", "a/b"], 2),
        (&["mailchimp-audience", "--list", "a6b5da1054", "--yes"], 2),
        (&["mandrill-webhook", "--url", URL], 0),
        (&["mandrill-webhook", "--url", URL, "--apply"], 2),
        (&["mandrill-webhook", "--url", "http://a.test"], 2),
        (&["doctor", "--outputs", "outputs.json"], 0),
        (&["doctor", "--outputs", "missing.json"], 2),
        (&["doctor"], 2),
        (&["renew", "no-function", "--yes"], 1),
        (&["renew"], 2),
        (&["dead-letters", "list", "welcome"], 0),
        (&["dead-letters", "list", "no-function"], 1),
        (&["dead-letters", "show", "welcome", "ffffffff"], 1),
        (&["dead-letters", "redrive", "welcome", "--all"], 1),
        (&["dead-letters", "redrive", "welcome", "--event", &dead, "--yes"], 0),
        (&["dead-letters", "delete", "welcome", "--all", "--yes"], 0),
        (&["dead-letters", "delete", "welcome"], 2),
        (&["dead-letters"], 2),
        (&FORGET, 1),
        (&forget_dry_run, 0),
        (&forget_yes, 0),
        (&["forget", "ann", "--outputs", "welcome.json"], 2),
        (&["forget", FORGET[1], "--outputs", "missing.json"], 2),
        (&["forget", FORGET[1]], 2),
        (&["backfill", "welcome", "--yes"], 0),
        (&["backfill", "welcome"], 1),
        (&["backfill", "no-function", "--yes"], 1),
        (&["backfill", "welcome", "--confirm"], 2),
        (&["backfill"], 2),
        (&["reconcile", "welcome", "--yes"], 0),
        (&["reconcile", "welcome", "--yes", "--schema", "x"], 2),
        (&["reconcile"], 2),
        (&["preset", "list"], 0),
        (&["preset", "show", "no-preset"], 2),
        (&["preset", "test", "preset.json"], 0),
        (&["preset", "test", "outputs.json"], 2),
        (&["preset", "test", "missing.json"], 2),
        (&["preset"], 2),
        (&["template", "pack", "mandrill-welcome=cancels.jsonnet"], 0),
        (&["template", "pack", "mandrill-welcome=fault.jsonnet"], 1),
        (&["template", "pack", "no-function=cancels.jsonnet"], 2),
        (&["template"], 2),
        (&["completions", "zsh"], 0),
        (&["completions", "no-shell"], 2),
    ];
    for command in help::commands().await {
        assert!(rows.iter().any(|(row, _)| row[0] == command), "{command} is not tried");
    }
    for (row, code) in rows {
        let output = files.run(row, &[]);
        assert_eq!(output.status.code(), Some(code), "{row:?}: {}", text(&output.stderr));
    }
    files.world.secret("ory-actions/mandrill", "replace-me");
    let output = files.run(&["doctor", "--outputs", "outputs.json"], &[]);
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn colors_are_for_terminals_and_not_with_no_color() {
    const FORCE: (&str, &str) = ("CLICOLOR_FORCE", "1");
    let files = Files::create().await;
    let corpus = repository("lint/tests/corpus/documents/mailchimp.yml").display().to_string();
    let event = repository("events/registration.json").display().to_string();
    let rows: [&[&str]; 3] = [
        &["lint", &corpus],
        &["doctor", "--outputs", "outputs.json"],
        &["render", "fault.jsonnet", &event],
    ];
    for row in rows {
        let has_colors = |environment| {
            let Output { stdout, stderr, .. } = files.run(row, environment);
            [stdout, stderr].iter().any(|stream| stream.contains(&b'\x1b'))
        };
        assert!(!has_colors(&[]), "{row:?}: a pipe is no terminal");
        assert!(has_colors(&[FORCE]), "{row:?}");
        assert!(!has_colors(&[FORCE, ("NO_COLOR", "1")]), "{row:?}");
    }
}

/// Whether a line is too long for the terminal, although it could be broken.
fn is_too_long(line: &str, width: usize) -> bool {
    let longest = line.split(' ').map(|word| word.chars().count()).max().unwrap_or_default();
    line.trim_end().chars().count() > width && longest < width / 2
}

#[tokio::test(flavor = "multi_thread")]
async fn output_fits_the_terminal() {
    let files = Files::create().await;
    let help = help::commands().await.into_iter().map(|command| vec![command, "--help".into()]);
    let more = [&["--help"][..], &["doctor", "-h"], &["dead-letters", "redrive", "--help"]];
    let help = help.chain(more.iter().map(|row| row.iter().map(|&one| one.to_owned()).collect()));
    let is_text = |row: &Vec<String>| {
        // Data for programs, and the table of `up`, which has its own tests.
        let is_data = row.contains(&"json".to_owned()) || row[..2] == ["preset", "show"];
        !is_data && !["up", "completions"].contains(&&*row[0])
    };
    for row in printing().into_iter().filter(is_text).chain(help) {
        let Output { stdout, stderr, .. } = files.command(&row).output().unwrap();
        let lines = text(&stdout).lines().chain(text(&stderr).lines());
        let long: Vec<_> = lines.filter(|line| is_too_long(line, WIDTH)).collect();
        assert!(long.is_empty(), "{row:?}: {long:#?}");
    }
    let wide = [
        &["doctor", "--outputs", "outputs.json"][..],
        &["doctor", "-h"],
        &["dead-letters", "list", "welcome"],
    ];
    for row in wide {
        let widest = |columns| {
            let Output { stdout, .. } = files.run(row, &[("COLUMNS", columns)]);
            text(&stdout).lines().map(|line| line.chars().count()).max().unwrap()
        };
        let widths = [widest("60"), widest("120")];
        assert!(widths[0] <= 60 && widths[1] > WIDTH, "{row:?}: {widths:?}");
    }
}
