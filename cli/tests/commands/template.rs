//! `ory-actions template`, and `render --check`, which looks as closely.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// Sends everybody the same mail.
const FINE: &str = "function(ctx) { message: { to: [{ email: 'a@example.com' }], subject: 'Hi' } }";
/// Fails for people without an address, whom few events have.
const FAULT: &str = "function(ctx) { message: { to: [{ email: ctx.identity.traits.email }] } }";
const IDENTIFY: &str = "function(ctx) { userId: ctx.identity.id }";
const REPLY: &str = "function(ctx, outcome) null";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, code) in [
        ("fine.jsonnet", FINE),
        ("fault.jsonnet", FAULT),
        ("identify.jsonnet", IDENTIFY),
        ("reply.jsonnet", REPLY),
        ("broken.jsonnet", "function(ctx) {"),
    ] {
        fs::write(folder.path().join(name), code).unwrap();
    }
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
    program.current_dir(folder.path()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What `unzip -l` would list: the names stand in the file as they are, as nothing is compressed.
fn has(zip: &Path, text: &str) -> bool {
    let bytes = fs::read(zip).unwrap();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn templates_are_packed_and_the_commands_printed() {
    let folder = folder();
    let packed = run(
        &folder,
        &[
            "template",
            "pack",
            "mandrill-welcome=fine.jsonnet",
            "segment-identify=identify.jsonnet",
            "segment-identify:reply=reply.jsonnet",
            "--out",
            "my layer.zip",
        ],
    );
    assert_eq!(packed.status.code(), Some(0), "{packed:?}");
    let zip = folder.path().join("my layer.zip");
    for part in ["fine.jsonnet", FINE, "identify.jsonnet", IDENTIFY, "reply.jsonnet", REPLY] {
        assert!(has(&zip, part), "{part}");
    }
    let printed = text(&packed.stdout);
    for line in [
        "aws lambda publish-layer-version --layer-name ory-actions-templates \\",
        "  --zip-file fileb://'my layer.zip' --query LayerVersionArn --output text",
        "TemplatesLayerArn=ARN",
        "WelcomeTemplate=file:///opt/fine.jsonnet",
        "IdentifyTemplate=file:///opt/identify.jsonnet",
        "IdentifyReplyTemplate=file:///opt/reply.jsonnet",
    ] {
        assert!(printed.lines().any(|one| one == line), "{line}: {printed}");
    }
    assert!(!printed.contains("relay"), "{printed}");
}

#[test]
fn relay_has_a_stack_of_its_own() {
    let folder = folder();
    fs::write(folder.path().join("crm.jsonnet"), "function(ctx) error 'cancel'").unwrap();
    let packed = run(&folder, &["template", "pack", "relay:hubspot=crm.jsonnet"]);
    assert_eq!(packed.status.code(), Some(0), "{packed:?}");
    let printed = text(&packed.stdout);
    assert!(printed.contains("stack of the relay") && !printed.contains("the functions"));
    assert!(printed.lines().any(|line| line == "Template=file:///opt/crm.jsonnet"), "{printed}");
}

/// One that a sign-up would have found.
#[test]
fn template_that_fails_with_any_event_is_not_packed() {
    let rows = [
        ("mandrill-welcome=fault.jsonnet", "registration-phone.json"),
        ("mandrill-welcome=broken.jsonnet", "broken.jsonnet"),
        ("mandrill-welcome=identify.jsonnet", "identify.jsonnet"),
        ("mandrill-welcome:reply=broken.jsonnet", "broken.jsonnet"),
        ("mandrill-welcome:reply=identify.jsonnet", "identify.jsonnet"),
    ];
    for (template, told) in rows {
        let folder = folder();
        let argument = ["template", "pack", "segment-identify=identify.jsonnet", template];
        let refused = run(&folder, &argument);
        assert_eq!(refused.status.code(), Some(1), "{template}: {refused:?}");
        assert!(text(&refused.stderr).contains(told), "{template}: {}", text(&refused.stderr));
        assert!(!folder.path().join("layer.zip").exists(), "{template}");
        assert!(refused.stdout.is_empty(), "{template}");
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let folder = folder();
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(folder.path().join("other/fine.jsonnet"), IDENTIFY).unwrap();
    let argument = [
        "template",
        "pack",
        "mandrill-welcome=fine.jsonnet",
        "segment-identify=other/fine.jsonnet",
    ];
    assert_eq!(run(&folder, &argument).status.code(), Some(2));
    assert!(!folder.path().join("layer.zip").exists());
}

#[test]
fn check_tells_each_fault_once_with_its_event() {
    let folder = folder();
    let checked = run(&folder, &["render", "mandrill-welcome=fault.jsonnet", "--check"]);
    assert_eq!(checked.status.code(), Some(1));
    let told = text(&checked.stderr);
    assert!(
        told.contains("fault.jsonnet:1:") && told.contains("registration-phone.json"),
        "{told}"
    );
    assert!(text(&checked.stdout).contains(" sample events fail"), "{checked:?}");
    let fine = run(&folder, &["render", "mandrill-welcome=fine.jsonnet", "--check"]);
    assert_eq!(fine.status.code(), Some(0), "{fine:?}");
}
