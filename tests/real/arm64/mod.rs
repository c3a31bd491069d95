//! The functions for arm64, the default architecture of the stack, run by qemu. The script `build` builds
//! them before: it takes minutes of all processors, which other tests would miss.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{
    bootstraps::{FUNCTIONS, assert_samples},
    peer::program,
    repository,
};

/// What the script `build` made.
const BOOTSTRAP: &str = "target/arm64/lambda/bootstrap/bootstrap";

#[tokio::test]
async fn every_sample_gives_the_same_result_on_arm64() {
    let bootstrap = repository().join(BOOTSTRAP);
    assert!(bootstrap.is_file(), "{BOOTSTRAP} is missing; run tests/real/arm64/build");
    let folder = tempfile::tempdir().unwrap();
    let emulated = folder.path().join("bootstrap");
    write_script(&emulated, &bootstrap);
    for (function, _) in FUNCTIONS {
        assert_samples(function, emulated.clone()).await;
    }
}

/// A program that runs `bootstrap`.
fn write_script(path: &Path, bootstrap: &Path) {
    let qemu = program("qemu-arm64", "tests/real/arm64/install");
    let script = format!("#!/bin/sh\nexec {} {}\n", qemu.display(), bootstrap.display());
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
