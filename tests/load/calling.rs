//! Callers: each has a sandbox to itself, as Lambda gives each one event at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use integration::Sandbox;
use tokio::task::JoinSet;

use crate::{
    answers::Answers,
    events::{Drawn, Events},
    stage::Stage,
};

/// Those who call, and where they call.
pub(crate) struct Callers {
    sandboxes: Vec<Sandbox>,
    pub(crate) events: Arc<Events>,
}

impl Callers {
    pub(crate) async fn start(stage: &Stage, number: usize) -> Self {
        let mut sandboxes = Vec::new();
        for _ in 0..number {
            sandboxes.push(stage.deployment.clone().start().await);
        }
        Self { sandboxes, events: Arc::default() }
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        self.sandboxes.iter().map(Sandbox::process).collect()
    }

    /// Calls by one of them, while nothing else goes on.
    pub(crate) async fn call_alone(&mut self, times: usize) -> Answers {
        let mut answers = Answers::default();
        for _ in 0..times {
            call(&mut self.sandboxes[0], &self.events, Events::sign_up, &mut answers).await;
        }
        answers
    }

    /// Calls by all of them, for so long, each as soon as the one before is answered; and no fewer
    /// than it takes to make every kind of call.
    pub(crate) async fn call_together(&mut self, lasting: Duration) -> Answers {
        let mut callers = JoinSet::new();
        let began = Instant::now();
        for mut sandbox in self.sandboxes.drain(..) {
            let events = self.events.clone();
            callers.spawn(async move {
                let mut answers = Answers::default();
                while began.elapsed() < lasting || !events.were_all_drawn() {
                    call(&mut sandbox, &events, Events::draw, &mut answers).await;
                }
                sandbox.end().await;
                answers
            });
        }
        let mut all = Answers::default();
        for answers in callers.join_all().await {
            all.join(answers);
        }
        all
    }
}

async fn call(
    sandbox: &mut Sandbox,
    events: &Events,
    draw: impl Fn(&Events) -> Drawn,
    answers: &mut Answers,
) {
    let Drawn { kind, event, person } = draw(events);
    let began = Instant::now();
    let answer = sandbox.invoke(event).await;
    answers.add(&kind, &answer, began.elapsed());
    answer.assert_fit_for_ory();
    if let Some(person) = person.filter(|_| (200..300).contains(&answer.status)) {
        events.was_accepted(person);
    }
}
