//! The files of a release, deployed by the commands that the README gives, in a folder where nothing else
//! of the repository is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    checks::{Failure, check},
    cloud::Cloud,
    lifecycle::{ARCHITECTURE, STACK},
    operations::{block, block_of},
    stack::Stack,
};
use crate::repository;

/// What `.ci/release-functions` and `.ci/release-sums` made.
const FILES: &str = "target/release-files";

/// Where the code lies that the AWS CLI uploads.
const BUCKET: (&str, &str) = ("BUCKET", "release");

/// Deploys the release before this one, with its own templates and all that a stack can have. The code is
/// that of this release: tests/compat is about the code of the one before.
pub(super) async fn deploy_previous(cloud: &Cloud, parameters: &str) -> Result<(), Failure> {
    let release = unpacked(cloud, "one").await?;
    let folder = cloud.file("previous");
    fs::create_dir_all(folder.join("sources")).unwrap();
    let templates = format!(
        "git archive \"$(cat .ci/previous)\" .ci template.yaml relay.yaml monitoring.yaml |
           tar -x -C {folder}/sources
         bash {folder}/sources/.ci/release-templates {folder} {ARCHITECTURE}
         cp -r {release}/function {folder}",
        folder = folder.display(),
        release = release.display(),
    );
    cloud.shell(&templates).await?;
    let command = block_of("README.md", "aws s3 mb ");
    let deployment = command.split("aws cloudformation describe-stacks").next().unwrap();
    let (command, given) = deployment.split_once("--parameter-overrides ").unwrap();
    check("README gives the two parameters", given.split_whitespace().count() == 2, given)?;
    let command = format!("{command}--parameter-overrides {parameters}");
    cloud.shell_in(&folder, &command, &[BUCKET]).await?;
    Ok(())
}

/// Upgrades the stack to this release. It keeps its parameters.
pub(super) async fn upgrade(cloud: &Cloud) -> Result<(), Failure> {
    let folder = unpacked(cloud, "other").await?;
    let commands = block("aws cloudformation package --template-file template.yaml");
    cloud.shell_in(&folder, &commands, &[BUCKET]).await?;
    each_function_answers(cloud, &folder).await
}

/// By the commands that follow the deployment. No name resolves here, so the URLs become those on
/// loopback in between.
async fn each_function_answers(cloud: &Cloud, folder: &Path) -> Result<(), Failure> {
    let commands = block("aws cloudformation describe-stacks --stack-name ory-actions");
    let (list, smoke) = commands.split_once("python3").unwrap();
    cloud.shell_in(folder, list, &[]).await?;
    let file = folder.join("outputs.json");
    let mut outputs: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let stack = Stack::read(cloud, STACK).await?;
    for output in outputs.as_array_mut().unwrap() {
        let key = output["OutputKey"].as_str().unwrap_or_default();
        let is_of_lambda = output["OutputValue"].as_str().unwrap().contains(".lambda-url.");
        if let Some(function) = key.strip_suffix("Url").filter(|_| is_of_lambda) {
            output["OutputValue"] = stack.url_of(function)?.into();
        }
    }
    fs::write(&file, outputs.to_string()).unwrap();
    cloud.shell_in(folder, &format!("python3{smoke}"), &[]).await?;
    Ok(())
}

/// What a user has after the first commands of the README: the folder of the release, alone in another.
/// Only the download and the proof of origin are GitHub's.
async fn unpacked(cloud: &Cloud, name: &str) -> Result<PathBuf, Failure> {
    let folder = cloud.file(name);
    fs::create_dir(&folder).unwrap();
    let files = fs::read_dir(repository().join(FILES)).unwrap_or_else(|error| {
        panic!("{FILES}: {error}; run .ci/release-functions and .ci/release-sums")
    });
    for file in files.map(Result::unwrap) {
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let commands = block_of("README.md", "VERSION=");
    let commands = commands.replace("ARCHITECTURE=arm64", &format!("ARCHITECTURE={ARCHITECTURE}"));
    let here = commands.lines().filter(|line| !line.starts_with("gh "));
    let commands = format!("{}\npwd", here.collect::<Vec<_>>().join("\n"));
    let printed = cloud.shell_in(&folder, &commands, &[]).await?;
    Ok(PathBuf::from(printed.lines().last().unwrap()))
}
