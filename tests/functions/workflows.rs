//! The GitHub workflows: their permissions, and the code that they trust.

use std::{fs, path::PathBuf};

use regex_lite::Regex;
use yaml_serde::Value;

/// A workflow: its file's name, its text, and what it says.
struct Workflow {
    name: String,
    text: String,
    root: Value,
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn workflows() -> Vec<Workflow> {
    let files = fs::read_dir(repository().join(".github/workflows")).unwrap();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let root = yaml_serde::from_str(&text).unwrap();
        Workflow { name, text, root }
    };
    let mut workflows: Vec<_> = files.map(|file| read(file.unwrap().path())).collect();
    workflows.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(
        workflows.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["advisories.yml", "deploy.yml", "release.yml", "test.yml"]
    );
    workflows
}

impl Workflow {
    fn jobs(&self) -> impl Iterator<Item = (&str, &Value)> {
        let jobs = self.root["jobs"].as_mapping().unwrap().iter();
        jobs.map(|(name, job)| (name.as_str().unwrap(), job))
    }

    fn steps(&self) -> impl Iterator<Item = &Value> {
        self.jobs().flat_map(|(_, job)| steps(job))
    }

    /// The shell commands, in their order.
    fn commands(&self) -> Vec<&str> {
        self.jobs().flat_map(|(_, job)| commands(job)).collect()
    }
}

fn steps(job: &Value) -> Vec<&Value> {
    job["steps"].as_sequence().into_iter().flatten().collect()
}

fn commands(job: &Value) -> Vec<&str> {
    steps(job).into_iter().filter_map(|step| step["run"].as_str()).collect()
}

/// Where in a job an action is used.
fn position_of(job: &Value, action: &str) -> usize {
    let uses = |step: &Value| step["uses"].as_str().is_some_and(|uses| uses.starts_with(action));
    steps(job).into_iter().position(uses).unwrap_or_else(|| panic!("{action} is not used"))
}

/// Where in a job a command is run.
fn position_of_command(job: &Value, command: &str) -> usize {
    let runs = |step: &Value| step["run"].as_str() == Some(command);
    steps(job).into_iter().position(runs).unwrap_or_else(|| panic!("{command} is not run"))
}

