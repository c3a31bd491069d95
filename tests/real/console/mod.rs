//! The console in a real browser. With `PICTURES=$PWD/docs`, `console::recovery` makes
//! `docs/console.png`.

mod browser;

use std::future::Future;

use fakes::WEBHOOK_KEY;
use fantoccini::key::Key;
use ory_actions::up::local::{LocalStack, Mode, PortNumbers};
use serde_json::json;
use shared::http::{Client, Http};

use self::browser::{Page, Screen};

const LATEST: &str = "#events li:first-child a";
const EVENT: &str = "#event";
const STORY: &str = "#story";

/// Looks at the console of a stack where nothing has happened yet.
async fn look<F: Future<Output = ()>>(at: impl FnOnce(Page) -> F) {
    look_with(Screen::Laptop, Mode::DEPLOYED, at).await;
}

async fn look_with<F: Future<Output = ()>>(screen: Screen, mode: Mode, at: impl FnOnce(Page) -> F) {
    let stack = LocalStack::start(PortNumbers::default(), mode).await.unwrap();
    Page::visit(&format!("{}/", stack.root()), screen, at).await;
}

/// Injects a fault, or ends it with `none`.
async fn inject(page: &Page, service: &str, fault: &str) {
    let select = format!("#fault-{service}");
    page.find(&select).await;
    page.select(&select, fault).await;
    let is_faulty = if fault == "none" { ":not(.faulty)" } else { ".faulty" };
    page.find(&format!("{select}{is_faulty}")).await;
}

/// Retries the chosen event until it has had this attempt.
async fn retry_until_attempt(page: &Page, attempt: usize) {
    for attempt in 2..=attempt {
        page.press_button("retry").await;
        page.until(STORY, |text| text.contains(&format!("Attempt {attempt}: "))).await;
    }
}

