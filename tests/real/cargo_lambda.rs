//! `cargo lambda watch` and `cargo lambda invoke`.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use integration::Answer;
use ory_actions::up::{
    local::{Fakes, PortNumbers},
    play,
    samples::{SAMPLES, Sample, Via},
};
use shared::http::Client;
use tokio::{net::TcpStream, time::sleep};

use super::{assert_as_expected, repository};

/// Where the settings in the functions' `Cargo.toml` look for the fakes, as docs/local.md
/// has it.
const STACK_PORT: u16 = 9000;
const INVOKE_PORT: u16 = 9100;

/// The emulator starts at once; it compiles a function only when that is invoked.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_gives_the_same_result_in_cargo_lambda() {
    let fakes = Fakes::start(PortNumbers::from(STACK_PORT)).await.unwrap();
    let watch = Watch::start().await;
    for sample in SAMPLES.iter().filter(|sample| sample.via(Via::Inline) == Via::Inline) {
        let answer = invoke(sample);
        assert_as_expected(sample, &answer, &fakes.take_received());
    }
    drop(watch);

    // And once more over HTTP, in new processes: the old ones know these events already.
    let _watch = Watch::start().await;
    let root = format!("http://127.0.0.1:{INVOKE_PORT}");
    for played in play::play_inline(&root, &fakes, &Client::new().unwrap()).await {
        assert!(played.is_as_expected(), "{played:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_example_names_a_sample() {
    let documents = std::fs::read_to_string(repository().join("docs/local.md")).unwrap();
    let port = INVOKE_PORT.to_string();
    let example = format!(
        "cargo lambda invoke mandrill-welcome --invoke-port {port} --data-file events/registration.json"
    );
    assert!(documents.contains(&example));
    assert!(documents.contains(&format!("cargo lambda watch --invoke-port {port}")));
}

/// A running `cargo lambda watch`, in a process group of its own: the functions are its children.
struct Watch(Child);

impl Watch {
    async fn start() -> Self {
        let mut command = cargo_lambda("watch");
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.arg("--ignore-changes").stdout(Stdio::null()).spawn().unwrap();
        let watch = Self(child);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", INVOKE_PORT)).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "`cargo lambda watch` does not serve");
            sleep(Duration::from_millis(100)).await;
        }
        watch
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["--", &group]).status();
        let _ = self.0.wait();
    }
}

fn cargo_lambda(command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["lambda", command, "--invoke-port", &INVOKE_PORT.to_string()]);
    cargo.current_dir(repository());
    cargo
}

fn invoke(sample: &Sample) -> Answer {
    let mut command = cargo_lambda("invoke");
    command.arg(sample.function).args(["--data-file", &format!("events/{}", sample.file)]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}: {stderr}", sample.function, sample.file);
    Answer::read(&serde_json::from_slice(&output.stdout).unwrap())
}
