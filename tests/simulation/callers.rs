//! Ory and Mailchimp: they call, lose patience, and call again.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use shared::answer::WebhookResponse;
use tokio::time::{sleep, timeout};

use crate::{
    event::Planned,
    excused::Excused,
    fault::Fault,
    judge::Wrong,
    lambda::Lambda,
    settings::{CALLER_SECRET, UNKNOWN_SECRET, Which},
    world::World,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// So many unauthenticated callers call at once.
const UNAUTHENTICATED: usize = 10;

/// After a mismatch a sandbox looks the secret up anew, at most once in half a minute.
const LOOKED_UP_ANEW: Duration = Duration::from_secs(35);

/// How long a secret is kept, and where Secrets Manager is away.
const SECRET_KEPT: Duration = Duration::from_secs(305);
const SECRET_KEPT_LONGEST: Duration = Duration::from_mins(66);

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

/// Mandrill's: up to twenty times.
const MANDRILL_PAUSES: [Duration; 19] = [Duration::from_mins(20); 19];

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
                if event.is_inbound() && world.chance.strikes(Fault::ToldAgain) {
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
        Which::MandrillEvents => (ORY_PATIENCE, &MANDRILL_PAUSES),
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
    world.was_sent(number);
    let presented = world.presented();
    let Some(answer) = lambda.accept(number, presented).await else { return false };
    let status = answer.status;
    world.say(format_args!("caller: {} is answered {status} {:?}", event.address, answer.body));
    if status == 401 {
        // It may have been right when the call was made.
        if presented == world.presented() {
            turned_away(&world, presented);
        }
        return false;
    }
    let expected: &[u16] = match event.which {
        Which::Mailchimp | Which::MandrillEvents => &[200, 503],
        Which::Mandrill | Which::Segment | Which::Subscribe => &[200, 202, 204, 503],
    };
    let is_at_fault = [422, 500].contains(&status) && has_faulty_template(&world);
    if !expected.contains(&status) && !is_at_fault {
        world.condemn(Wrong::Status, format_args!("{status} {:?}", answer.body));
    }
    if !(200..300).contains(&status) {
        return false;
    }
    world.was_answered(number);
    let is_settled = answer.body.as_ref().is_none_or(|body| body["status"] != "accepted");
    if is_settled {
        world.settles(number);
    }
    if world.plan.lives.is_none() && !is_true(&world, event, &answer) {
        world.condemn(Wrong::Untrue, format_args!("{status} {:?}", answer.body));
    }
    true
}

fn has_faulty_template(world: &World) -> bool {
    world.plan.broken_template.is_ever() || world.plan.of(Which::Mailchimp).is_unfit_later
}

/// A caller with the secret that is right by now was answered 401.
fn turned_away(world: &World, presented: &str) {
    let is_new = world.secret_changed().is_some_and(|at| {
        presented != CALLER_SECRET && world.elapsed().saturating_sub(at) < LOOKED_UP_ANEW
    });
    let context = format_args!("{presented}");
    if is_new || presented != CALLER_SECRET && world.did_secrets_fail(LOOKED_UP_ANEW) {
        world.excuse(Excused::NotYetKnown, context);
    } else {
        world.condemn(Wrong::TurnedAway, context);
    }
}

/// Many callers without the secret, one after the other.
pub(crate) async fn intrude(world: Arc<World>, lambda: Arc<Lambda>, at: Duration) {
    sleep(at).await;
    let Some(number) = any_event(&world, &lambda) else { return };
    world.chance.count(Fault::Strangers);
    for _ in 0..UNAUTHENTICATED {
        sleep(world.chance.latency()).await;
        let answer = lambda.accept(number, UNKNOWN_SECRET).await;
        let status = answer.map_or(502, |answer| answer.status);
        world.say(format_args!("stranger: is answered {status}"));
        if ![401, 502, 503].contains(&status) {
            world.condemn(Wrong::LetIn, format_args!("{status}"));
        }
    }
}

/// Somebody who has a caller's key that was turned off at `at`.
pub(crate) async fn misuse(world: Arc<World>, lambda: Arc<Lambda>, at: Duration) {
    let Some(number) = any_event(&world, &lambda) else { return };
    for after in [MINUTE, 6 * MINUTE, 120 * MINUTE] {
        sleep((at + after).saturating_sub(world.elapsed())).await;
        world.chance.count(Fault::TurnedOff);
        let answer = lambda.accept(number, CALLER_SECRET).await;
        let Some(status) = answer.map(|answer| answer.status) else { continue };
        if !(200..300).contains(&status) {
            continue;
        }
        world.was_sent(number);
        world.was_answered(number);
        if after < SECRET_KEPT || after < SECRET_KEPT_LONGEST && world.did_secrets_fail(after) {
            world.excuse(Excused::StillInUse, format_args!("after {after:?}"));
        } else {
            world.condemn(Wrong::LetIn, format_args!("after {after:?}"));
        }
    }
}

/// An event of this function's.
fn any_event(world: &World, lambda: &Lambda) -> Option<usize> {
    world.plan.events.iter().position(|event| event.which == lambda.which())
}

/// Whether what the answer says is so.
fn is_true(world: &World, event: &Planned, answer: &WebhookResponse) -> bool {
    let status = answer.body.as_ref().map(|body| &body["status"]).and_then(Value::as_str);
    let (number, _) = world.plan.by_key(&event.key).expect("an event of the plan");
    match (status, event.which) {
        (Some("delivered"), Which::Mailchimp) => {
            world.is_done(event) || world.was_patched_for(number)
        }
        // Whatever came of it, and be it nothing, it was sent before, or was in the queue after all.
        (Some("duplicate"), Which::Mailchimp) => {
            let is_again = world.sent_at(number).is_some_and(|[first, last]| first < last);
            is_again || world.has_been_received(&event.key)
        }
        // It may be old, or about nobody.
        (Some("skipped"), Which::Mailchimp) => true,
        (Some("delivered" | "duplicate" | "rejected"), _) => is_settled(world, event),
        (Some("skipped"), _) => event.is_cancelled || is_settled(world, event),
        _ => true,
    }
}

/// Whether the vendor has it, or has rejected it, for whatever reason.
fn is_settled(world: &World, event: &Planned) -> bool {
    world.is_done(event) || world.mail_fates(event).contains(&true)
}
