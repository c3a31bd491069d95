//! The scripts in `.ci` that decide something: which processor, and whose permissions.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use regex_lite::Regex;
use tempfile::TempDir;

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.ci").join(name).canonicalize().unwrap()
}

fn write_program(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The header of an ELF program for 64 bits in little endian, up to the machine.
fn elf(machine: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    header.extend(3_u16.to_le_bytes()); // ET_DYN
    header.extend(machine.to_le_bytes());
    header
}

const X86_64: u16 = 62;
const ARM64: u16 = 183;

/// A build of two functions and of a nested stack, which has no code.
fn build(welcome: impl AsRef<[u8]>, identify: impl AsRef<[u8]>) -> TempDir {
    let folder = TempDir::new().unwrap();
    let build = folder.path().join(".aws-sam/build");
    write_program(&build.join("MandrillWelcome/bootstrap"), welcome);
    write_program(&build.join("SegmentIdentify/bootstrap"), identify);
    fs::create_dir(build.join("Monitoring")).unwrap();
    folder
}

fn check_processor(build: &TempDir, architecture: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.arg(script("processor")).arg(architecture).current_dir(build.path()).output().unwrap()
}

fn refusal(build: &TempDir, architecture: &str) -> String {
    let output = check_processor(build, architecture);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_build_for_the_processor_of_the_stack_passes() {
    for (machine, architecture) in [(ARM64, "arm64"), (X86_64, "x86_64")] {
        let output = check_processor(&build(elf(machine), elf(machine)), architecture);
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed, format!("bootstraps for {architecture}: 2\n"));
    }
}

#[test]
fn a_bootstrap_for_another_processor_is_refused_by_name() {
    let mixed = build(elf(ARM64), elf(X86_64));
    assert!(refusal(&mixed, "arm64").contains("SegmentIdentify/bootstrap is not for arm64"));
    assert!(refusal(&mixed, "x86_64").contains("MandrillWelcome/bootstrap is not for x86_64"));
    let mut no_program = elf(ARM64);
    no_program[..4].copy_from_slice(b"#!/b");
    let no_program = build(elf(ARM64), no_program);
    assert!(refusal(&no_program, "arm64").contains("SegmentIdentify/bootstrap is not for arm64"));
}

#[test]
fn a_bootstrap_that_is_not_executable_or_missing_is_refused() {
    let built = build(elf(ARM64), elf(ARM64));
    let bootstrap = built.path().join(".aws-sam/build/SegmentIdentify/bootstrap");
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refusal(&built, "arm64").contains("SegmentIdentify/bootstrap is not executable"));
    assert!(refusal(&TempDir::new().unwrap(), "arm64").contains("run sam build first"));
}

/// A relay is built beside the other functions.
#[test]
fn a_build_in_another_folder_is_checked_by_its_name() {
    let built = build(elf(ARM64), elf(ARM64));
    let relay = built.path().join(".aws-sam/relay/Relay/bootstrap");
    write_program(&relay, elf(X86_64));
    let check = |architecture: &str| {
        let mut bash = Command::new("bash");
        bash.arg(script("processor")).args([architecture, ".aws-sam/relay"]);
        bash.current_dir(built.path()).output().unwrap()
    };
    assert!(check("x86_64").status.success());
    let refused = String::from_utf8(check("arm64").stderr).unwrap();
    assert!(refused.contains(".aws-sam/relay/Relay/bootstrap is not for arm64"), "{refused}");
}

#[test]
fn an_unknown_processor_is_a_usage_error() {
    let built = build(elf(ARM64), elf(ARM64));
    assert_eq!(check_processor(&built, "aarch64").status.code(), Some(2));
}

/// What `.ci/apt` runs for a user, with programs of ours that only say so.
fn apt_as(user: u32) -> String {
    let folder = TempDir::new().unwrap();
    let programs = folder.path().join("bin");
    write_program(&programs.join("id"), format!("#!/bin/sh\necho {user}\n"));
    write_program(&programs.join("sudo"), "#!/bin/sh\necho \"sudo $*\"\n");
    write_program(&programs.join("apt-get"), "#!/bin/sh\necho \"apt-get $*\"\n");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    let output = bash.arg(script("apt")).args(["one", "two"]).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn packages_are_installed_with_sudo_unless_by_root() {
    let root = apt_as(0);
    assert_eq!(
        root,
        "apt-get update --quiet=2\n\
         apt-get install --quiet=2 --yes --no-install-recommends one two\n"
    );
    let with_sudo = root.replace("apt-get", "sudo apt-get");
    assert_eq!(apt_as(1001), with_sudo);
}

/// `tests/real/smoke.rs` runs the script: it needs Python.
#[test]
fn the_smoke_check_knows_each_function_url_of_the_stack() {
    let output = Regex::new(r"(?m)^  (\w+):\n(?:    .*\n)*?    Value: .*\.FunctionUrl$").unwrap();
    let mut urls = BTreeSet::new();
    for template in ["../template.yaml", "../relay.yaml"] {
        let template = fs::read_to_string(script(template)).unwrap();
        let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
        urls.extend(output.captures_iter(outputs).map(|it| it[1].to_owned()));
    }
    assert!(urls.len() >= 4, "{urls:?}");

    let smoke = fs::read_to_string(script("smoke")).unwrap();
    let known = Regex::new(r#"(?m)^    "(\w+)": \d+,$"#).unwrap();
    let known: BTreeSet<_> = known.captures_iter(&smoke).map(|it| it[1].to_owned()).collect();
    assert_eq!(known, urls);
}
