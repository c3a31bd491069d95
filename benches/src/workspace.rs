//! Paths and builds.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Variables that cargo sets for this process. Build scripts depend on some of them, and would run
/// again each time they change.
const OF_THIS_PACKAGE: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_NAME"];

/// A path from the root of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn target() -> PathBuf {
    let here = env::current_exe().expect("a program knows where it is");
    here.ancestors().nth(2).expect("it lies in target/<profile>").to_owned()
}

/// The folder for what the benchmark installs and writes.
pub(crate) fn scratch() -> PathBuf {
    let folder = target().join("benchmark");
    fs::create_dir_all(&folder).expect("the target folder is ours");
    folder
}

/// The release binary of a package, built alone, as it is deployed.
pub(crate) fn binary(package: &str) -> PathBuf {
    // What the benchmark compares with has no features.
    let features: &[_] = if package == "hello-world" { &[] } else { &["--features", "aws"] };
    build(package, &target(), features)
}

/// The same, but it also trusts another root. Its folder is separate: it must not be deployed.
pub(crate) fn binary_with_extra_root(package: &str) -> PathBuf {
    build(package, &scratch().join("extra-root"), &["--features", "aws,shared/extra-root"])
}

fn build(package: &str, target: &Path, arguments: &[&str]) -> PathBuf {
    eprintln!("building {package} {}", arguments.join(" "));
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--package", package]).args(arguments);
    cargo.arg("--target-dir").arg(target).current_dir(path(""));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if OF_THIS_PACKAGE.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    assert!(cargo.status().expect("cargo runs").success(), "{package} cannot be built");
    target.join("release").join(package)
}
