//! The command that `mandrill-webhook` prints to copy the key of the webhook, with a real `jq`.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use ory_actions::{mandrill_webhook::put_key, shell};
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn key_goes_from_mandrill_to_the_secret_and_nowhere_else() {
    let folder = TempDir::new().unwrap();
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let url = "https://a.test/it's?a=b";
    let other = json!({"url": "https://b.test/", "auth_key": "no"});
    let answer = json!([other, {"url": url, "auth_key": "the-key"}]).to_string();
    program("curl", &format!("cat > \"$0.in\"; echo {}", shell::word(&answer)));
    program("aws", "cat > \"$0.in\"; echo \"$@\" > \"$0.args\"");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &put_key("https://mandrillapp.com/api/1.0", url, Some("a b"))])
        .env("PATH", path)
        .env("MANDRILL_API_KEY", "md-key")
        .output()
        .unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let sent: Value = serde_json::from_str(&read("curl.in")).unwrap();
    assert_eq!(sent, json!({"key": "md-key"}));
    assert_eq!(read("aws.in"), "{\"webhook_key\":\"the-key\"}\n");
    assert!(read("aws.args").contains("--secret-id a b --secret-string file:///dev/stdin"));
}
