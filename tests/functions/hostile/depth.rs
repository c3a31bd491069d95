//! Nesting: whatever is accepted can be delivered.

use serde_json::{Value, json};

use crate::{
    common::ory::{ann, event},
    mailchimp_subscribe, mandrill_welcome, segment_identify,
};

/// Ann, with a name that makes her ctx so deep.
fn ann_of_depth(levels: usize) -> Value {
    // ctx, identity and traits are levels of their own.
    let name = (3..levels).fold(json!("deep"), |inner, _| json!([inner]));
    let mut ctx = ann();
    ctx["identity"]["traits"]["name"] = name;
    ctx
}

#[tokio::test]
async fn deepest_enqueued_event_survives_the_queue() {
    let mut welcome = mandrill_welcome::setup::Setup::queued().await.start().await;
    let mut identify = segment_identify::setup::queued().await.start().await;
    let subscribe = mailchimp_subscribe::setup::queued_and_opting_in().await;
    let mut subscribe = subscribe.start().await;
    let mut accepted = Vec::new();
    for levels in 118..132 {
        let bare = ann_of_depth(levels);
        for ctx in [json!({ "ctx": bare }), bare] {
            let status = welcome.call(event(&ctx)).await.status;
            assert_eq!(identify.call(event(&ctx)).await.status, status);
            assert_eq!(subscribe.call(event(&ctx)).await.status, status);
            assert!([202, 400].contains(&status), "{levels}: {status}");
            assert!(welcome.work().await.is_empty(), "{levels}");
            assert!(identify.work().await.is_empty(), "{levels}");
            assert!(subscribe.work().await.is_empty(), "{levels}");
            if status == 202 {
                accepted.push(levels);
            }
        }
    }
    assert_eq!((accepted.first(), accepted.last()), (Some(&118), Some(&126)));
}
