//! Warm invocations: a running contender receives one event after the other.

use std::time::Duration;

use serde_json::Value;

use crate::{
    contender::{Contender, HELLO, NODE, PYTHON, Programs},
    effort::Effort,
    event::{ctx, sign_up},
    install::Missing,
    median,
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Goal, Row},
};

/// Invocations before the first that counts, so that JIT compilers have finished.
const WARM_UP: usize = 300;

/// Invocations of one contender before the next one's turn.
const IN_A_ROW: usize = 20;

pub(super) async fn rows(
    programs: &Programs,
    surroundings: &Surroundings,
    effort: &Effort,
) -> Vec<Row> {
    let plain = surroundings.plain();
    let table = surroundings.with_table();
    let all = [
        Ok(programs.hello(&plain)),
        Ok(programs.ours(&plain)),
        Ok(programs.ours(&table)),
        Ok(programs.storing(&surroundings.with_queue())),
        programs.node(&plain),
        programs.python(&plain),
        programs.node(&table),
        programs.python(&table),
    ];
    let [hello, ours, ours_table, ours_queue, node, python, node_table, python_table] =
        measure(all, surroundings, effort.invocations).await;
    let [ours, ours_table, ours_queue] =
        [ours, ours_table, ours_queue].map(|figure| figure.expect("ours is never missing"));
    vec![
        Row::new("warm, inline", ours, HELLO, hello.clone(), Goal::AtMostTimes(2.5)),
        Row::new("warm, inline", ours, NODE, node, Goal::None),
        Row::new("warm, inline", ours, PYTHON, python, Goal::None),
        Row::new("warm, table", ours_table, NODE, node_table, Goal::TimesFaster(4.5)),
        Row::new("warm, table", ours_table, PYTHON, python_table, Goal::None),
        Row::new("warm, enqueued", ours_queue, HELLO, hello, Goal::AtMostTimes(3.2)),
    ]
}

/// The medians of many invocations; the contenders take turns.
async fn measure<const N: usize>(
    all: [Result<Contender, Missing>; N],
    surroundings: &Surroundings,
    invocations: usize,
) -> [Result<Figure, Missing>; N] {
    let ctx = ctx();
    let mut all = all.map(|contender| -> Result<_, Missing> { Ok((contender?, None)) });
    for (contender, running) in all.iter_mut().flatten() {
        *running = Some(Running::start(contender, &ctx).await);
    }
    for _ in 0..invocations.div_ceil(IN_A_ROW) {
        for (_, running) in all.iter_mut().flatten() {
            if let Some(running) = running {
                running.invoke(IN_A_ROW, &ctx).await;
            }
        }
        surroundings.take_mails();
    }
    all.map(|measured| {
        let (_, running) = measured?;
        let times = running.map(|running| running.times).unwrap_or_default();
        Ok(Figure::Time(median(&times)))
    })
}

struct Running {
    sandbox: Sandbox,
    times: Vec<Duration>,
}

impl Running {
    async fn start(contender: &Contender, ctx: &Value) -> Self {
        let mut running = Self { sandbox: Sandbox::start(contender).await, times: Vec::new() };
        running.invoke(WARM_UP, ctx).await;
        running.times.clear();
        running
    }

    async fn invoke(&mut self, times: usize, ctx: &Value) {
        for _ in 0..times {
            let event = sign_up(ctx);
            self.times.push(self.sandbox.invoke(event).await.warm);
        }
    }
}
