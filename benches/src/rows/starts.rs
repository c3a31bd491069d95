//! Starts: up to the first request for an event, and up to the end of the first delivery.

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
        programs.node(&plain),
        programs.python(&plain),
        programs.node(&table),
        programs.python(&table),
    ];
    let [hello, ours, node, python, node_once, python_once] = measure(all, effort.starts).await;
    let ours = ours.expect("ours is never missing");
    let (our_start, our_cold) = (Figure::Time(ours.start), Figure::Time(ours.cold));
    let start = hello.clone().map(|times| Figure::Time(times.start));
    vec![
        Row::new("start", our_start, HELLO, start, Goal::AtMostTimes(2.5)),
        Row::new("cold", our_cold, HELLO, cold(hello), Goal::AtMostTimes(3.5)),
        Row::new("cold", our_cold, NODE, cold(node), Goal::TimesFaster(25.0)),
        Row::new("cold", our_cold, PYTHON, cold(python), Goal::None),
        Row::new("cold, theirs idempotent", our_cold, NODE, cold(node_once), Goal::None),
        Row::new("cold, theirs idempotent", our_cold, PYTHON, cold(python_once), Goal::None),
    ]
}

pub(super) async fn rows_over_tls(
    programs: &Programs,
    surroundings: &Surroundings,
    effort: &Effort,
) -> Vec<Row> {
    let tls = surroundings.with_tls().await;
    let all = [Ok(Programs::ours_over_tls(&tls)), programs.node(&tls), programs.python(&tls)];
    let [ours, node, python] = measure(all, effort.starts).await;
    let ours = cold(ours).expect("ours is never missing");
    vec![
        Row::new("cold, TLS", ours, NODE, cold(node), Goal::TimesFaster(10.0)),
        Row::new("cold, TLS", ours, PYTHON, cold(python), Goal::None),
    ]
}

fn cold(times: Result<Times, Missing>) -> Result<Figure, Missing> {
    times.map(|times| Figure::Time(times.cold))
}

#[derive(Clone, Copy)]
struct Times {
    start: Duration,
    cold: Duration,
}

/// The medians of many starts, one of each contender at a time.
async fn measure<const N: usize>(
    all: [Result<Contender, Missing>; N],
    starts: usize,
) -> [Result<Times, Missing>; N] {
    let ctx = ctx();
    let mut all = all.map(|contender| Ok((contender?, Vec::new(), Vec::new())));
    for _ in 0..starts {
        for (contender, start, cold) in all.iter_mut().flatten() {
            let times = once(contender, &ctx).await;
            start.push(times.start);
            cold.push(times.cold);
        }
    }
    all.map(|measured| {
        measured.map(|(_, start, cold)| Times { start: median(&start), cold: median(&cold) })
    })
}

async fn once(contender: &Contender, ctx: &Value) -> Times {
    let event = sign_up(ctx);
    let mut sandbox = Sandbox::start(contender).await;
    let times = Times { start: sandbox.start, cold: sandbox.invoke(event).await.cold };
    sandbox.end().await;
    times
}