fn workflow(name: &str) -> Workflow {
    workflows().into_iter().find(|it| it.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn deploy() -> Workflow {
    workflow("deploy.yml")
}

/// The jobs that a job waits for.
fn needs(job: &Value) -> Vec<&str> {
    job["needs"].as_sequence().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn permissions(of: &Value) -> Vec<(&str, &str)> {
    let permissions = of["permissions"].as_mapping().into_iter().flatten();
    permissions.map(|(name, kind)| (name.as_str().unwrap(), kind.as_str().unwrap())).collect()
}

/// Only what publishes a release can write into the repository, and it has no identity elsewhere.
#[test]
fn jobs_have_the_permissions_that_they_need_and_no_others() {
    for workflow in workflows() {
        assert_eq!(permissions(&workflow.root), [("contents", "read")], "{}", workflow.name);
        for (name, job) in workflow.jobs() {
            let expected: &[_] = match (workflow.name.as_str(), name) {
                ("deploy.yml", "deploy") => &[("contents", "read"), ("id-token", "write")],
                ("release.yml", "attest") => {
                    &[("contents", "read"), ("id-token", "write"), ("attestations", "write")]
                }
                ("release.yml", "publish") => &[("contents", "write")],
                ("release.yml", "verify") => &[("contents", "read"), ("attestations", "read")],
                _ => &[],
            };
            assert_eq!(permissions(job), expected, "{}: {name}", workflow.name);
        }
    }
}

/// A tag can be moved to other code, a commit cannot.
#[test]
fn every_action_is_pinned_by_commit_with_its_version() {
    let pinned = Regex::new(r"^[\w-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    for workflow in workflows() {
        let lines = workflow.text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let uses = lines.filter_map(|line| Some(line.split_once("uses: ")?.1));
        let uses: Vec<_> = uses.collect();
        assert!(!uses.is_empty());
        for action in uses {
            match action.strip_prefix("./") {
                Some(own) => assert!(repository().join(own).is_file(), "{action}"),
                None => assert!(pinned.is_match(action), "{}: {action}", workflow.name),
            }
        }
    }
}

#[test]
fn untrusted_code_runs_without_credentials() {
    for workflow in workflows() {
        let events = workflow.root["on"].as_mapping().unwrap();
        let with_secrets = ["pull_request_target", "workflow_run"];
        assert!(!with_secrets.iter().any(|event| events.contains_key(event)), "{}", workflow.name);
        assert!(!workflow.text.contains("secrets."), "{}", workflow.name);
        for step in workflow.steps() {
            if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/checkout@")) {
                assert_eq!(step["with"]["persist-credentials"].as_bool(), Some(false));
            }
        }
        for command in workflow.commands() {
            // What is put into a command so can be a command itself.
            assert!(!command.contains("${{"), "{command}");
        }
    }
}

#[test]
fn deploy_requires_the_ci_tests() {
    let (deploy, test) = (deploy(), workflow("test.yml"));
    assert_eq!(test.commands().last(), Some(&"bash .ci/run"));
    assert!(test.root["on"].as_mapping().unwrap().contains_key("workflow_call"));
    let jobs = &deploy.root["jobs"];
    assert_eq!(jobs["test"]["uses"], "./.github/workflows/test.yml");
    let needs = jobs["deploy"]["needs"].as_sequence().unwrap();
    assert!(needs.contains(&Value::from("test")));
}

/// The database of holes changes without us, so it is asked at times of its own.
#[test]
fn advisories_are_checked_weekly_and_on_dependency_changes() {
    let advisories = workflow("advisories.yml");
    assert_eq!(advisories.commands().last(), Some(&"cargo deny --locked check advisories"));
    let events = &advisories.root["on"];
    assert!(events["schedule"][0]["cron"].is_string());
    let changed = events["push"]["paths"].as_sequence().unwrap();
    assert!(changed.contains(&Value::from("Cargo.lock")));
}

/// What `sam build` makes.
const BUILD: &str = ".aws-sam/build";

/// Where the scripts put the files of a release.
const OUT: &str = "out/";

#[test]
fn every_file_named_in_a_command_exists() {
    let mut named = 0;
    for workflow in workflows() {
        for word in workflow.commands().iter().flat_map(|command| command.split_whitespace()) {
            if word.contains('/') && !word.starts_with(BUILD) && !word.starts_with(OUT) {
                assert!(repository().join(word).is_file(), "{}: {word}", workflow.name);
                named += 1;
            }
        }
    }
    assert!(named > 0);
}

/// Any program in a job with `id-token: write` can take the role, not only the steps after the one
/// that does. So nothing is compiled there, and nothing runs that was.
#[test]
fn a_job_with_an_id_token_runs_only_what_is_pinned() {
    let allowed = [
        "pip install --no-deps --require-hashes -r ",
        "tar --extract ",
        "bash .ci/processor ",
        "sam deploy ",
        "sam list stack-outputs --output json | python .ci/smoke",
        "bash .ci/release-sums out",
    ];
    for workflow in workflows() {
        for (name, job) in workflow.jobs() {
            if permissions(job).contains(&("id-token", "write")) {
                for command in commands(job) {
                    let is_allowed = allowed.iter().any(|start| command.starts_with(start));
                    assert!(is_allowed && !command.contains([';', '&']), "{name}: {command}");
                }
            }
        }
    }
}

#[test]
fn aws_credentials_are_available_to_the_deploy_and_the_check_after_it_only() {
    let workflow = deploy();
    let steps: Vec<_> = workflow.steps().collect();
    let lent = |step: &&Value| step["with"]["role-to-assume"].is_string();
    let role = steps.iter().position(lent).unwrap();
    let [deploy, check] = &steps[role + 1..] else { panic!("more than two steps have a role") };
    let deploy = deploy["run"].as_str().unwrap();
    assert!(deploy.starts_with("sam deploy "), "{deploy}");
    // Nobody is there to be asked.
    assert!(deploy.contains("--no-confirm-changeset") && !deploy.contains("--guided"));
    assert_eq!(check["run"], "sam list stack-outputs --output json | python .ci/smoke");
}

/// An artifact is a zip without permissions, and a bootstrap that is not executable does not start.
#[test]
fn the_deploy_job_gets_what_the_build_job_made_with_its_permissions() {
    let workflow = deploy();
    let (build, deploy) = (&workflow.root["jobs"]["build"], &workflow.root["jobs"]["deploy"]);
    assert!(deploy["needs"].as_sequence().unwrap().contains(&Value::from("build")));

    let upload = position_of(build, "actions/upload-artifact@");
    let packed = position_of_command(build, "tar --create --file build.tar .aws-sam/build");
    assert_eq!(packed + 1, upload);
    let uploaded = &steps(build)[upload]["with"];
    assert_eq!(uploaded["path"], "build.tar");
    assert_eq!(uploaded["if-no-files-found"], "error");

    let download = position_of(deploy, "actions/download-artifact@");
    let downloaded = &steps(deploy)[download]["with"];
    assert_eq!(downloaded["name"], uploaded["name"]);
    assert!(downloaded["path"].is_null(), "it is unpacked where it is downloaded");
    // The folder is named, so that the tar cannot replace a file of the repository.
    let unpacked = position_of_command(deploy, "tar --extract --file build.tar .aws-sam/build");
    assert_eq!(download + 1, unpacked);
    let tools = position_of_command(
        deploy,
        "pip install --no-deps --require-hashes -r .ci/requirements.txt",
    );
    assert!(tools < download, "a file from the build could change what is installed");
}

/// A stack keeps its parameters: a deploy that does not name it gives an `x86_64` stack code for arm64.
#[test]
fn build_and_deploy_take_the_architecture_from_one_variable() {
    let workflow = deploy();
    let architecture = workflow.root["env"]["ARCHITECTURE"].as_str().unwrap();
    let template = fs::read_to_string(repository().join("template.yaml")).unwrap();
    let (_, parameter) = template.split_once("\n  Architecture:\n").unwrap();
    let default = parameter.lines().find_map(|line| line.trim().strip_prefix("Default: ")).unwrap();
    assert_eq!(architecture, format!("${{{{ vars.ARCHITECTURE || '{default}' }}}}"));

    let given = r#"--parameter-overrides "Architecture=$ARCHITECTURE""#;
    for start in ["sam build ", "sam deploy "] {
        let all = workflow.commands();
        let command = all.iter().find(|command| command.starts_with(start)).unwrap();
        assert!(command.ends_with(given), "{command}");
    }
    for (name, job) in workflow.jobs() {
        let own = steps(job).into_iter().chain([job]).filter(|it| !it["env"].is_null()).count();
        assert_eq!(own, 0, "{name} could have another architecture");
    }
}

#[test]
fn code_for_another_processor_is_refused_before_the_deploy() {
    let workflow = deploy();
    let job = &workflow.root["jobs"]["deploy"];
    let checked = position_of_command(job, r#"bash .ci/processor "$ARCHITECTURE""#);
    let unpacked = position_of_command(job, "tar --extract --file build.tar .aws-sam/build");
    let role = position_of(job, "aws-actions/configure-aws-credentials@");
    assert!(unpacked < checked && checked < role);
}

/// Without a version of its own, rustup installs that of `rust-toolchain.toml`.
#[test]
fn every_job_that_compiles_installs_the_pinned_toolchain() {
    let compiles = |command: &&str| {
        let starts =
            ["cargo ", "sam build", "bash .ci/run", "bash .ci/sbom", "bash .ci/release-fun"];
        let programs = command.starts_with("bash .ci/release-programs");
        programs || starts.iter().any(|start| command.starts_with(start))
    };
    let mut compiling = 0;
    for workflow in workflows() {
        for (name, job) in workflow.jobs() {
            let all = commands(job);
            let rustup: Vec<_> = all.iter().filter(|it| it.starts_with("rustup ")).collect();
            if let Some(first) = all.iter().position(compiles) {
                let installed = all.iter().position(|it| *it == "rustup toolchain install");
                assert!(installed.is_some_and(|at| at < first), "{}: {name}", workflow.name);
                compiling += 1;
            }
            for command in rustup {
                let floats = ["stable", "beta", "nightly", "default", "update", "override"];
                assert!(!floats.iter().any(|word| command.contains(word)), "{command}");
            }
        }
    }
    assert_eq!(compiling, 5);
}

/// A runner is no root: `.ci/apt` uses sudo there.
#[test]
fn only_one_script_installs_debian_packages() {
    let scripts = |folder: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(repository().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
    };
    let peers = fs::read_dir(repository().join("tests/real")).unwrap();
    let installs = peers.map(|peer| peer.unwrap().path().join("install"));
    let installs = installs.filter(|path| path.is_file());
    let mut all: Vec<_> = scripts(".ci").into_iter().chain(installs).collect();
    all.extend(scripts(".github/workflows"));
    let install = Regex::new(r"apt-get\b.*\binstall\b").unwrap();
    all.retain(|path| install.is_match(&fs::read_to_string(path).unwrap()));
    assert_eq!(all, [repository().join(".ci/apt")]);
}

#[test]
fn release_runs_for_a_tag_only_and_after_the_tests() {
    let release = workflow("release.yml");
    let events = release.root["on"].as_mapping().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events["push"], yaml_serde::from_str::<Value>(r#"tags: ["v*"]"#).unwrap());

    let jobs = &release.root["jobs"];
    assert_eq!(commands(&jobs["tag"]), [r#"bash .ci/release-tag "$GITHUB_REF_NAME""#]);
    assert_eq!(jobs["test"]["uses"], "./.github/workflows/test.yml");
    for (job, before) in [
        ("test", &["tag"][..]),
        ("functions", &["test"]),
        ("programs", &["test"]),
        ("attest", &["functions", "programs"]),
        ("publish", &["attest"]),
        ("verify", &["publish"]),
    ] {
        assert_eq!(needs(&jobs[job]), before, "{job}");
    }
}

/// Nobody who changes a release can reach a stack by it.
#[test]
fn release_has_no_identity_in_aws() {
    let release = workflow("release.yml");
    assert!(!release.text.contains("aws-actions/") && !release.text.contains("role-to-assume"));
    for (name, job) in release.jobs() {
        assert!(job["environment"].is_null(), "{name}");
        assert!(!commands(job).iter().any(|command| command.contains("aws ")), "{name}");
    }
}

/// What compiles could put anything into a release that it may write, or sign it.
#[test]
fn release_is_written_by_jobs_that_compile_nothing() {
    let release = workflow("release.yml");
    for job in ["attest", "publish", "verify"] {
        let allowed = [
            "bash .ci/release-sums out",
            "bash .ci/release-notes > notes.md",
            "gh release create ",
            "gh release download ",
            "sha256sum --check SHA256SUMS",
            "for file in *.tar.gz; do gh attestation verify ",
        ];
        for command in commands(&release.root["jobs"][job]) {
            assert!(allowed.iter().any(|start| command.starts_with(start)), "{job}: {command}");
        }
    }
}

/// What is published is what was attested, with its sums.
#[test]
fn every_file_of_a_release_is_attested() {
    let release = workflow("release.yml");
    let jobs = &release.root["jobs"];
    let attest = &jobs["attest"];
    let downloaded = position_of(attest, "actions/download-artifact@");
    let summed = position_of_command(attest, "bash .ci/release-sums out");
    let attested = position_of(attest, "actions/attest-build-provenance@");
    let uploaded = position_of(attest, "actions/upload-artifact@");
    assert!(downloaded < summed && summed < attested && attested < uploaded);
    assert_eq!(steps(attest)[attested]["with"]["subject-checksums"], "out/SHA256SUMS");

    let publish = &jobs["publish"];
    let taken = &steps(publish)[position_of(publish, "actions/download-artifact@")]["with"];
    assert_eq!(taken["name"], steps(attest)[uploaded]["with"]["name"]);
}

#[test]
fn release_has_both_processors_for_linux_and_macos() {
    let release = workflow("release.yml");
    let of = |job: &str| release.root["jobs"][job]["strategy"]["matrix"].clone();
    let architectures = of("functions")["architecture"].clone();
    assert_eq!(architectures, yaml_serde::from_str::<Value>("[arm64, x86_64]").unwrap());
    let targets = of("programs")["include"].clone();
    let targets = targets.as_sequence().unwrap().iter();
    let targets: Vec<_> = targets.map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(
        targets,
        [
            "x86_64-unknown-linux-gnu",
            "aarch64-unknown-linux-gnu",
            "x86_64-apple-darwin",
            "aarch64-apple-darwin",
        ]
    );
}
