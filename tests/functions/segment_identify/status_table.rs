//! The status table, row by row. `duplicate` and `rejected` cannot occur: Segment drops repeats
//! by itself, and refuses nobody for good.

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::Event;
use ory_actions::{server::Reply, stack::WEBHOOK_KEY};
use serde_json::{Value, json};

use super::{
    people::{ann, ann_before_save, tester},
    setup::{FIRST, event, event_of, setup, start, start_with},
};
use crate::segment_says;

/// The largest body that is taken, in bytes.
const MOST: usize = 512 * 1024;

/// A good event whose body is of this size.
fn event_of_size(bytes: usize) -> Event {
    let ctx = ann().to_string();
    let blanks = " ".repeat(bytes - ctx.len());
    event(&ann()).body(ctx + &blanks)
}

#[tokio::test]
async fn only_post_is_taken() {
    let mut identify = start().await;
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = identify.call(event(&ann()).method(method)).await;
        assert_eq!((answer.status, answer.message()), (405, ("#/", 8_100_405)), "{method}");
        assert_eq!(answer.headers["allow"], "POST", "{method}");
    }
    assert!(identify.received().is_empty());
}

#[tokio::test]
async fn a_body_over_512_kib_is_too_large_however_it_is_encoded() {
    let mut identify = start().await;
    for event in [event_of_size(MOST + 1), event_of_size(MOST + 1).base64()] {
        let answer = identify.call(event).await;
        assert_eq!((answer.status, answer.message()), (413, ("#/", 8_100_413)));
    }
    assert!(identify.received().is_empty());
    for event in [event_of_size(MOST), event_of_size(MOST).base64()] {
        assert_eq!(identify.call(event).await.row(), (200, "delivered"));
    }
}

#[tokio::test]
async fn who_does_not_present_the_secret_is_turned_away() {
    let mut identify = start().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("ory:{WEBHOOK_KEY}")));
    let stranger = Event::of_ory(&ann(), FIRST);
    let strangers = [
        stranger.clone(),
        stranger.clone().header("authorization", ""),
        stranger.clone().header("authorization", format!("{WEBHOOK_KEY}x")),
        stranger.clone().header("authorization", format!("Bearer {WEBHOOK_KEY}")),
        stranger.clone().header("authorization", basic),
        stranger.clone().header("x-api-key", WEBHOOK_KEY),
        stranger.query(&format!("secret={WEBHOOK_KEY}")),
    ];
    for stranger in strangers {
        let answer = identify.call(stranger).await;
        assert_eq!((answer.status, answer.message()), (401, ("#/", 8_100_401)));
    }
    assert!(identify.received().is_empty());
}

