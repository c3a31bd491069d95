//! One run: everything is started, called, and left to itself until nothing goes on any more.

use std::{cell::Cell, collections::BTreeSet, panic, sync::Arc};

use tokio::{runtime::Builder, task::JoinSet, time::sleep};

use crate::{
    audience::life::live,
    callers::{call, intrude, misuse},
    erasure::erase,
    fault::Fault,
    judge::Wrong,
    lambda::Lambda,
    mail_events::moves,
    people::act,
    plan::Scene,
    queue::{FaultyQueue, key, poll},
    report::Tally,
    settings::Which,
    world::World,
};

thread_local! {
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// Counts panics, wherever they are caught.
pub(crate) fn watch_panics() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICS.set(PANICS.get() + 1);
        hook(info);
    }));
}

/// Plays the run with this seed.
pub(crate) fn play(scene: Scene, seed: u64, is_traced: bool) -> Tally {
    // Names of holders and the jitter of waits are drawn from the thread's own generator.
    fastrand::seed(seed);
    let panics = PANICS.get();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let world = runtime.expect("a runtime").block_on(async {
        let world = World::of(scene, seed, is_traced);
        settle(&world).await;
        world
    });
    if PANICS.get() > panics {
        world.condemn(Wrong::Panic, format_args!("see above"));
    }
    Tally::of(seed, &world)
}

async fn settle(world: &Arc<World>) {
    let mut pollers = JoinSet::new();
    let mut functions = Vec::new();
    for number in 0..world.plan.settings.len() {
        let queue = FaultyQueue::new(world, world.plan.settings[number].which);
        let lambda = Lambda::new(world, number, &queue);
        pollers.spawn(poll(lambda.clone(), queue.clone()));
        functions.push((lambda, queue));
    }
    world.contacts.reach(functions.iter().map(|(lambda, _)| lambda));
    world.begin_welcomed();
    let mut callers = JoinSet::new();
    for (number, event) in world.plan.events.iter().enumerate() {
        let of_event = functions.iter().find(|(lambda, _)| lambda.which() == event.which);
        let (lambda, _) = of_event.expect("every function is there");
        callers.spawn(call(world.clone(), lambda.clone(), number));
        if event.which == Which::Mandrill {
            callers.spawn(moves(world.clone(), number));
        }
    }
    for person in 0..world.plan.lives.as_ref().map_or(0, |lives| lives.people.len()) {
        callers.spawn(live(world.clone(), person));
    }
    for number in 0..world.plan.acts.len() {
        callers.spawn(act(world.clone(), number));
    }
    callers.spawn(erase(world.clone()));
    for (number, at) in world.plan.strangers.iter().enumerate() {
        let (lambda, _) = &functions[number % functions.len()];
        callers.spawn(intrude(world.clone(), lambda.clone(), *at));
    }
    if let Some(at) = world.plan.turned_off {
        callers.spawn(misuse(world.clone(), functions[0].0.clone(), at));
    }
    callers.join_all().await;
    let queues: Vec<_> = functions.into_iter().map(|(_, queue)| queue).collect();
    quiet(world, &queues).await;
    if !dead_letters(&queues).is_empty() {
        redrive(world, &queues).await;
        quiet(world, &queues).await;
    }
    world.are_dead(dead_letters(&queues));
    world.judge_erasure().await;
    if world.plan.lives.is_some() {
        world.judge_audience();
        return;
    }
    world.judge_deliveries();
    world.judge_consent();
    world.judge_shown();
    world.judge_mail_events();
}

/// Waits until no message waits and nothing goes on.
async fn quiet(world: &World, queues: &[Arc<FaultyQueue>]) {
    while !world.is_idle() || queues.iter().any(|queue| queue.inner.next_visible().is_some()) {
        world.changed.notified().await;
    }
}

/// What an operator does some time after all is fixed.
async fn redrive(world: &World, queues: &[Arc<FaultyQueue>]) {
    sleep(world.plan.mended().saturating_sub(world.elapsed())).await;
    sleep(world.plan.redrive_after).await;
    for key in dead_letters(queues) {
        world.say(format_args!("operator: sends {key} again"));
        world.chance.count(Fault::DeadLetters);
        world.was_redriven(key);
    }
    for queue in queues {
        queue.redrive();
    }
}

/// The keys of the events that are dead letters.
fn dead_letters(queues: &[Arc<FaultyQueue>]) -> BTreeSet<String> {
    let all = queues.iter().flat_map(|queue| queue.inner.dead_letters());
    all.filter_map(|letter| key(&letter.body)).collect()
}
