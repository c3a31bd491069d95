//! Installs the contenders that are not in Rust from their registries into the folder of the
//! benchmark. If one cannot be installed, the reason is shown and the others still run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::workspace::{path, scratch};

/// Why a contender does not take part.
pub(crate) type Missing = String;

/// Node with the bundles of `contenders/node`.
pub(crate) struct Node {
    pub(crate) program: PathBuf,
    pub(crate) plain: PathBuf,
    pub(crate) tuned: PathBuf,
    pub(crate) idempotent: PathBuf,
}

pub(crate) fn node() -> Result<Node, Missing> {
    let program = find("node")?;
    let folder = copy_of("node");
    run(Command::new("npm").args(["install", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    run(Command::new("npm").args(["run", "bundle"]).current_dir(&folder))?;
    let [plain, tuned, idempotent] =
        ["plain.cjs", "tuned.cjs", "idempotent.cjs"].map(|name| folder.join("dist").join(name));
    Ok(Node { program, plain, tuned, idempotent })
}

/// Python with the requirements of `contenders/python`.
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    pub(crate) handler: PathBuf,
}

pub(crate) fn python() -> Result<Python, Missing> {
    let folder = copy_of("python");
    let program = folder.join("venv/bin/python");
    if !program.exists() {
        run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(&folder))?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&program)
        .args(pip)
        .args(["--no-deps", "--require-hashes", "--requirement", "requirements.txt"])
        .current_dir(&folder))?;
    run(Command::new(&program).args(["-m", "compileall", "-q", "."]).current_dir(&folder))?;
    Ok(Python { program, handler: folder.join("welcome.py") })
}

/// The program of `contenders/go-jsonnet`.
pub(crate) fn go_jsonnet() -> Result<PathBuf, Missing> {
    let program = scratch().join("go-jsonnet");
    let mut go = Command::new("go");
    go.args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o"]).arg(&program);
    run(go.arg(".").current_dir(path("benches/contenders/go-jsonnet")))?;
    Ok(program)
}

/// The real path of a program: some are wrappers, which take time.
fn find(program: &str) -> Result<PathBuf, Missing> {
    let mut itself = Command::new(program);
    let output = itself.args(["--print", "process.execPath"]).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// The folder of a contender, copied to where packages may be installed.
fn copy_of(contender: &str) -> PathBuf {
    let folder = scratch().join(contender);
    fs::create_dir_all(&folder).expect("the folder is ours");
    let files = fs::read_dir(path("benches/contenders").join(contender)).expect("it is there");
    for file in files.flatten().map(|file| file.path()).filter(|file| file.is_file()) {
        let name = file.file_name().map(Path::new).expect("a file has a name");
        fs::copy(&file, folder.join(name)).expect("the folder is ours");
    }
    folder
}

fn run(command: &mut Command) -> Result<(), Missing> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
