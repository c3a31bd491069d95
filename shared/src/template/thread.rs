//! The thread that renders: the evaluator's values cannot leave their thread, and a template
//! that never ends must not hold up the rest.

use std::{
    sync::{LazyLock, mpsc},
    thread,
};

use serde_json::Value;
use tokio::sync::oneshot;

use super::{Argument, RenderError, Source, TemplateFault, Trace, engine::Engine};

/// Room for the evaluator's own depth limit, which a template reaches first, also in a debug build.
/// The memory is reserved and not taken until it is used.
const STACK_BYTES: usize = 64 * 1024 * 1024;

type Answer = Result<Value, RenderError>;
type Prepared = Result<(), TemplateFault>;

struct Job {
    arguments: Vec<Argument>,
    answer: oneshot::Sender<Answer>,
}

/// A rendering thread with its template. After a drop, the thread ends with its current job.
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
    /// The result of the preparation. Reading it waits for its end.
    prepared: LazyLock<Prepared, Box<dyn FnOnce() -> Prepared + Send>>,
}

impl Worker {
    /// Starts the thread, which prepares the template first.
    pub(super) fn start(source: Source, trace: Trace) -> Self {
        let (jobs, queue) = mpsc::channel();
        let (ready, prepared) = mpsc::channel();
        let name = source.name().to_owned();
        let started = thread::Builder::new()
            .name("template".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&source, trace, &ready, &queue));
        let died = match started {
            Ok(_) => TemplateFault::new(&name, "the evaluator failed"),
            Err(_) => TemplateFault::new(&name, "no thread could be started"),
        };
        let prepared = move || prepared.recv().unwrap_or(Err(died));
        Self { jobs, prepared: LazyLock::new(Box::new(prepared)) }
    }

    /// Waits until the template is prepared.
    pub(super) fn check(&self) -> Prepared {
        self.prepared.clone()
    }

    /// Renders; `None` where the thread has died.
    pub(super) async fn render(&self, arguments: Vec<Argument>) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { arguments, answer }).ok()?;
        answered.await.ok()
    }
}

fn work(source: &Source, trace: Trace, ready: &mpsc::Sender<Prepared>, jobs: &mpsc::Receiver<Job>) {
    let engine = match Engine::prepare(source, trace) {
        Ok(engine) => engine,
        Err(fault) => {
            // The caller has gone: nobody gets the result.
            let _ = ready.send(Err(fault));
            return;
        }
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    while let Ok(job) = jobs.recv() {
        let _ = job.answer.send(engine.render(job.arguments));
        // The caller need not wait for this.
        Engine::tidy();
    }
}
