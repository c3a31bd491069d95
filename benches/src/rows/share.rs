//! Cold starts with the share of a processor that Lambda gives to a small function. The start itself
//! is not limited, as on Lambda, which runs it in a burst. The limit begins with the first event.

use std::time::Duration;

use serde_json::Value;

use crate::{
    cgroup::Groups,
    contender::{Contender, NODE, NODE_TUNED, PYTHON, Programs},
    effort::Effort,
    event::{ctx, sign_up},
    install::Missing,
    median,
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Goal, Row},
};

/// The memory of the functions in the template, in MB.
const MEMORY_MB: u64 = 256;

const WHAT: &str = "cold, at the share of 256 MB";

pub(super) async fn rows(
    programs: &Programs,
    surroundings: &Surroundings,
    effort: &Effort,
) -> Vec<Row> {
    let plain = surroundings.plain();
    let all = [
        Ok(programs.ours(&plain)),
        programs.node(&plain),
        programs.node_tuned(&plain),
        programs.python(&plain),
    ];
    match measure(all, effort.starts).await {
        Ok([Ok(ours), node, node_tuned, python]) => vec![
            Row::new(WHAT, ours, NODE, node, Goal::TimesFaster(130.0)),
            Row::new(WHAT, ours, NODE_TUNED, node_tuned, Goal::TimesFaster(90.0)),
            Row::new(WHAT, ours, PYTHON, python, Goal::None),
        ],
        Ok([Err(why), ..]) | Err(why) => vec![Row::skipped(WHAT, why)],
    }
}

/// The medians of many starts, one of each contender at a time.
async fn measure<const N: usize>(
    all: [Result<Contender, Missing>; N],
    starts: usize,
) -> Result<[Result<Figure, Missing>; N], Missing> {
    let ctx = ctx();
    let groups = Groups::find()?;
    let mut all = all.map(|contender| -> Result<_, Missing> { Ok((contender?, Vec::new())) });
    for _ in 0..starts {
        for (contender, times) in all.iter_mut().flatten() {
            times.push(once(contender, &groups, &ctx).await?);
        }
    }
    Ok(all.map(|measured| measured.map(|(_, times)| Figure::Time(median(&times)))))
}

/// The start and the first event, without the time in which the benchmark sets the limit.
async fn once(contender: &Contender, groups: &Groups, ctx: &Value) -> Result<Duration, Missing> {
    let event = sign_up(ctx);
    // Made first, so that it is dropped last: it can only be removed once the process has ended.
    let group = groups.limited_to(MEMORY_MB)?;
    let mut sandbox = Sandbox::start(contender).await;
    group.admit(sandbox.process())?;
    let cold = sandbox.start + sandbox.invoke(event).await.warm;
    sandbox.end().await;
    Ok(cold)
}
