//! Starts: to the first request for an event, and to the end of the first delivery.

use std::time::Duration;

use serde_json::Value;

use crate::{
    command::Effort,
    contender::{Contender, HELLO, NODE, PYTHON, Programs},
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
    effort: Effort,
) -> Vec<Row> {
    eprintln!("measuring starts");
    let plain = surroundings.plain();
    let hello = Ok(programs.hello(&plain));
    let ours = Ok(programs.ours(&plain));
    let with_powertools = [programs.node(&plain), programs.python(&plain)];
    let table = surroundings.with_powertools_table();
    let idempotent = [programs.node(&table), programs.python(&table)];
    let all = [[hello, ours].as_slice(), &with_powertools, &idempotent].concat();
    let [hello, ours, node, python, node_once, python_once] = measure(&all, effort.starts)
        .await
        .try_into()
        .unwrap_or_else(|_| panic!("each contender has a result"));
    let ours = ours.expect("ours is never missing");

    let tls = surroundings.with_tls().await;
    let all = [Ok(programs.ours_over_tls(&tls)), programs.node(&tls), programs.python(&tls)];
    let [ours_tls, node_tls, python_tls] = measure(&all, effort.starts)
        .await
        .try_into()
        .unwrap_or_else(|_| panic!("each contender has a result"));
    let ours_tls = ours_tls.expect("ours is never missing");
    surroundings.take_mails();

    let start = |of: &Result<Times, Missing>| of.clone().map(|times| Figure::Time(times.start));
    let cold = |of: &Result<Times, Missing>| of.clone().map(|times| Figure::Time(times.cold));
    let (our_start, our_cold) = (Figure::Time(ours.start), Figure::Time(ours.cold));
    let our_cold_tls = Figure::Time(ours_tls.cold);
    vec![
        Row::new("start", our_start, HELLO, start(&hello), Goal::AtMostTimes(2.5)),
        Row::new("cold", our_cold, HELLO, cold(&hello), Goal::AtMostTimes(3.5)),
        Row::new("cold", our_cold, NODE, cold(&node), Goal::TimesFaster(25.0)),
        Row::new("cold", our_cold, PYTHON, cold(&python), Goal::None),
        Row::new("cold, theirs idempotent", our_cold, NODE, cold(&node_once), Goal::None),
        Row::new("cold, theirs idempotent", our_cold, PYTHON, cold(&python_once), Goal::None),
        Row::new("cold, TLS", our_cold_tls, NODE, cold(&node_tls), Goal::TimesFaster(10.0)),
        Row::new("cold, TLS", our_cold_tls, PYTHON, cold(&python_tls), Goal::None),
    ]
}

#[derive(Clone, Copy)]
struct Times {
    start: Duration,
    cold: Duration,
}

/// The medians of many starts, one of each contender at a time.
async fn measure(all: &[Result<Contender, Missing>], starts: usize) -> Vec<Result<Times, Missing>> {
    let ctx = ctx();
    let mut times = vec![Vec::new(); all.len()];
    for _ in 0..starts {
        for (contender, times) in all.iter().zip(&mut times) {
            if let Ok(contender) = contender {
                times.push(once(contender, &ctx).await);
            }
        }
    }
    let medians = |times: &[Times]| Times {
        start: median(&times.iter().map(|times| times.start).collect::<Vec<_>>()),
        cold: median(&times.iter().map(|times| times.cold).collect::<Vec<_>>()),
    };
    let result = |(contender, times): (&Result<Contender, Missing>, &Vec<Times>)| {
        contender.as_ref().map(|_| medians(times)).map_err(Clone::clone)
    };
    all.iter().zip(&times).map(result).collect()
}

async fn once(contender: &Contender, ctx: &Value) -> Times {
    let event = sign_up(ctx);
    let mut sandbox = Sandbox::start(contender).await;
    let times = Times { start: sandbox.start, cold: sandbox.invoke(event).await.cold };
    sandbox.end().await;
    times
}
