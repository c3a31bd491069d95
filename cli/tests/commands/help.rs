//! What the program says of itself.

use shared::version;

use crate::world::{Done, run};

/// The commands that `--help` lists.
pub(crate) async fn commands() -> Vec<String> {
    let Done { status, stdout, .. } = run(&["--help"], &[]).await;
    assert_eq!(status, Some(0));
    let listed = stdout.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let words = rows.filter_map(|row| row.split(' ').next());
    words.filter(|word| !["", "help"].contains(word)).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_command_help_has_an_example_and_exit_codes() {
    let commands = commands().await;
    assert!(commands.len() >= 6, "{commands:?}");
    for command in commands {
        let Done { status, stdout, .. } = run(&[&command, "--help"], &[]).await;
        assert_eq!(status, Some(0), "{command}");
        let examples = stdout.split("Examples:\n").nth(1).unwrap_or_default();
        assert!(examples.contains(&format!("ory-actions {command}")), "{command}: {stdout}");
        let codes = examples.split("Exit codes:\n").nth(1).unwrap_or_default();
        let numbers: Vec<_> = codes.lines().map(|line| &line[..5]).collect();
        assert_eq!(numbers, ["  0  ", "  1  ", "  2  "], "{command}: {stdout}");
    }
}

#[tokio::test]
async fn version_tells_what_was_built() {
    let Done { status, stdout, .. } = run(&["--version"], &[]).await;
    assert_eq!((status, stdout), (Some(0), format!("ory-actions {}\n", version::in_words())));
    let [version, processor] = [env!("CARGO_PKG_VERSION"), version::ARCHITECTURE];
    let words = version::in_words();
    assert!(words.starts_with(version) && words.ends_with(&format!("{processor})")), "{words}");
}

#[tokio::test]
async fn every_command_has_shell_completion() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let Done { status, stdout, .. } = run(&["completions", shell], &[]).await;
        assert_eq!(status, Some(0), "{shell}");
        for command in commands().await {
            assert!(stdout.contains(&command), "{shell}: {command}");
        }
    }
}
