//! A vendor that is down.

use std::collections::BTreeSet;

use fakes::server::FakeReply;
use lint::kratos::{Flow, Method};
use serde_json::json;

use super::{
    config::{Config, forward, hook_of_action, session, web_hook},
    front::Front,
    person::Person,
    process::Kratos,
    world::World,
};

const ANN: &str = "ann@example.com";
/// The function itself tries a call so often before it gives up.
const CALLS_IN_LINE: usize = 3;
/// And Kratos calls the function so often.
const ATTEMPTS: usize = 3;

/// Mandrill refuses so many calls.
fn refuse(world: &World, calls: usize) {
    for _ in 0..calls {
        world.fakes.mandrill.reply_next(FakeReply::text(503, "text/html", "Unavailable"));
    }
}

fn template() -> String {
    forward("registration", "password", "after_save")
}

#[tokio::test]
async fn vendor_outage_breaks_no_sign_up() {
    let world = World::start().await;
    let welcome = Front::start(world.function(mandrill_welcome::NAME)).await;
    let hooks = [hook_of_action(&welcome.url(), Flow::Registration, Method::Password), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    refuse(&world, ATTEMPTS * CALLS_IN_LINE);
    assert_eq!(Person::of(&kratos).register(ANN).await.status, 200);
    assert_eq!(Person::of(&kratos).log_in(ANN).await.status, 200);
    let calls = welcome.until_called(ATTEMPTS).await;
    assert!(calls.iter().all(|call| call.answer.status == 503), "{calls:?}");
}

#[tokio::test]
async fn enqueued_mail_arrives_once_after_the_outage() {
    let world = World::start().await;
    let welcome = Front::start(world.queued_function(mandrill_welcome::NAME)).await;
    let hooks = [hook_of_action(&welcome.url(), Flow::Registration, Method::Password), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let registered = Person::of(&kratos).register(ANN).await;
    let calls = welcome.until_called(1).await;
    assert_eq!(calls[0].answer.row(), (202, "accepted"));
    assert!(world.mails().is_empty());

    refuse(&world, 1);
    world.work(&welcome).await;
    assert_eq!((world.mails().len(), world.stored().len()), (1, 1), "refused, and kept");
    world.work(&welcome).await;
    assert_eq!((world.mails().as_slice(), world.stored().len()), ([ANN.to_owned()].as_slice(), 0));
    world.work(&welcome).await;
    assert!(world.mails().is_empty());
    assert_eq!(welcome.calls().len(), 1, "Kratos had no cause to try again");
    let delivered = welcome.end().await.deliveries();
    assert_eq!(delivered.last().unwrap()["outcome"], json!("delivered"));
    assert!(!registered.identity_id().is_empty());
}

#[tokio::test]
async fn kratos_retries_are_one_event_and_one_mail() {
    let world = World::start().await;
    let welcome = Front::start(world.function(mandrill_welcome::NAME)).await;
    let hooks = [web_hook(&welcome.url(), &template()), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    refuse(&world, (ATTEMPTS - 1) * CALLS_IN_LINE);
    assert_eq!(Person::of(&kratos).register(ANN).await.status, 200);
    let calls = welcome.calls();
    let rows: Vec<_> = calls.iter().map(|call| call.answer.row()).collect();
    assert_eq!(rows.last(), Some(&(200, "delivered")));
    assert_eq!(calls.len(), ATTEMPTS);
    assert!(calls[..ATTEMPTS - 1].iter().all(|call| call.answer.status == 503), "{rows:?}");
    assert_eq!(world.mails().len(), (ATTEMPTS - 1) * CALLS_IN_LINE + 1, "the last was taken");

    let all = |header: &str| -> Vec<_> {
        calls.iter().filter_map(|call| call.headers.get(header).cloned()).collect()
    };
    let requests: BTreeSet<_> = all("ory-webhook-request-id").into_iter().collect();
    assert_eq!(requests.len(), ATTEMPTS, "an id for each attempt");
    let triggers = all("ory-webhook-trigger-id");
    if kratos.version().await.has_trigger_ids() {
        assert_eq!(triggers, vec![triggers[0].clone(); ATTEMPTS], "one id for all");
    } else {
        assert!(triggers.is_empty());
    }
    assert!(calls.iter().all(|call| call.body == calls[0].body), "one body for all");
    let event_log = welcome.end().await.event_log();
    assert!(
        event_log.iter().all(|line| line["event_id"] == event_log[0]["event_id"]),
        "{event_log:?}"
    );
}
