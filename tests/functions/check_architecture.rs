//! `.ci/check-architecture`, which stands between a build and a deployment.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/check-architecture");

const X86_64: u8 = 0x3e;
const ARM64: u8 = 0xb7;
const RISC_V: u8 = 0xf3;

/// The deployed stack, as the AWS CLI tells of it.
const ON_X86_64: &str = "echo x86_64";
const ON_ARM64: &str = "echo arm64";
const NO_STACK: &str = "echo 'Stack with id ory-actions does not exist' >&2; exit 254";
const NO_ACCESS: &str = "echo 'AccessDenied' >&2; exit 254";

/// The first bytes of a program for this machine: its field `e_machine` is at 18.
fn program(machine: u8) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(18, 0);
    header.extend([machine, 0]);
    header.resize(64, 0);
    header
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The exit code and what is said, for bootstraps of these machines and a CLI that answers this.
fn checked(machines: &[u8], aws: &str) -> (i32, String) {
    let folder = TempDir::new().unwrap();
    script(&folder.path().join("aws"), aws);
    for (number, machine) in machines.iter().enumerate() {
        let function = folder.path().join(format!("Function{number}"));
        fs::create_dir(&function).unwrap();
        fs::write(function.join("bootstrap"), program(*machine)).unwrap();
    }
    let mut command = Command::new(SCRIPT);
    command.arg("ory-actions").arg(folder.path());
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn bootstraps_for_the_processor_of_the_stack_pass() {
    assert_eq!(checked(&[X86_64, X86_64], ON_X86_64).0, 0);
    assert_eq!(checked(&[ARM64, ARM64], ON_ARM64).0, 0);
}

#[test]
fn bootstrap_for_another_processor_is_refused() {
    for (machines, stack) in [([ARM64, ARM64], ON_X86_64), ([X86_64, ARM64], ON_X86_64)] {
        let (code, said) = checked(&machines, stack);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("sam build --parameter-overrides Architecture=x86_64"), "{said}");
    }
    assert_eq!(checked(&[X86_64], ON_ARM64).0, 1);
}

#[test]
fn first_deployment_is_told_its_architecture() {
    let (code, said) = checked(&[ARM64, ARM64], NO_STACK);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Deploy it with Architecture=arm64"), "{said}");
    assert_eq!(checked(&[ARM64, X86_64], NO_STACK).0, 1);
}

#[test]
fn what_cannot_be_told_is_not_passed() {
    assert_eq!(checked(&[X86_64], NO_ACCESS).0, 2);
    assert_eq!(checked(&[], ON_X86_64).0, 2);
    assert_eq!(checked(&[RISC_V], ON_X86_64).0, 2);
}
