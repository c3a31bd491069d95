//! The processor time of an event after a pause: by then other work has taken the processor's
//! caches, as in a function that is rarely called.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    contender::{Contender, HELLO, Programs},
    effort::Effort,
    event::{ctx, sign_up},
    install::Missing,
    median,
    processor::processor_time,
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Goal, Row},
};

/// Between two events of a contender.
const PAUSE: Duration = Duration::from_secs(1);

/// After an answer, until the process has also finished what it does afterwards.
const SETTLED: Duration = Duration::from_millis(20);

/// Invocations before the first that counts, without a pause.
const WARM_UP: usize = 20;

const INLINE: &str = "processor time of an event after a pause of 1 s, inline";
const ENQUEUED: &str = "processor time of an event after a pause of 1 s, enqueued";

pub(super) async fn rows(
    programs: &Programs,
    surroundings: &Surroundings,
    effort: &Effort,
) -> Vec<Row> {
    let plain = surroundings.plain();
    let all = [
        programs.hello(&plain),
        programs.ours(&plain),
        programs.storing(&surroundings.with_queue()),
    ];
    let [hello, inline, enqueued] = match measure(all, effort.pauses).await {
        Ok(medians) => medians.map(Figure::Time),
        Err(why) => return vec![Row::skipped(INLINE, why.clone()), Row::skipped(ENQUEUED, why)],
    };
    let goal = |micros| Goal::Within(Figure::Time(Duration::from_micros(micros)));
    vec![
        Row::new(INLINE, inline, HELLO, Ok(hello), goal(700)),
        Row::new(ENQUEUED, enqueued, HELLO, Ok(hello), goal(650)),
    ]
}

/// The medians of many events. While one contender pauses, it is the others' turn.
async fn measure<const N: usize>(
    all: [Contender; N],
    pauses: usize,
) -> Result<[Duration; N], Missing> {
    let ctx = ctx();
    let mut running = Vec::new();
    for contender in &all {
        let mut sandbox = Sandbox::start(contender).await;
        for _ in 0..WARM_UP {
            sandbox.invoke(sign_up(&ctx)).await;
        }
        running.push(sandbox);
    }
    let mut times = [const { Vec::new() }; N];
    for _ in 0..pauses {
        for (sandbox, times) in running.iter_mut().zip(&mut times) {
            sleep(PAUSE / u32::try_from(N).unwrap_or(1)).await;
            let event = sign_up(&ctx);
            let before = used(sandbox)?;
            sandbox.invoke(event).await;
            sleep(SETTLED).await;
            times.push(used(sandbox)?.saturating_sub(before));
        }
    }
    Ok(times.map(|times| median(&times)))
}

fn used(sandbox: &Sandbox) -> Result<Duration, Missing> {
    processor_time(sandbox.process()).ok_or_else(|| "this system does not tell".to_owned())
}
