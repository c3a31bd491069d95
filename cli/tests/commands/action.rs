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

#[tokio::test]
async fn mailchimp_subscribe_follows_three_flows_each_for_a_reason() {
    let Done { status, stdout, stderr } = action(&["mailchimp-subscribe", "--url", URL]).await;
    assert_eq!(status, Some(0), "{stderr}");
    let added = |flow: &str| stdout.matches(&format!("/selfservice/flows/{flow}/after/")).count();
    assert_eq!(["verification", "settings", "registration"].map(added), [1, 1, 5]);
    assert!(!stdout.contains("True-Client-Ip"));
    let stderr = unwrapped(&stderr);
    for flow in ["verification", "settings", "registration"] {
        assert!(stderr.contains(&format!("Why {flow}: ")), "{stderr}");
    }
    assert!(stderr.contains("With `verify_new_address`"), "{stderr}");
    let with_ip = ["mailchimp-subscribe", "--url", URL, "--flow", "registration", "--with-ip"];
    let Done { stdout, stderr, .. } = action(&with_ip).await;
    assert!(stdout.contains("get(get(ctx, 'request_headers'), 'True-Client-Ip')"), "{stdout}");
    assert!(unwrapped(&stderr).contains("True-Client-Ip is personal data"), "{stderr}");
}

#[tokio::test]
async fn relay_is_called_after_the_flow_that_its_preset_is_for() {
    for more in [&["--flow", "registration", "--preset", "slack"][..], &["--flow", "login"]] {
        let Done { status, stdout, stderr } =
            action(&[&["relay", "--url", URL], more].concat()).await;
        assert_eq!(status, Some(0), "{stderr}");
        let after = format!("/selfservice/flows/{}/after/password/hooks/0", more[1]);
        assert!(stdout.contains(&after), "{stdout}");
        assert!(stderr.contains("Does not block the flow"), "{stderr}");
    }
}

#[tokio::test]
async fn terraform_has_its_own_notes_and_no_key() {
    let typed = ["action", "segment-identify", "--url", URL, "--flow", "settings"];
    let typed = [&typed[..], &["--format", "terraform", "--api-key-env", "KEY"]].concat();
    let Done { status, stdout, stderr } = run(&typed, &[("KEY", "canary-key")]).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("resource \"ory_action\" \"segment_identify_settings_profile\" {"));
    assert!(!format!("{stdout}{stderr}").contains("canary-key"), "{stdout}{stderr}");
    assert!(stdout.contains("TF_VAR_segment_identify_webhook_key=\"$KEY\""), "{stdout}");
    let stderr = unwrapped(&stderr);
    for note in [
        "cannot move it",
        "one `terraform apply` at a time",
        "drops what the provider does not know",
        "Set TF_VAR_segment_identify_webhook_key to the value of KEY",
        "answers 200 and drops a webhook",
        "check with `ory-actions doctor`",
    ] {
        assert!(stderr.contains(note), "{note}: {stderr}");
    }
    assert!(!stderr.contains("append a path to the URL"), "{stderr}");
    let parse = ["mandrill-welcome", "--url", URL, "--flow", "settings", "--parse"];
    let parse = [&parse[..], &["--format", "terraform"]].concat();
    assert!(unwrapped(&action(&parse).await.stderr).contains("append a path to the URL"));
}

#[tokio::test]
async fn reply_in_login_is_printed_with_what_it_can_do() {
    let typed = ["segment-identify", "--url", URL, "--flow", "login", "--parse"];
    let Done { status, stdout, stderr } = action(&typed).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains(r#""parse": true"#) && stdout.contains("'after_save'"), "{stdout}");
    let stderr = unwrapped(&stderr);
    for note in [
        "Blocks every login",
        "stop the login; Ory throws away an `identity`",
        "segment-identify calls its vendor before it replies",
    ] {
        assert!(stderr.contains(note), "{note}: {stderr}");
    }
}

/// What is typed after `action`, and what whoever typed it is told.
const REFUSED: [(&[&str], &str); 29] = [
    (&["welcome", "--url", URL, "--flow", "login"], "mandrill-welcome or segment-identify"),
    (&["mailchimp-inbound", "--url", URL, "--flow", "login"], "ory-actions mailchimp-webhook"),
    (&["mandrill-inbound", "--url", URL, "--flow", "login"], "ory-actions mandrill-webhook"),
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
    (
        &["mandrill-welcome", "--url", URL, "--flow", "recovery", "--parse"],
        "the reply could only stop the flow",
    ),
    (&["relay", "--url", URL, "--flow", "login", "--parse"], "has no REPLY_TEMPLATE"),
    (
        &[
            "mandrill-welcome",
            "--url",
            URL,
            "--flow",
            "login",
            "--method",
            "code,password,code",
            "--format",
            "terraform",
        ],
        "selfservice.flows.login.after.code.hooks cannot have this one twice",
    ),
    (&["relay", "--url", URL], "--flow is required for relay"),
    (&["relay", "--url", URL, "--flow", "before"], "registration, login, settings"),
    (
        &["relay", "--url", URL, "--flow", "registration", "--parse"],
        "relay sends only identities that are saved",
    ),
    (
        &["relay", "--url", URL, "--flow", "login", "--preset", "slack"],
        "the preset slack sends nothing after login, only after registration",
    ),
    (&["relay", "--url", URL, "--flow", "login", "--preset", "fax"], "braze, customer-io"),
    (
        &["segment-identify", "--url", URL, "--flow", "login", "--preset", "slack"],
        "--preset is for relay",
    ),
    (&["mandrill-welcome", "--url", URL], "--flow is required for mandrill-welcome"),
    (&["mailchimp-subscribe", "--url", URL, "--flow", "recovery"], "changes neither consent"),
    (
        &["mailchimp-subscribe", "--url", URL, "--flow", "settings", "--method", "password"],
        "--method profile",
    ),
    (&["mailchimp-subscribe", "--url", URL, "--method", "password"], "set --flow, too"),
    (
        &["mailchimp-subscribe", "--url", URL, "--flow", "registration", "--parse"],
        "mailchimp-subscribe sends only identities that are saved",
    ),
    (&["mailchimp-subscribe", "--url", URL, "--format", "json"], "a single webhook"),
    (
        &["segment-identify", "--url", URL, "--flow", "registration", "--with-ip"],
        "--with-ip is for mailchimp-subscribe",
    ),
    (
        &["mailchimp-subscribe", "--url", URL, "--flow", "verification", "--method", "code"],
        "remove --method",
    ),
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
