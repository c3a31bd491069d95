//! One process of a contender, timed from its start.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fakes::runtime_api::{RuntimeApi, RuntimeReport, SentInvocation};
use integration::Vitals;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use shared::lambda::LAMBDA_TIMEOUT;
use time::OffsetDateTime;
use tokio::{
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

use crate::{contender::Contender, workspace};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:mandrill-welcome";

/// A timeout that only a process that hangs exceeds.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running process; it is killed when it is dropped.
pub(crate) struct Sandbox {
    name: &'static str,
    expects: &'static str,
    process: Child,
    runtime: RuntimeApi,
    ready: oneshot::Sender<SentInvocation>,
    /// From just before exec to the first request for an event.
    pub(crate) start: Duration,
    started: Instant,
}

impl Sandbox {
    /// Starts it, and waits until it asks for an event.
    pub(crate) async fn start(contender: &Contender) -> Self {
        let mut runtime = RuntimeApi::start().await.expect("loopback has a free port");
        let mut command = Command::new(&contender.program);
        command.args(&contender.arguments).env_clear().envs(contender.variables.clone());
        command.env("AWS_LAMBDA_RUNTIME_API", runtime.address());
        // It pays for writing its log; the benchmark does not read it.
        let complaints = workspace::scratch().join(format!("{}.stderr", contender.name));
        let complaints = fs::File::create(complaints).expect("the folder is ours");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints).kill_on_drop(true);
        let started = Instant::now();
        let mut process = command.spawn().expect("the contender's program runs");
        let (ready_at, ready) = ready(contender.name, &mut process, &mut runtime).await;
        Self {
            name: contender.name,
            expects: contender.expects,
            process,
            runtime,
            ready,
            start: ready_at - started,
            started,
        }
    }

    /// Sends it an event; returns the time to its answer, from the event and from the start.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Timed {
        let (waiting, _) = oneshot::channel();
        let ready_then = std::mem::replace(&mut self.ready, waiting);
        let ends = OffsetDateTime::now_utc() + LAMBDA_TIMEOUT;
        let invocation = SentInvocation { event, arn: ARN.to_owned(), ends };
        let given = Instant::now();
        assert!(ready_then.send(invocation).is_ok(), "{} no longer listens", self.name);
        let report = report(self.name, &mut self.process, &mut self.runtime).await;
        let RuntimeReport::Answer(answered, answer) = report else {
            panic!("{} does not answer", self.name)
        };
        self.check(&answer);
        (_, self.ready) = ready(self.name, &mut self.process, &mut self.runtime).await;
        Timed { warm: answered - given, cold: answered - self.started }
    }

    /// Checks the answer: a failure could be faster than the work.
    fn check(&self, answer: &Bytes) {
        let answer: Value = serde_json::from_slice(answer).expect("an answer is JSON");
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())
            .expect("its body is JSON");
        assert_eq!(body["status"], self.expects, "{}: {answer}", self.name);
    }

    /// The system's id of the process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id().expect("nobody has waited for its end")
    }

    /// The peak memory in bytes; `None` if the system does not report it.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        Some(Vitals::of(self.process())?.peak)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(mut self) {
        let process = i32::try_from(self.process()).ok().and_then(Pid::from_raw);
        let process = process.expect("the system gave it this id");
        kill_process(process, Signal::TERM).expect("a child can be asked");
        let ended = timeout(PATIENCE, self.process.wait()).await.expect("it ends");
        ended.expect("a child can be waited for");
    }

    /// Ends it.
    pub(crate) async fn end(mut self) {
        self.process.kill().await.expect("a child can be killed");
    }
}

/// The duration of one invocation.
#[derive(Clone, Copy)]
pub(crate) struct Timed {
    /// From the event to the answer.
    pub(crate) warm: Duration,
    /// From just before exec to the answer.
    pub(crate) cold: Duration,
}

async fn ready(
    name: &str,
    process: &mut Child,
    runtime: &mut RuntimeApi,
) -> (Instant, oneshot::Sender<SentInvocation>) {
    match report(name, process, runtime).await {
        RuntimeReport::Ready(at, ready) => (at, ready),
        RuntimeReport::Answer(..) | RuntimeReport::Error(_) => {
            panic!("{name} reports what nobody asked")
        }
    }
}

async fn report(name: &str, process: &mut Child, runtime: &mut RuntimeApi) -> RuntimeReport {
    let report = timeout(PATIENCE, async {
        tokio::select! {
            biased;
            report = runtime.next() => report.expect("the server runs"),
            status = process.wait() => panic!("{name} ended: {status:?}, see its .stderr"),
        }
    });
    match report.await.expect("it says something") {
        RuntimeReport::Error(error) => panic!("{name} fails: {}", String::from_utf8_lossy(&error)),
        report => report,
    }
}
