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
    for (function, _) in FUNCTIONS {
        let bootstrap = repository().join(TARGET).join("lambda").join(function).join("bootstrap");
        let emulated = folder.path().join(function);
        write_script(&emulated, &bootstrap);
        assert_samples(function, emulated).await;
    }
}

/// Builds all functions, as `sam build` does, but without optimization.
fn build() {
    let install = "tests/real/arm64/install";
    let mut cargo = Command::new("cargo");
    cargo.args(["lambda", "build", "--arm64", "--locked"]);
    cargo.args(FUNCTIONS.iter().flat_map(|(function, _)| ["--bin", *function]));
    cargo.current_dir(repository());
    cargo.env("RUSTC", program("rustc-arm64", install));
    cargo.env("CARGO_TARGET_DIR", TARGET).env("CARGO_PROFILE_DEV_DEBUG", "false");
    assert!(cargo.status().unwrap().success(), "the functions do not build for arm64");
}

/// A program that runs `bootstrap`.
fn write_script(path: &Path, bootstrap: &Path) {
    let qemu = program("qemu-arm64", "tests/real/arm64/install");
    let script = format!("#!/bin/sh\nexec {} {}\n", qemu.display(), bootstrap.display());
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