/// Retries the chosen event until it is delivered.
async fn retry_until_delivered(page: &Page) {
    const ENOUGH: usize = 20;
    for _ in 0..ENOUGH {
        page.press_button("retry").await;
        if page.until("#state", |text| text != "delivering").await == "delivered" {
            return;
        }
    }
    page.until("#state", |text| text == "delivered").await;
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
    page.find("#again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_view_shows_the_results_of_the_samples() {
    let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
    let client = Client::new().unwrap();
    let played = stack.play(&client).await;
    Page::visit(&format!("{}/", stack.root()), Screen::Laptop, async |page| {
        page.find("#event-20").await;
        let shown = page.until("#events", |text| text.contains("unsubscribe")).await;
        for word in ["registration", "delivered", "skipped", "duplicate", "mailchimp-inbound"] {
            assert!(shown.contains(word), "{word} in {shown}");
        }
        // Some samples are one event, sent twice.
        assert!(page.count("#events li").await < played.len());
        page.click("#event-1 a").await;
        page.until(STORY, |text| text.contains("Attempt 1: delivered")).await;
        page.unfold().await;
        page.until(STORY, |text| text.contains("Record completed: delivered")).await;
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
        page.until("#mail", |text| text.contains("Email")).await;
        page.until(STORY, |text| text.contains("Attempt 1: delivered")).await;
        page.picture("mail").await;
        page.unfold().await;
        let event = page.text(EVENT).await;
        for part in [
            "Received: enqueued, answered 202",
            "Lease acquired: in progress",
            "Mandrill POST /api/1.0/messages/send → 200",
            "Record completed: delivered",
            "ann@example.com",
        ] {
            assert!(event.contains(part), "{part} in {event}");
        }
        let frame = page.find(".mail iframe").await;
        assert_eq!(frame.attr("sandbox").await.unwrap().as_deref(), Some(""));
    })
    .await;
}

/// A welcome, a bounce an hour later, and the identity that is marked.
#[tokio::test(flavor = "multi_thread")]
async fn bounce_of_a_welcome_marks_the_identity() {
    look(async |page| {
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(LATEST, |text| text.contains("delivered")).await;
        page.until("#mails", |text| text.contains("no mark")).await;
        page.press_button("act-hard_bounces").await;
        let mark = "undeliverable: ann@example.com (bad_mailbox)";
        page.until("#mails", |text| text.contains(mark)).await;
        page.until("#events", |text| text.contains("mandrill-inbound")).await;
        page.picture("bounce").await;
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
        page.until(LATEST, |text| text.contains("duplicate")).await;
        page.unfold().await;
        page.until(STORY, |text| text.contains("Lease not acquired: delivered")).await;
        assert_eq!(page.count("#events li").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_from_an_outage_is_told_as_a_story() {
    look(async |page| {
        send(&page, "segment-identify", "registration.json").await;
        send(&page, "mailchimp-inbound", "mailchimp-unsubscribe.json").await;
        inject(&page, "mandrill", "down").await;
        page.until("#meanings", |text| text.contains("Mandrill: down (503).")).await;
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(STORY, |text| text.contains("Attempt 1: Mandrill answered 503; again in")).await;
        inject(&page, "mandrill", "none").await;
        page.press_button("retry").await;
        page.until("#state", |text| text == "delivered").await;
        page.until("#mail", |text| text.contains("Email")).await;
        page.ask("document.activeElement.blur()").await;
        page.picture("console").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_skips_the_wait() {
    look(async |page| {
        inject(&page, "mandrill", "down").await;
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(LATEST, |text| text.contains("retrying")).await;
        // The wait is at least 64 s after this attempt, which is longer than the test waits.
        retry_until_attempt(&page, 7).await;
        let left = page.until(".now .next", |text| text.contains("Attempt 8 in ")).await;
        page.until(".now .next", |text| text.contains("Attempt 8 in ") && text != left).await;
        page.picture("retrying").await;
        inject(&page, "mandrill", "none").await;
        page.click("#retry").await;
        page.until(STORY, |text| text.contains("Attempt 8: delivered")).await;
        page.until(LATEST, |text| text.contains("delivered") && text.contains("8 attempts")).await;
        assert_eq!(page.count("#retry").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fast_stack_shows_the_real_wait_and_the_played_wait() {
    look_with(Screen::Laptop, Mode::FAST, async |page| {
        page.until("#clock", |text| text.starts_with("Waits pass 60 times as fast.")).await;
        inject(&page, "segment", "rejecting").await;
        send(&page, "segment-identify", "registration.json").await;
        let said = "Attempt 1: Segment answered 400: blocked; again in 15 min (played in 15 s)";
        page.until(STORY, |text| text.contains(said)).await;
        page.until(".now .next", |text| text.contains("Attempt 2 in ") && text.contains(" min "))
            .await;
        page.picture("fast").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letter_is_redriven_once_the_cause_is_fixed_or_deleted() {
    look(async |page| {
        inject(&page, "mandrill", "invalid_key").await;
        for _ in 0..2 {
            send(&page, "mandrill-welcome", "registration.json").await;
            page.until("#state", |text| text == "blocked").await;
            page.click("#settle").await;
            page.until("#state", |text| text == "dead letter").await;
        }
        page.until(STORY, |text| text.contains("96 more attempts")).await;
        page.until(STORY, |text| text.contains("Attempt 100: Mandrill answered 401: blocked"))
            .await;
        page.until("#dead", |text| text.matches("Mandrill answered 401: blocked").count() == 2)
            .await;
        page.picture("dead-letters").await;
        page.click("#delete").await;
        page.until("#state", |text| text == "deleted").await;
        page.until("#dead", |text| text.matches("Mandrill answered 401: blocked").count() == 1)
            .await;
        inject(&page, "mandrill", "none").await;
        page.click("#redrive-all").await;
        page.until("#event-1", |text| text.contains("delivered")).await;
        page.until("#clock", |text| text.ends_with("h ahead.")).await;
        assert!(!page.find("#dead").await.is_displayed().await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_in_doubt_is_sent_once_whatever_mandrill_did() {
    let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
    let mails = || stack.fakes.mandrill.mails()["ann@example.com"];
    Page::visit(&format!("{}/", stack.root()), Screen::Laptop, async |page| {
        for (fault, answer, attempt) in [
            ("connection_reset", "did-send", "delivered: the search found the mail"),
            ("response_lost", "did-not-send", "delivered"),
        ] {
            inject(&page, "mandrill", fault).await;
            send(&page, "mandrill-welcome", "registration.json").await;
            page.until("#state", |text| text == "in doubt").await;
            inject(&page, "mandrill", "none").await;
            page.click(&format!("#{answer}")).await;
            page.find(&format!("#{answer}[aria-pressed=true]")).await;
            page.picture(answer).await;
            retry_until_delivered(&page).await;
            page.until(STORY, |text| text.contains(attempt)).await;
        }
        assert_eq!(mails(), 2);
        page.unfold().await;
        let story = page.text(STORY).await;
        assert!(story.contains("not found yet"), "{story}");
        assert_eq!(story.matches("/messages/send → ").count(), 2, "{story}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn event_is_delivered_before_the_answer_while_the_queue_is_down() {
    look(async |page| {
        inject(&page, "queue", "down").await;
        page.until("#meanings", |text| text.contains("Queue: down.")).await;
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(STORY, |text| text.contains("Received: delivered, answered 200")).await;
        page.picture("queue-down").await;
        inject(&page, "mandrill", "down").await;
        send(&page, "mandrill-welcome", "registration.json").await;
        // Ory tries again, twice.
        page.until(STORY, |text| text.matches("Mandrill answered 503, answered 503").count() == 3)
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_injected_fault_shows_at_once() {
    look(async |page| {
        for (fault, said, sign) in [
            ("rate_limited", "Segment answered 429; again in", "→ 429"),
            ("rejecting", "Segment answered 400: blocked", "→ 400"),
            ("invalid_key", "Segment answered 400: blocked", "→ 400"),
            (
                "connection_reset",
                "no answer from Segment: in doubt",
                "the request was maybe written",
            ),
            ("slow", "delivered", "in 3."),
        ] {
            inject(&page, "segment", fault).await;
            send(&page, "segment-identify", "registration.json").await;
            page.until(STORY, |text| text.contains(&format!("Attempt 1: {said}"))).await;
            page.unfold().await;
            page.until(STORY, |text| text.contains(sign)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_is_shown_before_and_after() {
    look(async |page| {
        send(&page, "mailchimp-inbound", "mailchimp-unsubscribe.json").await;
        page.until(STORY, |text| text.contains("traits.consent.newsletter: true -> false")).await;
        page.unfold().await;
        page.find(".beside .added").await;
        page.find(".beside .removed").await;
        page.picture("identity").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_message_is_shown_at_its_field() {
    look(async |page| {
        inject(&page, "mandrill", "rejecting").await;
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
        "hook": {"flow": "registration", "method": hostile, "when": "after_save"},
        "identity": {"id": hostile, "traits": {"email": "eve@example.com", "name": hostile}},
    });
    let url = stack.function_url("mandrill-welcome").parse().unwrap();
    let mut request = shared::http::Request::post_json(
        url,
        event.to_string(),
        std::time::Duration::from_secs(10),
    );
    request.headers.insert("authorization", WEBHOOK_KEY.parse().unwrap());
    assert_eq!(Client::new().unwrap().send(request).await.unwrap().status, 202);
    Page::visit(&format!("{}/", stack.root()), Screen::Laptop, async |page| {
        let listed = page.until(LATEST, |text| text.contains("delivered")).await;
        assert!(listed.contains("<script>alert(1)</script>"), "{listed}");
        page.click(LATEST).await;
        page.until(STORY, |text| text.contains("Attempt 1: delivered")).await;
        page.unfold().await;
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
        // From the list to the buttons of the event, and back to the row.
        let focused = "return document.activeElement.id";
        for _ in 0..20 {
            page.press(Key::Tab).await;
            if page.ask(focused).await == json!("again") {
                break;
            }
        }
        assert_eq!(page.ask(focused).await, json!("again"));
        let outline = "return getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(page.ask(outline).await, json!("solid"));
        page.press(Key::Enter).await;
        page.until(LATEST, |text| text.contains("2 attempts")).await;
        assert_eq!(page.ask(focused).await, json!("again"), "the focus stays");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn focus_stays_on_retry_while_attempts_run() {
    look(async |page| {
        inject(&page, "mandrill", "down").await;
        send(&page, "mandrill-welcome", "registration.json").await;
        page.find("#retry").await;
        page.ask("document.getElementById('retry').focus()").await;
        for attempt in 2..5 {
            page.press(Key::Enter).await;
            page.until(STORY, |text| text.contains(&format!("Attempt {attempt}: "))).await;
            assert_eq!(page.ask("return document.activeElement.id").await, json!("retry"));
        }
        inject(&page, "mandrill", "none").await;
        page.ask("document.getElementById('retry').focus()").await;
        page.press(Key::Enter).await;
        page.until("#state", |text| text == "delivered").await;
        assert_eq!(page.ask("return document.activeElement.id").await, json!("title"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_fits_a_phone_in_light_and_in_dark() {
    let too_wide = "return document.documentElement.scrollWidth - innerWidth";
    for (screen, name) in [(Screen::Phone, "phone"), (Screen::PhoneInTheDark, "phone-dark")] {
        look_with(screen, Mode::DEPLOYED, async |page| {
            inject(&page, "mandrill", "invalid_key").await;
            send(&page, "mandrill-welcome", "registration.json").await;
            page.until("#state", |text| text == "blocked").await;
            page.picture(&format!("{name}-event")).await;
            assert_eq!(page.ask(too_wide).await, json!(0));
            page.unfold().await;
            assert_eq!(page.ask(too_wide).await, json!(0), "unfolded");
            assert!(!page.find("#events").await.is_displayed().await.unwrap());
            page.click("#settle").await;
            page.until("#state", |text| text == "dead letter").await;
            page.ask("document.getElementById('back').click()").await;
            page.until("#dead", |text| text.contains("Mandrill answered 401: blocked")).await;
            assert_eq!(page.ask(too_wide).await, json!(0), "the list");
            page.picture(&format!("{name}-list")).await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_is_dark_for_a_person_who_prefers_it() {
    look_with(Screen::LaptopInTheDark, Mode::DEPLOYED, async |page| {
        inject(&page, "mandrill", "down").await;
        send(&page, "mandrill-welcome", "registration.json").await;
        page.until(LATEST, |text| text.contains("retrying")).await;
        page.picture("dark").await;
        let ground = page.ask("return getComputedStyle(document.documentElement).backgroundColor");
        assert_eq!(ground.await, json!("rgb(22, 24, 27)"));
    })
    .await;
}

/// Presses a button of the newsletter's panel.
async fn act(page: &Page, act: &str) {
    let button = format!("act-{act}");
    page.find(&format!("#{button}")).await;
    page.press_button(&button).await;
}

async fn until_contact(page: &Page, status: &str) {
    page.until("#contact-status", |text| text == status).await;
}

async fn until_ory_has(page: &Page, consent: &str) {
    page.until("#consent", |text| text == consent).await;
}

/// Fast, since Mailchimp's times are whole seconds: an opt-in in the second of an opt-out is none.
#[tokio::test(flavor = "multi_thread")]
async fn consent_goes_round_between_ory_and_mailchimp() {
    look_with(Screen::Laptop, Mode::FAST, async |page| {
        send(&page, "mailchimp-subscribe", "registration-consent.json").await;
        page.until(STORY, |text| text.contains("the opt-in waits for the verification")).await;
        page.until("#newsletter", |text| text.contains("no contact")).await;
        page.click("#double-opt-in").await;
        page.find("#double-opt-in:checked").await;

        act(&page, "verifies").await;
        until_contact(&page, "pending").await;
        page.click(LATEST).await;
        page.until(STORY, |text| text.contains("status: none -> \"pending\"")).await;
        act(&page, "confirms").await;
        until_contact(&page, "subscribed").await;
        page.until(LATEST, |text| text.contains("subscribe") && text.contains("kim@")).await;
        page.picture("newsletter").await;

        act(&page, "unsubscribes").await;
        until_ory_has(&page, "no consent").await;
        page.until(LATEST, |text| text.contains("unsubscribe")).await;
        page.click(LATEST).await;
        page.until(STORY, |text| text.contains("traits.consent.newsletter: true -> false")).await;

        act(&page, "gives_consent").await;
        until_contact(&page, "pending").await;
        act(&page, "confirms").await;
        until_contact(&page, "subscribed").await;
        until_ory_has(&page, "consent").await;

        act(&page, "changes_address").await;
        page.until("#newsletter", |text| text.contains("kim.new@example.com (not verified)")).await;
        page.until("#newsletter", |text| text.contains("kim@example.com: subscribed")).await;
        act(&page, "verifies").await;
        page.until("#newsletter", |text| text.contains("kim.new@example.com: subscribed")).await;
        act(&page, "withdraws_consent").await;
        until_contact(&page, "unsubscribed").await;
        page.unfold().await;
        page.until("#newsletter", |text| text.contains("becomes unsubscribed, was subscribed"))
            .await;
        page.picture("newsletter-history").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newsletter_is_used_by_keyboard_and_survives_a_fault_of_mailchimp() {
    look(async |page| {
        send(&page, "mailchimp-subscribe", "registration-consent.json").await;
        inject(&page, "mailchimp", "down").await;
        page.until("#meanings", |text| text.contains("Mailchimp: down (503).")).await;
        page.find("#act-verifies").await;
        page.ask("document.getElementById('act-verifies').focus()").await;
        page.press(Key::Enter).await;
        page.until(LATEST, |text| text.contains("verification") && text.contains("retrying")).await;
        let focused = "return document.activeElement.id";
        assert_eq!(page.ask(focused).await, json!("title"), "the button is gone");
        page.click(LATEST).await;
        page.until(STORY, |text| text.contains("Attempt 1: Mailchimp answered 503")).await;
        inject(&page, "mailchimp", "none").await;
        retry_until_delivered(&page).await;
        until_contact(&page, "subscribed").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newsletter_fits_a_phone_in_light_and_in_dark() {
    let too_wide = "return document.documentElement.scrollWidth - innerWidth";
    for (screen, name) in [(Screen::Phone, "phone"), (Screen::PhoneInTheDark, "phone-dark")] {
        look_with(screen, Mode::DEPLOYED, async |page| {
            send(&page, "mailchimp-subscribe", "registration-consent.json").await;
            act(&page, "verifies").await;
            until_contact(&page, "subscribed").await;
            page.picture(&format!("{name}-newsletter")).await;
            page.unfold().await;
            assert_eq!(page.ask(too_wide).await, json!(0));
        })
        .await;
    }
}
