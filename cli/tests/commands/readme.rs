//! What the README and the pages after it tell people to copy, run by a shell as it stands. In the
//! place of what they have installed stand scripts of a line or two.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use fakes::{WEBHOOK_KEY, relayed};
use http::HeaderName;
use ory_actions::up::local::{LocalStack, Mode, PortNumbers};
use serde_json::{Value, json};
use shared::http::{Client, Http, Request};
use tempfile::TempDir;
use tokio::process::Command;

use crate::world::{Done, World, done, run};

/// A call of the local stack takes milliseconds.
const CURL_TIMEOUT: Duration = Duration::from_secs(10);

/// `cargo run … -- …` runs this very program.
const CARGO: &str = concat!(
    "while [ \"$1\" != -- ]; do shift; done; shift; exec ",
    env!("CARGO_BIN_EXE_ory-actions"),
    " \"$@\""
);

const PAGES: [&str; 3] = ["README.md", "docs/ory.md", "docs/mailchimp.md"];

/// The one block of commands that holds this.
fn block(part: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pages = PAGES.map(|page| fs::read_to_string(root.join(page)).unwrap()).join("\n");
    let blocks = pages.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let holding: Vec<_> = blocks.filter(|block| block.contains(part)).collect();
    let [block] = holding[..] else { panic!("{part}: {holding:?}") };
    block.to_owned()
}

pub(crate) fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

async fn shell(folder: &Path, block: &str, environment: &[(&str, &str)]) -> Done {
    let mut command = Command::new("/bin/sh");
    command.args(["-euc", block]).current_dir(folder).env_clear();
    command.envs(environment.iter().copied());
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    done(command).await
}

#[tokio::test]
async fn documented_action_commands_configure_a_non_blocking_webhook_per_method_and_function() {
    let folder = TempDir::new().unwrap();
    program(folder.path(), "cargo", CARGO);
    // A line for each argument.
    let told = "for one; do printf '%s' \"$one\" | tr '\\n' ' '; echo; done >> told";
    program(folder.path(), "ory", told);
    let environment = [
        ("MANDRILL_WELCOME_URL", "https://welcome.test/"),
        ("SEGMENT_IDENTIFY_URL", "https://identify.test/"),
        ("WEBHOOK_KEY", "canary-webhook-key"),
    ];
    let Done { status, stderr, .. } =
        shell(folder.path(), &block("-- action mandrill-welcome"), &environment).await;
    assert_eq!(status, Some(0), "{stderr}");

    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    let commands: Vec<_> = told.split("patch\n").skip(1).collect();
    let mut expected = Vec::new();
    for url in ["https://welcome.test/", "https://identify.test/"] {
        for method in ["password", "oidc", "code", "passkey", "webauthn"] {
            expected.push((url, method));
        }
    }
    assert_eq!(commands.len(), expected.len());
    for (command, (url, method)) in commands.iter().zip(expected) {
        let arguments: Vec<_> = command.lines().collect();
        let project = ["--project", "PROJECT-ID", "--workspace", "WORKSPACE-ID"];
        assert_eq!(arguments[0], "identity-config");
        assert!(project.iter().all(|word| arguments.contains(word)), "{arguments:?}");
        let (path, hook) = arguments.last().unwrap().split_once('=').unwrap();
        assert_eq!(path, format!("/selfservice/flows/registration/after/{method}/hooks/0"));
        let hook: Value = serde_json::from_str(hook).unwrap();
        assert_eq!(hook["hook"], "web_hook");
        let config = &hook["config"];
        assert_eq!(config["url"], url);
        assert_eq!(config["response"], json!({"ignore": true}));
        assert_eq!(config["auth"]["config"]["value"], "canary-webhook-key");
    }
}

#[tokio::test]
async fn documented_action_commands_without_the_key_run_no_ory_command() {
    let folder = TempDir::new().unwrap();
    program(folder.path(), "cargo", CARGO);
    program(folder.path(), "ory", "touch told");
    let environment = [
        ("MANDRILL_WELCOME_URL", "https://a/"),
        ("SEGMENT_IDENTIFY_URL", "https://b/"),
        ("WEBHOOK_KEY", ""),
    ];
    let Done { status, .. } =
        shell(folder.path(), &block("-- action mandrill-welcome"), &environment).await;
    assert_ne!(status, Some(0));
    assert!(!folder.path().join("told").exists());
}

#[tokio::test]
async fn documented_terraform_commands_give_the_key_in_the_environment_only() {
    let folder = TempDir::new().unwrap();
    program(folder.path(), "cargo", CARGO);
    let told = "echo \"$* $TF_VAR_ory_project_id $TF_VAR_segment_identify_webhook_key\" >> told";
    program(folder.path(), "terraform", told);
    let environment =
        [("SEGMENT_IDENTIFY_URL", "https://identify.test/"), ("WEBHOOK_KEY", "canary-key")];
    let Done { status, stderr, .. } =
        shell(folder.path(), &block("--format terraform"), &environment).await;
    assert_eq!(status, Some(0), "{stderr}");
    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    assert_eq!(told, "init PROJECT-ID canary-key\napply PROJECT-ID canary-key\n");
    let file = fs::read_to_string(folder.path().join("segment_identify.tf")).unwrap();
    assert!(!file.contains("canary-key"), "{file}");
    assert_eq!(file.matches("url             = \"https://identify.test/\"").count(), 5, "{file}");
}

