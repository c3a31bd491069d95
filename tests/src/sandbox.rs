//! A function's sandbox: one process at a time, as Lambda keeps it.

use fakes::{FakeMessage, lambda_event, runtime_api::SentInvocation};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{Answer, Deployment, Log, batch_failures, process::Process};

/// A started function.
pub struct Sandbox {
    deployment: Deployment,
    process: Process,
    starts: usize,
    past: Log,
}

impl Sandbox {
    pub(crate) async fn start(deployment: Deployment) -> Self {
        let process = started(&deployment).await;
        Self { deployment, process, starts: 1, past: Log::default() }
    }

    /// Calls the function's URL. Where its process has ended, a new one is started first.
    pub async fn invoke(&mut self, event: impl Into<Value>) -> Answer {
        self.invoke_written(event.into().to_string()).await
    }

    /// With an event in JSON, which can say what no [`Value`] holds.
    pub async fn invoke_written(&mut self, event: String) -> Answer {
        Answer::read(&self.run(event).await)
    }

    /// Delivers messages from the function's queue; the ids of those that stay there.
    pub async fn deliver(&mut self, messages: &[FakeMessage]) -> Vec<String> {
        batch_failures::read(&self.run(lambda_event(messages).to_string()).await, messages)
    }

    async fn run(&mut self, event: String) -> Value {
        if !self.process.is_ready().await {
            let log = self.replace().await.ended().await.1;
            self.past.append(log);
        }
        let invocation = SentInvocation {
            event: event.into(),
            arn: self.deployment.arn.clone(),
            ends: OffsetDateTime::now_utc() + self.deployment.time_limit,
        };
        self.process.invoke(invocation).await
    }

    /// Another sandbox of the same function, as Lambda starts one where two events come at once.
    pub async fn another(&self) -> Self {
        Self::start(self.deployment.clone()).await
    }

    /// Deploys the function anew, with something changed.
    pub async fn deploy(&mut self, change: impl FnOnce(Deployment) -> Deployment) {
        self.deployment = change(self.deployment.clone());
        self.crash().await;
    }

    /// Kills the process, whatever it is at, and starts a new one.
    pub async fn crash(&mut self) {
        let log = self.replace().await.kill().await;
        self.past.append(log);
    }

    /// Starts a new process; the one before.
    async fn replace(&mut self) -> Process {
        let fresh = started(&self.deployment).await;
        self.starts += 1;
        std::mem::replace(&mut self.process, fresh)
    }

    /// The system's id of its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// By which its process is stopped and let go on.
    pub fn signals(&self) -> Signals {
        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        Signals(id.expect("a process has an id"))
    }

    /// How many processes there have been.
    pub fn starts(&self) -> usize {
        self.starts
    }

    /// Ends it; what all its processes wrote.
    pub async fn end(self) -> Log {
        let mut log = self.past;
        log.append(self.process.kill().await);
        log
    }
}

/// Freezes a process whatever it is at, as Lambda does with a sandbox.
#[derive(Clone, Copy)]
pub struct Signals(Pid);

impl Signals {
    /// Stops it.
    pub fn freeze(self) {
        kill_process(self.0, Signal::STOP).expect("the process is ours");
    }

    /// Lets it go on.
    pub fn thaw(self) {
        kill_process(self.0, Signal::CONT).expect("the process is ours");
    }
}

async fn started(deployment: &Deployment) -> Process {
    let mut process = Process::start(deployment).await;
    assert!(process.is_ready().await, "the function does not start");
    process
}