#[tokio::test]
async fn while_the_caller_s_secret_cannot_be_known_nobody_is_authenticated() {
    for (name, secret) in [("missing", None), ("unfit", Some("replace-me"))] {
        let setup = setup().await.var("WEBHOOK_SECRET_ID", name);
        if let Some(secret) = secret {
            setup.secrets.put(name, secret);
        }
        let mut identify = setup.start().await;
        for key in ["replace-me", "", WEBHOOK_KEY] {
            let answer = identify.call(event(&ann()).header("authorization", key)).await;
            assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_502)), "{name}");
        }
        assert!(identify.received().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_body_that_is_of_no_use_is_malformed_and_the_log_says_why() {
    let good = event(&ann());
    let no_utf8 = good.clone().body(STANDARD.encode(b"{\"identity\":\"\xff\"}"));
    let useless = [
        (good.clone().body(""), "empty"),
        (good.clone().body("{"), "JSON"),
        (good.clone().body("[".repeat(100_000)), "JSON"),
        (no_utf8.marked_as_base64(), "JSON"),
        (good.clone().body("[]"), "object"),
        (good.clone().body("{}"), "identity"),
        (good.clone().body(r#"{"ctx":{}}"#), "identity"),
        (good.clone().body(r#"{"identity":null}"#), "identity"),
        (good.marked_as_base64(), "base64"),
    ];
    let mut identify = start().await;
    for (event, _) in &useless {
        let answer = identify.call(event.clone()).await;
        assert_eq!((answer.status, answer.message()), (400, ("#/", 8_100_400)));
    }
    assert!(identify.received().is_empty());
    let journal = identify.end().await.journal();
    assert_eq!(journal.len(), useless.len());
    for ((_, word), line) in useless.iter().zip(journal) {
        assert!(line["cause"].as_str().unwrap().contains(word), "{word}: {line:#}");
    }
}

#[tokio::test]
async fn the_cheapest_check_comes_first_and_strangers_are_told_nothing_of_the_body() {
    let mut identify = start().await;
    let stranger = Event::of_ory(&ann(), FIRST);
    let too_large = stranger.clone().body("x".repeat(MOST + 1));
    let table = [
        (too_large.clone().method("PUT"), 405),
        (too_large, 413),
        (stranger.clone().body("{"), 401),
        (stranger.clone().body(""), 401),
        (stranger.body("e30").marked_as_base64(), 401),
    ];
    for (event, status) in table {
        assert_eq!(identify.call(event).await.status, status);
    }
}

#[tokio::test]
async fn a_delivery_tells_segment_s_word_and_the_event_s_own_key() {
    let mut identify = start().await;
    for ctx in [ann(), json!({ "ctx": ann() })] {
        for event in [event(&ctx), event(&ctx).base64()] {
            let answer = identify.call(event).await;
            let vendor = json!({"success": true});
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
        }
    }
}

#[tokio::test]
async fn what_the_template_cancels_is_answered_with_nothing() {
    let mut identify = start().await;
    assert_eq!(identify.call(event(&tester())).await.status, 204);
    assert!(identify.received().is_empty());
    let line = identify.end().await.only_line();
    assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("cancelled")));
}

#[tokio::test]
async fn before_the_identity_is_saved_nothing_happens() {
    let mut identify = start().await;
    let mut told_by_hook = ann();
    told_by_hook["hook"]["when"] = json!("before_save");
    let mut told_by_id = ann_before_save();
    told_by_id["hook"] = Value::Null;
    for ctx in [told_by_hook, told_by_id, ann_before_save()] {
        assert_eq!(identify.call(event(&ctx)).await.status, 204);
    }
    assert!(identify.received().is_empty());
    for line in identify.end().await.journal() {
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("before_save")));
    }
}

#[tokio::test]
async fn a_template_fault_is_not_hidden() {
    let mut identify = start_with("function(ctx) ctx.missing").await;
    let answer = identify.call(event(&ann())).await;
    assert_eq!((answer.status, answer.message()), (422, ("#/", 8_100_422)));
    assert!(identify.received().is_empty());
}

#[tokio::test]
async fn what_is_not_done_is_to_be_sent_again() {
    let mut identify = start().await;
    let later = vec![segment_says::with_header(429, "retry-after", "600")];
    let blocked = vec![segment_says::refused(400)];
    let unknown = vec![Reply::HangUp; 3];
    let table = [(later, "try_later"), (blocked, "blocked"), (unknown, "unknown")];
    for (n, (replies, _)) in table.iter().enumerate() {
        for reply in replies {
            identify.segment.reply_next(reply.clone());
        }
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000003");
        let answer = identify.call(event_of(&trigger_id, &ann())).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
        assert_eq!(identify.received().len(), replies.len());
    }
    let journal = identify.end().await.journal();
    for ((_, outcome), line) in table.iter().zip(journal) {
        assert_eq!(line["outcome"], *outcome);
    }
}

#[tokio::test]
async fn a_reply_template_is_told_what_segment_said() {
    let code = "function(ctx, outcome) { messages: [{ instance_ptr: '#/', messages: [
      { id: 1, type: 'info', text: std.manifestJsonMinified(outcome) },
    ] }] }";
    let with_reply = setup().await.with(|deployment| deployment.template("REPLY_TEMPLATE", code));
    let mut identify = with_reply.start().await;
    let answer = identify.call(event(&ann())).await;
    assert_eq!((answer.status, answer.message()), (400, ("#/", 1)));
    let text = answer.body["messages"][0]["messages"][0]["text"].as_str().unwrap();
    let told: Value = serde_json::from_str(text).unwrap();
    let vendor = json!({"success": true});
    assert_eq!(told, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
    assert_eq!(identify.received().len(), 1);
}
