//! AWS as `MiniStack` serves it, and the programs that people use with it.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use http::header::AUTHORIZATION;
use integration::binary;
use serde_json::Value;
use shared::http::{Client, Http, Request};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::checks::{Failure, check};
use crate::{
    peer::{Server, free_ports, program},
    repository,
};

const INSTALL: &str = "tests/real/deploy/install";
/// No command takes this long, unless it waits for what will never come.
const PATIENCE: Duration = Duration::from_mins(4);

/// A region that is nobody's default, so that nothing works by chance.
pub(super) const REGION: &str = "eu-central-1";

/// An account of AWS, and the home of somebody who works with it.
pub(super) struct Cloud {
    server: Server,
    home: TempDir,
    path: String,
}

impl Cloud {
    pub(super) fn start() -> Self {
        let [port] = free_ports();
        let mut command = std::process::Command::new(program("ministack", INSTALL));
        command.arg(port.to_string()).env("AWS_DEFAULT_REGION", REGION);
        let server = Server::start(&command, port);
        program("aws", INSTALL);
        let home = TempDir::new().unwrap();
        let own = home.path().join("bin");
        fs::create_dir(&own).unwrap();
        symlink(binary("ory-actions"), own.join("ory-actions")).unwrap();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([own].into_iter().chain(env::split_paths(&path))).unwrap();
        Self { server, home, path: path.into_string().unwrap() }
    }

    /// Where it serves AWS' APIs, and the function URLs under `/_aws/lambda-url/`.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// A file in the home of the one who works here.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs a command as a person would paste it, in the folder of the repository; what it prints.
    pub(super) async fn shell(&self, command: &str) -> Result<String, Failure> {
        self.shell_with(command, &[]).await
    }

    /// The same with further variables.
    pub(super) async fn shell_with(
        &self,
        command: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, Failure> {
        self.shell_in(&repository(), command, variables).await
    }

    /// The same in another folder.
    pub(super) async fn shell_in(
        &self,
        folder: &Path,
        command: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let mut shell = Command::new("sh");
        shell.args(["-euc", command]).current_dir(folder).kill_on_drop(true);
        shell.env_clear().envs(self.environment()).envs(variables.iter().copied());
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(done) = timeout(PATIENCE, shell.output()).await else {
            panic!("{command} does not end")
        };
        let done = done.unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        let printed = String::from_utf8(done.stdout).unwrap();
        check("command succeeds", done.status.success(), format!("{command}\n{printed}\n{said}"))?;
        Ok(printed)
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let home = self.home.path().to_str().unwrap().to_owned();
        vec![
            ("PATH", self.path.clone()),
            ("HOME", home.clone()),
            ("TMPDIR", home),
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_PAGER", String::new()),
            ("SAM_CLI_TELEMETRY", "0".to_owned()),
        ]
    }

    /// What a command of the AWS CLI answers.
    pub(super) async fn aws(&self, command: &str) -> Result<Value, Failure> {
        let printed = self.shell(&format!("aws --output json {command}")).await?;
        Ok(serde_json::from_str(&printed).unwrap_or_default())
    }

    /// What CloudWatch Logs answers. There is no command, as this is asked for over and over.
    pub(super) async fn logs(&self, operation: &str, input: &Value) -> Value {
        let timeout = Duration::from_secs(10);
        let url = self.url().parse().unwrap();
        let mut request = Request::post_json(url, input.to_string(), timeout);
        let target = format!("Logs_20140328.{operation}");
        let caller =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/logs/aws4_request");
        request.headers.insert("x-amz-target", target.parse().unwrap());
        request.headers.insert(AUTHORIZATION, caller.parse().unwrap());
        let answer = Client::new().unwrap().send(request).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }
}
