//! The functions for arm64, the default architecture of the stack, run by qemu.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{
    bootstraps::{FUNCTIONS, assert_samples},
    peer::program,
    repository,
};

/// Builds of another compiler have a folder of their own.
const TARGET: &str = "target/arm64";

#[tokio::test]
async fn every_sample_gives_the_same_result_on_arm64() {
    build();
    let folder = tempfile::tempdir().unwrap();
    let emulated = folder.path().join("bootstrap");
    write_script(&emulated, &repository().join(TARGET).join("lambda/bootstrap/bootstrap"));
    for (function, _) in FUNCTIONS {
        assert_samples(function, emulated.clone()).await;
    }
}

/// Builds the bootstrap as `sam build` does, but with less optimization.
fn build() {
    let mut cargo = Command::new("cargo");
    cargo.args(["lambda", "build", "--arm64", "--locked", "--bin", "bootstrap"]);
    cargo.current_dir(repository());
    cargo.env("RUSTC", program("rustc-arm64", "tests/real/arm64/install"));
    // In qemu, all is slower: without any optimization, the calls to Secrets Manager run out of time.
    cargo.env("CARGO_TARGET_DIR", TARGET).env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
    assert!(cargo.status().unwrap().success(), "the functions do not build for arm64");
}

/// A program that runs `bootstrap`.
fn write_script(path: &Path, bootstrap: &Path) {
    let qemu = program("qemu-arm64", "tests/real/arm64/install");
    let script = format!("#!/bin/sh\nexec {} {}\n", qemu.display(), bootstrap.display());
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
