//! A function's sandbox: one process at a time, as Lambda keeps it.

use serde_json::Value;
use time::OffsetDateTime;

use crate::{Answer, Deployment, Log, process::Process, runtime_api::Invocation};

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

    /// Invokes the function. Where its process has ended, a new one is started first.
    pub async fn invoke(&mut self, event: impl Into<Value>) -> Answer {
        if !self.process.is_ready().await {
            let fresh = started(&self.deployment).await;
            self.starts += 1;
            let (_, log) = std::mem::replace(&mut self.process, fresh).ended().await;
            self.past.append(log);
        }
        let invocation = Invocation {
            event: event.into(),
            arn: self.deployment.arn.clone(),
            ends: OffsetDateTime::now_utc() + self.deployment.time_limit,
        };
        Answer::read(&self.process.invoke(invocation).await)
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

async fn started(deployment: &Deployment) -> Process {
    let mut process = Process::start(deployment).await;
    assert!(process.is_ready().await, "the function does not start");
    process
}
