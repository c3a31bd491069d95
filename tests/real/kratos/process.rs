//! A running Kratos.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;
use shared::http::Client;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    config::Config,
    person::{Answered, get},
    version::Version,
};
use crate::peer::{free_ports, program};

/// It is ready within a second, and later while others are building.
const PATIENCE: Duration = Duration::from_mins(1);

const IN_MEMORY: &str = "memory";

/// Kratos on loopback. It ends when it is dropped; where a test has
/// failed, its log is shown.
pub(super) struct Kratos {
    child: Child,
    public: String,
    admin: String,
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    client: Client,
    _folder: TempDir,
}

impl Kratos {
    /// Starts it with these hooks.
    pub(super) async fn start(config: &Config) -> Self {
        Self::begin(config, tempfile::tempdir().unwrap(), IN_MEMORY).ready().await
    }

    /// Starts it with its identities in a file. Those in memory can go with a caller that is killed: with
    /// its request, the last connection to them is closed.
    pub(super) async fn start_on_disk(config: &Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kratos.sqlite");
        let database = format!("sqlite://{}?_fk=true&mode=rwc&_synchronous=OFF", file.display());
        let migrated = Command::new(binary()).args(["migrate", "sql", "--yes", &database]).output();
        let migrated = migrated.unwrap();
        assert!(migrated.status.success(), "{migrated:?}");
        Self::begin(config, folder, &database).ready().await
    }

    fn begin(config: &Config, folder: TempDir, database: &str) -> Self {
        let [public, admin] = free_ports();
        let file = folder.path().join("kratos.json");
        std::fs::write(&file, config.on(public, admin).to_string()).unwrap();
        let mut command = Command::new(binary());
        command.arg("serve").arg("--config").arg(file).args(["--dev", "--sqa-opt-out"]);
        command
            .env_clear()
            .env("DSN", database)
            .env("HOME", folder.path())
            .current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // In a group of its own: it evaluates templates in processes of their own.
        let mut child = command.process_group(0).spawn().unwrap();
        let log = Arc::default();
        let readers = vec![
            keep_lines(child.stdout.take().unwrap(), &log),
            keep_lines(child.stderr.take().unwrap(), &log),
        ];
        let url = |port| format!("http://127.0.0.1:{port}");
        let client = Client::new().unwrap();
        let (public, admin) = (url(public), url(admin));
        Self { child, public, admin, log, readers, client, _folder: folder }
    }

    async fn ready(mut self) -> Self {
        let began = Instant::now();
        let url = format!("{}/admin/health/ready", self.admin);
        while get(&self.client, &url).await.is_none_or(|answer| answer.status != 200) {
            assert!(self.child.try_wait().unwrap().is_none(), "Kratos does not start");
            assert!(began.elapsed() < PATIENCE, "Kratos is not ready");
            sleep(Duration::from_millis(50)).await;
        }
        self
    }

    /// The root of what people use.
    pub(super) fn public(&self) -> &str {
        &self.public
    }

    /// The root of the admin API, for `ORY_URL`.
    pub(super) fn admin(&self) -> &str {
        &self.admin
    }

    /// Who calls it.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The identity that signs in by this address, as the admin API tells it.
    pub(super) async fn identity_of(&self, email: &str) -> Option<Value> {
        let url = format!("{}/admin/identities?credentials_identifier={email}", self.admin);
        let Answered { status, body } = get(&self.client, &url).await.unwrap();
        assert_eq!(status, 200, "{body}");
        body.as_array().unwrap().first().cloned()
    }

    /// The version that it tells.
    pub(super) async fn version(&self) -> Version {
        let answer = get(&self.client, &format!("{}/admin/version", self.admin)).await.unwrap();
        Version::read(answer.body["version"].as_str().unwrap())
    }
}

/// What Kratos says of a configuration with which it does not start.
pub(super) async fn refused_by(config: &Config) -> String {
    let mut kratos = Kratos::begin(config, tempfile::tempdir().unwrap(), IN_MEMORY);
    let began = Instant::now();
    let status = loop {
        match kratos.child.try_wait().unwrap() {
            Some(status) => break status,
            None => assert!(began.elapsed() < PATIENCE, "Kratos starts"),
        }
        sleep(Duration::from_millis(50)).await;
    };
    assert!(!status.success());
    for reader in kratos.readers.drain(..) {
        reader.join().unwrap();
    }
    kratos.log.lock().unwrap().join("\n")
}

impl Drop for Kratos {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for line in log.iter().filter(|line| !line.contains("migration")) {
                eprintln!("{line}");
            }
        }
    }
}

/// What `KRATOS` names, or the one on the path.
fn binary() -> PathBuf {
    env::var_os("KRATOS")
        .map_or_else(|| program("kratos", "tests/real/kratos/install"), PathBuf::from)
}

fn keep_lines(stream: impl Read + Send + 'static, log: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let log = log.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
    })
}
