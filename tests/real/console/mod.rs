//! The console in a real browser.

mod browser;

use std::future::Future;

use fakes::WEBHOOK_KEY;
use fantoccini::key::Key;
use ory_actions::up::local::{LocalStack, Mode, PortNumbers};
use serde_json::json;
use shared::http::{Client, Http};

use self::browser::Page;

const LATEST: &str = "#events li:first-child a";
const EVENT: &str = "#event";

/// Looks at the console of a stack where nothing has happened yet.
async fn look<F: Future<Output = ()>>(at: impl FnOnce(Page) -> F) {
    let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
    Page::visit(&format!("{}/", stack.root()), at).await;
}

/// Sends a sample and opens it.
async fn send(page: &Page, function: &str, file: &str) {
    let sample = json!({"file": file, "function": function}).to_string();
    let before = page.count("#events li").await;
    page.find("#sample option").await;
    page.select("#sample", &sample).await;
    page.click("#sender button").await;
    page.find(&format!("#event-{}", before + 1)).await;
    page.click(LATEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_view_shows_the_results_of_the_samples() {
    let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
    let client = Client::new().unwrap();
    let played = stack.play(&client).await;
    Page::visit(&format!("{}/", stack.root()), async |page| {
        page.find("#event-20").await;
        let shown = page.until("#events", |text| text.contains("unsubscribe")).await;
        for word in ["registration", "delivered", "skipped", "duplicate", "mailchimp-inbound"] {
            assert!(shown.contains(word), "{word} in {shown}");
        }
        // Some samples are one event, sent twice.
        assert!(page.count("#events li").await < played.len());
        page.click("#event-1 a").await;
        page.until(EVENT, |text| text.contains("record completed: delivered")).await;
        page.picture("first-view").await;
        let elsewhere = "return performance.getEntriesByType('resource').filter(
            ({ name }) => new URL(name).origin !== location.origin).length";
        assert_eq!(page.ask(elsewhere).await, json!(0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_shows_its_steps_and_its_mail() {
    look(async |page| {
        send(&page, "mandrill-welcome", "registration.json").await;
        let event = page.until(EVENT, |text| text.contains("Email")).await;
        for part in [
            "lease acquired: in progress",
            "Mandrill POST /api/1.0/messages/send → 200",
            "record completed: delivered",
            "responded 200",
            "ann@example.com",
        ] {
            assert!(event.contains(part), "{part} in {event}");
        }
        let frame = page.find(".mail iframe").await;
        assert_eq!(frame.attr("sandbox").await.unwrap().as_deref(), Some(""));
        page.click("#event details summary").await;
        page.picture("mail").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resent_event_is_shown_below_the_original() {
    look(async |page| {
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(LATEST, |text| text.contains("delivered")).await;
        page.click("#again").await;
        page.until(LATEST, |text| text.contains("2 attempts")).await;
        page.until(EVENT, |text| text.contains("lease not acquired: delivered")).await;
        page.until(LATEST, |text| text.contains("duplicate")).await;
        assert_eq!(page.count("#events li").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_outage_can_be_started_and_ended() {
    look(async |page| {
        page.find("#fault-mandrill").await;
        page.select("#fault-mandrill", "down").await;
        page.find("#fault-mandrill.faulty").await;
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(LATEST, |text| text.contains("3 attempts") && text.contains("later")).await;
        let event = page.until(EVENT, |text| text.contains("3. ")).await;
        assert!(
            event.contains("messages/send → 503") && event.contains("responded 503"),
            "{event}"
        );
        page.picture("vendor-down").await;
        page.select("#fault-mandrill", "none").await;
        page.find("#fault-mandrill:not(.faulty)").await;
        page.click("#again").await;
        page.until(LATEST, |text| text.contains("delivered") && text.contains("4 att")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_injected_fault_shows_at_once() {
    look(async |page| {
        page.find("#fault-segment").await;
        for (fault, sign) in [
            ("rate_limited", "→ 429"),
            ("rejecting", "→ 400"),
            ("invalid_key", "→ 400"),
            ("connection_reset", "the request was maybe written"),
            ("slow", "in 3."),
        ] {
            page.select("#fault-segment", fault).await;
            page.find("#fault-segment.faulty").await;
            send(&page, "segment-identify", "registration.json").await;
            page.until(EVENT, |text| text.contains(sign)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_is_shown_before_and_after() {
    look(async |page| {
        send(&page, "mailchimp-inbound", "mailchimp-unsubscribe.json").await;
        page.until(EVENT, |text| text.contains("traits.consent.newsletter: true -> false")).await;
        page.find(".beside .added").await;
        page.find(".beside .removed").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_message_is_shown_at_its_field() {
    look(async |page| {
        page.find("#fault-mandrill").await;
        page.select("#fault-mandrill", "rejecting").await;
        page.find("#fault-mandrill.faulty").await;
        send(&page, "mandrill-welcome", "registration-before-save.json").await;
        page.until(LATEST, |text| text.contains("interrupted")).await;
        page.find(".form input[aria-invalid=true] + .bad").await;
        assert_eq!(page.count(".form .bad").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editor_shows_the_fault_at_its_position_and_then_the_call() {
    look(async |page| {
        send(&page, "segment-identify", "registration.json").await;
        page.click("#edit").await;
        page.until("#rendered", |text| text.contains("POST identify")).await;
        page.write("#code", "function(ctx) {\n  userId: ctx.identity.nobody }").await;
        let fault = page.until("#rendered", |text| text.contains("no such field: nobody")).await;
        assert!(fault.contains("Line 2, column 24"), "{fault}");
        page.picture("editor").await;
        page.write(
            "#code",
            "function(ctx) { userId: ctx.identity.id, type: 'track', event: 'Joined' }",
        )
        .await;
        page.until("#rendered", |text| text.contains("POST track")).await;
        page.click("#copy").await;
        let variable = page.until("#variable", |text| text.starts_with("base64://")).await;
        assert!(variable.len() > 40);
        // A reload loses nothing: the server has the draft.
        page.ask("location.reload()").await;
        page.until("#rendered", |text| text.contains("POST track")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_name_is_shown_as_text() {
    let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
    let hostile = "</pre><img src=x onerror=\"document.title='taken'\"><script>alert(1)</script>";
    let event = json!({
        "hook": {"flow": hostile, "method": hostile, "when": "after_save"},
        "identity": {"id": hostile, "traits": {"email": "eve@example.com", "name": hostile}},
    });
    let url = stack.function_url("mandrill-welcome").parse().unwrap();
    let mut request = shared::http::Request::post_json(
        url,
        event.to_string(),
        std::time::Duration::from_secs(10),
    );
    request.headers.insert("authorization", WEBHOOK_KEY.parse().unwrap());
    assert_eq!(Client::new().unwrap().send(request).await.unwrap().status, 200);
    Page::visit(&format!("{}/", stack.root()), async |page| {
        let listed = page.until(LATEST, |text| text.contains("delivered")).await;
        assert!(listed.contains("<script>alert(1)</script>"), "{listed}");
        page.click(LATEST).await;
        page.until(EVENT, |text| text.contains("record completed")).await;
        page.click("#event details summary").await;
        page.until(EVENT, |text| text.contains("onerror")).await;
        assert_eq!(page.count("#event img, #event script, #events img, #events script").await, 0);
        assert_eq!(page.ask("return document.title").await, json!("ory-actions"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keyboard_moves_between_events() {
    look(async |page| {
        send(&page, "segment-identify", "registration.json").await;
        send(&page, "segment-identify", "login.json").await;
        page.until(EVENT, |text| text.contains("Send again")).await;
        let newer = page.text("#event h2").await;
        page.press(Key::Down).await;
        let older = page.until("#event h2", |text| text != newer).await;
        assert_ne!(older, newer);
        page.press(Key::Up).await;
        page.until("#event h2", |text| text == newer).await;
    })
    .await;
}
