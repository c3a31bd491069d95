//! One process of a function.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use fakes::runtime_api::{RuntimeApi, RuntimeReport, SentInvocation};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
};

use crate::{Deployment, Log, binaries::binary, soon};

/// A running process; it is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    runtime: RuntimeApi,
    stdout: Lines,
    stderr: Lines,
    ready: Option<oneshot::Sender<SentInvocation>>,
}

impl Process {
    pub(crate) async fn start(deployment: &Deployment) -> Self {
        let runtime = RuntimeApi::start().await.expect("loopback has a free port");
        let program = deployment.binary.clone().unwrap_or_else(|| binary("bootstrap"));
        let mut command = Command::new(program);
        command.env_clear().envs(&deployment.variables);
        command.env("AWS_LAMBDA_RUNTIME_API", runtime.address());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("the function's binary runs");
        let stdout = Lines::of(child.stdout.take().expect("stdout is a pipe"));
        let stderr = Lines::of(child.stderr.take().expect("stderr is a pipe"));
        Self { child, runtime, stdout, stderr, ready: None }
    }

    /// The system's id of it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("nobody has waited for its end")
    }

    /// Waits until it asks for an event; whether it does, or has ended instead.
    pub(crate) async fn is_ready(&mut self) -> bool {
        if self.ready.is_none() {
            match self.report().await {
                Some(RuntimeReport::Ready(_, ready)) => self.ready = Some(ready),
                Some(RuntimeReport::Answer(..)) => panic!("it answers what nobody asked"),
                Some(RuntimeReport::Error(error)) => panic!("it fails: {}", json(&error)),
                None => return false,
            }
        }
        true
    }

    /// Gives it an event, once it is ready; its answer.
    pub(crate) async fn invoke(&mut self, invocation: SentInvocation) -> Value {
        let ready = self.ready.take().expect("it is ready");
        assert!(ready.send(invocation).is_ok(), "it no longer listens");
        match self.report().await {
            Some(RuntimeReport::Answer(_, answer)) => json(&answer),
            Some(RuntimeReport::Ready(..)) => {
                panic!("it asks for the next event without an answer")
            }
            Some(RuntimeReport::Error(error)) => panic!("it fails: {}", json(&error)),
            None => panic!("it ended without an answer"),
        }
    }

    /// Kills it; what it wrote.
    pub(crate) async fn kill(mut self) -> Log {
        self.child.kill().await.expect("a child can be killed");
        self.ended().await.1
    }

    /// How it ended, and what it wrote.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Log) {
        let status = soon("the end", self.child.wait()).await.expect("a child can be waited for");
        let log = Log { stdout: self.stdout.all().await, stderr: self.stderr.all().await };
        (status, log)
    }

    /// What it reports next; `None` if it ends. An answer comes before the end that follows it.
    async fn report(&mut self) -> Option<RuntimeReport> {
        let (child, runtime) = (&mut self.child, &mut self.runtime);
        let report = async {
            tokio::select! {
                biased;
                report = runtime.next() => report,
                _ = child.wait() => None,
            }
        };
        soon("a word from the function", report).await
    }
}

/// What no JSON holds is null.
fn json(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The lines of a stream, as far as they have come. A failing test shows them.
struct Lines {
    read: Arc<Mutex<Vec<String>>>,
    reading: JoinHandle<()>,
}

impl Lines {
    fn of(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let read = Arc::<Mutex<Vec<String>>>::default();
        let kept = read.clone();
        let reading = tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { read, reading }
    }

    /// All lines, once the stream has ended.
    async fn all(mut self) -> Vec<String> {
        soon("the end of the log", &mut self.reading).await.expect("lines can be read");
        std::mem::take(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in &*self.read.lock().unwrap_or_else(PoisonError::into_inner) {
                eprintln!("{line}");
            }
        }
    }
}
