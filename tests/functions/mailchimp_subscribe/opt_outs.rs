//! Opt-outs in Mailchimp count, whatever Ory says and whenever it says it.

use std::time::Duration;

use fakes::mailchimp::{Act, Resubscribing, Status};
use serde_json::json;

use super::world::{OLD, World};

/// Mailchimp's reports differ on whether it would refuse. So the function never asks for it.
#[tokio::test]
async fn nobody_who_has_left_is_subscribed_by_the_api() {
    let ways = [Act::Unsubscribes, Act::Complains, Act::AdminUnsubscribes, Act::AdminArchives];
    for act in ways {
        let mut ann = World::start().await;
        ann.audience(|audience| audience.resubscribing = Resubscribing::Allowed);
        ann.subscribe().await;
        ann.function.vendor.act(OLD, act.clone()).unwrap();
        for flow in ["login", "verification", "recovery", "backfill", "settings"] {
            let event = ann.event(flow, &json!(true));
            ann.play(event).await;
        }
        assert_ne!(ann.function.status_of(OLD), Some("subscribed"), "{act:?}");
        ann.consent = json!(false);
        ann.settings(true).await;
        assert_eq!(ann.contacts(), [(OLD, "pending")], "{act:?}");
        ann.audience(|audience| assert_eq!(audience.subscribed_by_api(OLD).len(), 1, "{act:?}"));
    }
}

/// An opt-in waited in the queue; meanwhile the person has clicked in a mail.
#[tokio::test]
async fn late_opt_in_does_not_overrule_a_later_opt_out() {
    let mut ann = World::start().await;
    ann.put_contact(OLD, Status::Subscribed);
    (ann.consent, ann.is_verified) = (json!(true), true);
    let late = ann.event("registration", &json!(null));
    ann.function.store(late).await;
    ann.advance(Duration::from_mins(10));
    ann.function.vendor.unsubscribe(OLD).unwrap();
    assert!(ann.function.work().await.is_empty());
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    // The next opt-in is later than that.
    ann.consent = json!(false);
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
}

/// The opt-in of the registration completes at the verification, and is as old as it is.
#[tokio::test]
async fn opt_out_while_an_opt_in_waits_counts() {
    let mut ann = World::start().await;
    ann.put_contact(OLD, Status::Subscribed);
    ann.register(true).await;
    ann.advance(Duration::from_mins(1));
    ann.function.vendor.unsubscribe(OLD).unwrap();
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
}

/// Between the read and the write, by the link of a campaign.
#[tokio::test]
async fn opt_out_between_read_and_write_counts() {
    for resubscribing in [Resubscribing::Refused, Resubscribing::Allowed] {
        let mut ann = World::start().await;
        ann.audience(|audience| audience.resubscribing = resubscribing);
        ann.subscribe().await;
        ann.audience(|audience| audience.before_next_write(OLD, Act::Unsubscribes));
        ann.settings(true).await;
        assert_eq!(ann.contacts(), [(OLD, "unsubscribed")], "{resubscribing:?}");
    }
}

/// Mailchimp refuses, and does not say so in the contact: the person is asked; if that is refused,
/// too, nothing more is done.
#[tokio::test]
async fn refusal_for_compliance_leads_to_at_most_a_question() {
    let refused = || {
        super::setup::answered(super::mailchimp_replies::problem(400, "Member In Compliance State"))
    };
    let mut ann = World::start().await;
    ann.function.answer_writes([refused()]);
    ann.register(true).await;
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);

    let mut ben = World::start().await;
    ben.function.answer_writes([refused(), refused()]);
    ben.register(true).await;
    ben.verify().await;
    assert_eq!(ben.contacts(), []);
    let log = ben.function.end().await.deliveries();
    assert_eq!(super::world::outcome(&log[1]), "rejected: compliance");
    assert_eq!((&log[1]["Compliance"], &log[1]["Rejected"]), (&json!(1.0), &json!(1.0)));
}
