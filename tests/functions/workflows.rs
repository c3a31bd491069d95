//! The GitHub workflows: their permissions, and the code that they trust.

use std::{fs, path::PathBuf};

use regex_lite::Regex;
use serde_yaml_ng::Value;

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
        let root = serde_yaml_ng::from_str(&text).unwrap();
        Workflow { name, text, root }
    };
    let mut workflows: Vec<_> = files.map(|file| read(file.unwrap().path())).collect();
    workflows.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(
        workflows.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["advisories.yml", "deploy.yml", "test.yml"]
    );
    workflows
}

impl Workflow {
    fn jobs(&self) -> impl Iterator<Item = (&str, &Value)> {
        let jobs = self.root["jobs"].as_mapping().unwrap().iter();
        jobs.map(|(name, job)| (name.as_str().unwrap(), job))
    }

    fn steps(&self) -> impl Iterator<Item = &Value> {
        self.jobs().flat_map(|(_, job)| job["steps"].as_sequence().into_iter().flatten())
    }

    /// The shell commands, in their order.
    fn commands(&self) -> Vec<&str> {
        self.steps().filter_map(|step| step["run"].as_str()).collect()
    }
}

fn permissions(of: &Value) -> Vec<(&str, &str)> {
    let permissions = of["permissions"].as_mapping().into_iter().flatten();
    permissions.map(|(name, kind)| (name.as_str().unwrap(), kind.as_str().unwrap())).collect()
}

#[test]
fn only_the_deploy_job_requests_an_id_token_and_no_job_can_write() {
    for workflow in workflows() {
        assert_eq!(permissions(&workflow.root), [("contents", "read")], "{}", workflow.name);
        for (name, job) in workflow.jobs() {
            let expected: &[_] = match name {
                "deploy" => &[("contents", "read"), ("id-token", "write")],
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
    let [_, deploy, test] = workflows().try_into().ok().unwrap();
    assert_eq!(test.commands().last(), Some(&"bash .ci/run"));
    assert!(test.root["on"].as_mapping().unwrap().contains_key("workflow_call"));
    let jobs = &deploy.root["jobs"];
    assert_eq!(jobs["test"]["uses"], "./.github/workflows/test.yml");
    assert_eq!(jobs["deploy"]["needs"], "test");
}

/// The database of holes changes without us, so it is asked at times of its own.
#[test]
fn advisories_are_checked_weekly_and_on_dependency_changes() {
    let [advisories, _, _] = workflows().try_into().ok().unwrap();
    assert_eq!(advisories.commands().last(), Some(&"cargo deny --locked check advisories"));
    let events = &advisories.root["on"];
    assert!(events["schedule"][0]["cron"].is_string());
    let changed = events["push"]["paths"].as_sequence().unwrap();
    assert!(changed.contains(&Value::from("Cargo.lock")));
}

#[test]
fn every_file_named_in_a_command_exists() {
    let mut named = 0;
    for workflow in workflows() {
        for word in workflow.commands().iter().flat_map(|command| command.split_whitespace()) {
            if word.contains('/') {
                assert!(repository().join(word).is_file(), "{}: {word}", workflow.name);
                named += 1;
            }
        }
    }
    assert!(named > 0);
}

#[test]
fn aws_credentials_are_available_to_the_last_command_only() {
    let [_, deploy, _] = workflows().try_into().ok().unwrap();
    let steps: Vec<_> = deploy.steps().collect();
    let lent = |step: &&Value| step["with"]["role-to-assume"].is_string();
    let role = steps.iter().position(lent).unwrap();
    assert_eq!(role, steps.len() - 2);
    let command = steps[role + 1]["run"].as_str().unwrap();
    assert!(command.starts_with("sam deploy "), "{command}");
    // Nobody is there to be asked.
    assert!(command.contains("--no-confirm-changeset") && !command.contains("--guided"));
}