#[tokio::test]
async fn documented_action_command_lets_mailchimp_subscribe_follow_three_flows() {
    let folder = TempDir::new().unwrap();
    program(folder.path(), "cargo", CARGO);
    program(folder.path(), "ory", "for one; do printf '%s\\n' \"$one\"; done >> told");
    let environment =
        [("MAILCHIMP_SUBSCRIBE_URL", "https://subscribe.test/"), ("WEBHOOK_KEY", "canary-key")];
    let block = block("-- action mailchimp-subscribe");
    let Done { status, stderr, .. } = shell(folder.path(), &block, &environment).await;
    assert_eq!(status, Some(0), "{stderr}");
    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    let lists = told.lines().filter_map(|line| line.split_once("/hooks/0=")).map(|(list, _)| list);
    let lists: Vec<_> = lists.map(|list| list.replace("/selfservice/flows/", "")).collect();
    let after = ["password", "oidc", "code", "passkey", "webauthn"];
    let after = after.map(|method| format!("registration/after/{method}"));
    let first = ["verification/after", "settings/after/profile"].map(str::to_owned);
    assert_eq!(lists, [first.to_vec(), after.to_vec()].concat());
}

#[tokio::test]
async fn documented_doctor_command_finds_the_stack_and_the_hooks() {
    let world = World::start().await;
    // The shipped template's own address.
    world.stack.fakes.mandrill.set_domain("example.com", true);
    let folder = TempDir::new().unwrap();
    program(folder.path(), "cargo", CARGO);
    let print = |json: Value| format!("cat <<'END'\n{json}\nEND");
    program(folder.path(), "aws", &print(world.told_by_sam()));
    program(folder.path(), "ory", &print(world.config()));
    let Done { status, stdout, stderr } =
        shell(folder.path(), &block("-- doctor"), &world.environment()).await;
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.ends_with("All checks passed.\n"), "{stdout}");
}

#[tokio::test]
async fn documented_relay_commands_fill_in_the_secret_and_call_the_relay_after_registrations() {
    let folder = TempDir::new().unwrap();
    program(folder.path(), "sam", "");
    program(folder.path(), "cargo", CARGO);
    program(folder.path(), "aws", "for one; do printf '%s\\n' \"$one\"; done > secret");
    program(folder.path(), "ory", "for one; do printf '%s\\n' \"$one\"; done >> told");
    let environment = [
        ("RELAY_SECRET_ID", "the-secret-of-the-relay"),
        ("RELAY_URL", "https://relay.test/"),
        ("WEBHOOK_KEY", "canary-key"),
    ];
    let block = block("-- action relay") + "sh ory.sh\n";
    let Done { status, stderr, .. } = shell(folder.path(), &block, &environment).await;
    assert_eq!(status, Some(0), "{stderr}");

    let read = |file| fs::read_to_string(folder.path().join(file)).unwrap();
    let secret = read("secret");
    let words: Vec<_> = secret.lines().collect();
    assert_eq!(words[..2], ["secretsmanager", "put-secret-value"]);
    assert!(words.contains(&"the-secret-of-the-relay"), "{words:?}");
    let filled_in: Value = serde_json::from_str(words.last().unwrap()).unwrap();
    let fields = |secret: &Value| secret.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&filled_in), fields(&relayed::secret("hubspot")));

    let told = read("told");
    let hooks: Vec<_> = told.lines().filter_map(|line| line.split_once("/hooks/0=")).collect();
    let methods = ["password", "oidc", "code", "passkey", "webauthn"];
    let lists = methods.map(|method| format!("/selfservice/flows/registration/after/{method}"));
    assert_eq!(hooks.iter().map(|(list, _)| *list).collect::<Vec<_>>(), lists);
    assert_eq!(told.matches("https://relay.test/").count(), methods.len());
}

/// `curl -i URL -H … -d BODY`, sent by our own client: not everybody has curl.
async fn send(arguments: &str) -> (u16, Value) {
    let words: Vec<_> = arguments.lines().collect();
    let [flag, url, rest @ ..] = &words[..] else { panic!("{arguments}") };
    assert_eq!(*flag, "-i");
    let mut request = Request::post_json(url.parse().unwrap(), String::new(), CURL_TIMEOUT);
    for pair in rest.chunks(2) {
        match pair {
            ["-H", header] => {
                let (name, value) = header.split_once(": ").unwrap();
                request.headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
            }
            ["-d", body] => request.body = (*body).to_owned().into(),
            other => panic!("{other:?}"),
        }
    }
    let response = Client::new().unwrap().send(request).await.unwrap();
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

#[tokio::test]
async fn readme_curl_command_sends_a_welcome() {
    let stack = LocalStack::start(PortNumbers::default(), Mode::FAST).await.unwrap();
    let folder = TempDir::new().unwrap();
    program(folder.path(), "curl", "printf '%s\n' \"$@\"");
    let url = stack.function_url("mandrill-welcome");
    let environment = [("MANDRILL_WELCOME_URL", &*url), ("WEBHOOK_KEY", WEBHOOK_KEY)];
    let Done { stdout, .. } =
        shell(folder.path(), &block("curl -i \"$MANDRILL"), &environment).await;
    let (status, body) = send(&stdout).await;
    assert_eq!((status, &body["status"]), (202, &json!("accepted")), "{body}");
    stack.at_rest().await;
    let received = stack.fakes.mandrill.take_received();
    let mail = received.iter().find(|call| call.is_mail()).unwrap();
    assert_eq!(mail.body["message"]["to"][0]["email"], "you@your-domain.example");
}

#[tokio::test]
async fn readme_names_existing_flags_of_up() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let flags: Vec<_> =
        readme.split("`up ").skip(1).map(|rest| rest.split('`').next().unwrap()).collect();
    assert_eq!(flags.len(), 3, "{flags:?}");
    let help = run(&["up", "--help"], &[]).await.stdout;
    for flag in flags {
        assert!(help.contains(&format!("{flag} ")), "{flag}: {help}");
    }
}
