//! Ory and Mailchimp: they call, lose patience, and call again.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use shared::response::Response;
use tokio::time::{sleep, timeout};

use crate::{
    chance::Fault, event::Planned, judge::Wrong, lambda::Lambda, settings::Which, world::World,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// Kratos' client waits so long, and calls three times within seconds.
const ORY_PATIENCE: Duration = Duration::from_secs(30);
const ORY_PAUSES: [Duration; 2] = [SECOND, SECOND];

/// Mailchimp's: at increasing intervals, for 75 minutes.
const MAILCHIMP_PATIENCE: Duration = Duration::from_secs(10);
const MAILCHIMP_PAUSES: [Duration; 6] = [
    MINUTE,
    Duration::from_mins(3),
    Duration::from_mins(6),
    Duration::from_mins(15),
    Duration::from_mins(20),
    Duration::from_mins(30),
];

/// Calls about one event until it is answered, or for as long as the caller tries.
pub(crate) async fn call(world: Arc<World>, lambda: Arc<Lambda>, number: usize) {
    let event = &world.plan.events[number];
    sleep(event.at).await;
    let (patience, pauses) = habits(&world, event.which);
    let mut pauses = pauses.iter();
    loop {
        let asked = world.begin(ask(world.clone(), lambda.clone(), number));
        if world.chance.strikes(Fault::CalledTwice) {
            let after = world.chance.time(Duration::ZERO..2 * SECOND);
            let again = ask(world.clone(), lambda.clone(), number);
            world.begin(async move {
                sleep(after).await;
                again.await
            });
        }
        match timeout(patience, asked).await {
            Ok(Ok(true)) => {
                if event.told.is_some() && world.chance.strikes(Fault::ToldAgain) {
                    tell_again(&world, &lambda, number);
                }
                return;
            }
            Ok(_) => {}
            Err(_) => world.chance.count(Fault::CallerGaveUp),
        }
        let Some(pause) = pauses.next() else { return };
        sleep(*pause).await;
    }
}

fn tell_again(world: &Arc<World>, lambda: &Arc<Lambda>, number: usize) {
    let after = world.chance.scale(SECOND / 10..120 * MINUTE);
    let again = ask(world.clone(), lambda.clone(), number);
    world.begin(async move {
        sleep(after).await;
        again.await
    });
}

fn habits(world: &World, which: Which) -> (Duration, &'static [Duration]) {
    match which {
        Which::Mailchimp => (MAILCHIMP_PATIENCE, &MAILCHIMP_PAUSES),
        _ if world.chance.is(0.2) => (world.chance.time(SECOND..ORY_PATIENCE), &ORY_PAUSES),
        _ => (ORY_PATIENCE, &ORY_PAUSES),
    }
}

/// One call; whether the caller need not call again. A killed sandbox is a 502.
async fn ask(world: Arc<World>, lambda: Arc<Lambda>, number: usize) -> bool {
    let event = &world.plan.events[number];
    world.say(format_args!(
        "caller: {} about {} ({})",
        event.which.name(),
        event.address,
        event.key
    ));
    let Some(answer) = lambda.accept(number).await else { return false };
    let status = answer.status;
    world.say(format_args!("caller: {} is answered {status} {:?}", event.address, answer.body));
    let expected: &[u16] = match event.which {
        Which::Mailchimp => &[200, 503],
        Which::Mandrill | Which::Segment => &[200, 202, 204, 503],
    };
    if !expected.contains(&status) {
        world.condemn(Wrong::Status, format_args!("{status} {:?}", answer.body));
    }
    if !(200..300).contains(&status) {
        return false;
    }
    world.was_answered(number);
    if !is_true(&world, event, &answer) {
        world.condemn(Wrong::Untrue, format_args!("{status} {:?}", answer.body));
    }
    true
}

/// Whether what the answer says is so.
fn is_true(world: &World, event: &Planned, answer: &Response) -> bool {
    let status = answer.body.as_ref().map(|body| &body["status"]).and_then(Value::as_str);
    match status {
        Some("delivered" | "duplicate" | "rejected") => is_settled(world, event),
        Some("skipped") => event.is_cancelled || is_settled(world, event),
        _ => true,
    }
}

/// Whether the vendor has it, or has rejected it, for whatever reason.
fn is_settled(world: &World, event: &Planned) -> bool {
    world.is_done(event) || world.mail(&event.vendor_key).contains(&true)
}
