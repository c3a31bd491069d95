//! `action`, as it is typed.

use crate::world::{Done, run};

const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/";

async fn action(arguments: &[&str]) -> Done {
    run(&[&["action"], arguments].concat(), &[]).await
}

#[tokio::test]
async fn configuration_goes_to_stdout_and_notes_to_stderr() {
    let typed = ["segment-identify", "--url", URL, "--flow", "registration"];
    let Done { status, stdout, stderr } = action(&typed).await;
    assert_eq!(status, Some(0));
    assert_eq!(stdout.matches("ory patch identity-config").count(), 5);
    let stderr = unwrapped(&stderr);
    assert!(stderr.contains("Does not block the flow"), "{stderr}");
    assert!(stderr.contains("no longer uses registration.after.hooks"), "{stderr}");
    let typed = ["mandrill-welcome", "--url", URL, "--flow", "registration", "--parse"];
    let Done { stdout, stderr, .. } = action(&typed).await;
    assert!(stdout.contains(r#""parse": true"#), "{stdout}");
    assert!(stderr.contains("Blocks every sign-up"), "{stderr}");
}

/// Text that is wrapped to the width of a terminal, on one line.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn printed_commands_fit_the_terminal_and_say_what_to_look_at() {
    let typed = ["mandrill-welcome", "--url", URL, "--flow", "registration"];
    let Done { stdout, stderr, .. } = action(&typed).await;
    assert!(stdout.chars().count() < 4000 && !stdout.contains("base64://b"), "{stdout}");
    let last = stderr.rsplit("note: ").next().unwrap();
    assert!(last.starts_with("Look at `template`"), "{stderr}");
    let typed = [&typed[..], &["--format", "inline", "--method", "code"]].concat();
    let Done { stdout, .. } = action(&typed).await;
    assert_eq!((stdout.lines().count(), stdout.matches("base64://b").count()), (2, 1), "{stdout}");
}

/// What is typed after `action`, and what whoever typed it is told.
const REFUSED: [(&[&str], &str); 12] = [
    (&["welcome", "--url", URL, "--flow", "login"], "mandrill-welcome or segment-identify"),
    (&["mailchimp-inbound", "--url", URL, "--flow", "login"], "ory-actions mailchimp-webhook"),
    (&["mandrill-welcome", "--url", URL, "--flow", "signup"], "registration, login, settings"),
    (
        &["mandrill-welcome", "--url", URL, "--flow", "login", "--method", "pasword"],
        "expected one of password, oidc",
    ),
    (
        &["mandrill-welcome", "--url", URL, "--flow", "registration", "--method", "profile"],
        "never runs",
    ),
    (
        &["mandrill-welcome", "--url", URL, "--flow", "recovery", "--method", "code"],
        "remove --method",
    ),
    (
        &["segment-identify", "--url", URL, "--flow", "settings", "--parse"],
        "before the identity is saved",
    ),
    (&["mandrill-welcome", "--url", URL, "--flow", "login", "--parse"], "has no effect"),
    (&["mandrill-welcome", "--url", "http://abc.test", "--flow", "login"], "https URL"),
    (
        &["mandrill-welcome", "--url", URL, "--flow", "login", "--format", "json"],
        "set one --method",
    ),
    (
        &["mandrill-welcome", "--url", URL, "--flow", "login", "--api-key-env", "the-key-itself"],
        "the name of an environment variable",
    ),
    (
        &[
            "mandrill-welcome",
            "--url",
            URL,
            "--flow",
            "login",
            "--format",
            "yaml",
            "--api-key-env",
            "UNSET",
        ],
        "UNSET is not set",
    ),
];

#[tokio::test]
async fn refused_arguments_are_explained_with_an_alternative() {
    for (typed, part) in REFUSED {
        let Done { status, stdout, stderr } = action(typed).await;
        assert_eq!(status, Some(2), "{typed:?}");
        assert!(stdout.is_empty(), "{typed:?}: {stdout}");
        assert!(stderr.contains(part), "{typed:?}: {stderr}");
    }
}

#[tokio::test]
async fn key_is_read_from_the_environment_and_its_location_is_printed() {
    let typed = ["action", "mandrill-welcome", "--url", URL, "--flow", "settings"];
    let typed = [&typed[..], &["--format", "yaml", "--api-key-env", "KEY"]].concat();
    let Done { stdout, stderr, .. } = run(&typed, &[("KEY", "the-key")]).await;
    assert!(stdout.contains("value: the-key"), "{stdout}");
    assert!(stderr.contains("The output contains the key"), "{stderr}");
}
