//! Templates: where they come from, template faults, and runaway templates.

use std::fs;

use serde_json::json;
use shared::{
    backfill::{self, Run},
    ctx::AddAs,
};

use super::setup::{Setup, Welcome};
use crate::common::{
    enqueued,
    ory::{FIRST, SECOND, ann, ben, event, event_of},
};

/// From Ory's page about Mailchimp, with its `key` line taken out.
pub(super) const FROM_THE_DOCUMENTS: &str = r#"
function(ctx) {
  message: {
    from_email: "hello@example.com",
    subject: "Hello from Ory",
    text: "Welcome to Ory! Have fun and happy hacking!",
    to: [
      {
        email: ctx.identity.verifiable_addresses[0].value,
        type: "to"
      }
    ]
  }
}
"#;

/// Never ends for Ann, and is as good as any for everybody else.
const RUNAWAY: &str = "
function(ctx)
  local forever = std.foldl(function(a, b) a + b, std.range(1, 1e9), 0);
  local isAnn = ctx.identity.traits.name.first == 'ann';
  { message: { to: [{ email: ctx.identity.traits.email }], text: if isAnn then forever else '' } }
";

async fn start(code: &str) -> Welcome {
    Setup::new().await.template(code).start().await
}

#[tokio::test]
async fn template_can_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.jsonnet");
    fs::write(&path, FROM_THE_DOCUMENTS.replace("Hello from Ory", "Hello from a file")).unwrap();
    let location = format!("file://{}", path.display());
    let mut welcome = Setup::new().await.var("TEMPLATE", location).start().await;
    welcome.call(event(&ann())).await;
    assert_eq!(welcome.received_once().body["message"]["subject"], "Hello from a file");
}

/// Neither those who were there before, nor those whom somebody else has made. Their first own event
/// is not taken for a repetition.
#[tokio::test]
async fn shipped_template_welcomes_nobody_in_a_backfill() {
    let mut welcome = Setup::queued().await.start().await;
    let mut identity = ann()["identity"].clone();
    for (run, add_as) in
        [(Run::Backfill, None), (Run::Backfill, Some(AddAs::Subscribed)), (Run::Reconcile, None)]
    {
        identity["updated_at"] = json!(format!("2026-01-0{}T00:00:00Z", run as u8 + 1));
        let message = backfill::message("mandrill-welcome", run, add_as, &identity).unwrap();
        enqueued::put(&welcome, message.to_json().unwrap());
        assert!(welcome.work().await.is_empty());
        assert!(welcome.received().is_empty());
    }
    welcome.store(event(&ann())).await;
    assert!(welcome.work().await.is_empty());
    welcome.received_once();
    for line in &welcome.end().await.deliveries()[..3] {
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("cancelled")));
    }
}

#[tokio::test]
async fn invalid_output_is_a_template_fault_and_makes_no_call() {
    let ann_only = "to: [{ email: 'ann@example.com' }]";
    let of_recipient =
        |given: &str| format!("{{ message: {{ {ann_only}, recipient_metadata: {given} }} }}");
    let results = [
        "'a text'".to_owned(),
        "{}".to_owned(),
        "{ message: {} }".to_owned(),
        "{ message: { to: [] } }".to_owned(),
        "{ message: { to: [{ email: '' }] } }".to_owned(),
        "{ message: { to: [{ email: 'a@example.com' }, { email: 'b@example.com' }] } }".to_owned(),
        "{ message: { to: [{ email: 'a@example.com', type: 'cc' }] } }".to_owned(),
        "{ message: { to: [{ email: 'a@example.com', type: 'bcc' }] } }".to_owned(),
        format!("{{ message: {{ {ann_only}, bcc_address: 'eve@example.com' }} }}"),
        format!("{{ message: {{ {ann_only}, headers: {{ Bcc: 'eve@example.com' }} }} }}"),
        format!("{{ message: {{ {ann_only}, metadata: {{ long: std.repeat('x', 200) }} }} }}"),
        format!("{{ message: {{ {ann_only}, metadata: {{ x: std.repeat('ü', 60) }} }} }}"),
        format!("{{ message: {{ {ann_only}, metadata: {{ ory_key: 'mine' }} }} }}"),
        format!("{{ message: {{ {ann_only}, metadata: {{ ory_identity: 'mine' }} }} }}"),
        of_recipient("[{ rcpt: 'ann@example.com', values: { ory_key: 'mine' } }]"),
        of_recipient("[{ rcpt: 'ann@example.com', values: { ory_identity: 'mine' } }]"),
        of_recipient("[{ rcpt: 'ann@example.com', values: { x: std.repeat('x', 100) } }]"),
        of_recipient("{ 'ann@example.com': { x: 1 } }"),
        of_recipient("[{ rcpt: 'ann@example.com', vars: [] }]"),
        format!("{{ key: 'a key', message: {{ {ann_only} }} }}"),
        format!("{{ idempotency_key: 5, message: {{ {ann_only} }} }}"),
    ];
    for result in results {
        let mut welcome = start(&format!("function(ctx) {result}")).await;
        assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_422), "{result}");
        assert!(welcome.received().is_empty(), "{result}");
    }
}

/// Faulty expressions, with the kind of each fault.
const FAULTY: [(&str, &str); 13] = [
    ("ctx.missing", "no such field"),
    ("error 'no'", "explicit error"),
    ("assert false : 'no'; {}", "assertion failed"),
    ("import 'other.jsonnet'", "import"),
    ("std.extVar('other')", "external variable"),
    ("ctx.identity * 2", "wrong type"),
    ("'%d' % 'no'", "wrong type"),
    ("[1][5]", "out of bounds"),
    ("1 / 0", "division by zero"),
    ("ctx(1)", "wrong call"),
    ("std.parseJson('no')", "runtime error"),
    ("local fall(n) = 1 + fall(n + 1); fall(0)", "stack overflow"),
    ("local itself = itself; itself", "infinite recursion"),
];

/// Renders a faulty template and checks that its name, line and kind are logged.
async fn is_told(code: &str, line: usize, kind: &str) {
    let mut welcome = start(code).await;
    assert_eq!(welcome.call(event(&ann())).await.status, 422);
    let entry = welcome.end().await.only_line();
    assert_eq!(
        (&entry["outcome"], &entry["TemplateFault"]),
        (&json!("template_fault"), &json!(1.0))
    );
    let cause = entry["cause"].as_str().unwrap();
    let place = format!("at line {line}, ");
    let is_whole = ["TEMPLATE", kind, &place].iter().all(|part| cause.contains(part));
    assert!(is_whole, "{cause}: {code}");
}

#[tokio::test]
async fn template_fault_in_a_field_is_logged_with_file_line_and_kind() {
    for (expression, kind) in FAULTY {
        let code = format!("function(ctx) {{\n  message: {{\n    to: {expression},\n  }},\n}}");
        is_told(&code, 3, kind).await;
    }
}

#[tokio::test]
async fn template_fault_outside_a_field_is_logged_with_file_line_and_kind() {
    for (expression, kind) in FAULTY {
        is_told(&format!("function(ctx)\n  {expression}"), 2, kind).await;
    }
}

#[tokio::test]
async fn error_starting_with_cancel_cancels_anywhere() {
    for text in ["cancel", "cancelled by consent", "cancel: not this flow"] {
        let at_once = format!("function(ctx) error '{text}'");
        let within =
            format!("function(ctx) {{ message: {{ to: [{{ email: error '{text}' }}] }} }}");
        for code in [at_once, within] {
            let mut welcome = start(&code).await;
            assert_eq!(welcome.call(event(&ann())).await.status, 204, "{code}");
            assert!(welcome.received().is_empty(), "{code}");
        }
    }
    let mut welcome = start("function(ctx) error 'do not cancel'").await;
    assert_eq!(welcome.call(event(&ann())).await.status, 422);
}

#[tokio::test]
async fn template_fault_releases_the_lease() {
    let code = "
        function(ctx)
          local email = if ctx.identity.traits.name.first == 'ann' then ctx.missing else 'x@example.com';
          { message: { to: [{ email: email }] } }
    ";
    let mut welcome = start(code).await;
    assert_eq!(welcome.call(event_of(FIRST, &ann())).await.status, 422);
    assert_eq!(welcome.call(event_of(FIRST, &ben())).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn runaway_template_times_out_and_the_process_restarts() {
    let mut welcome = start(RUNAWAY).await;
    assert_eq!(welcome.call(event_of(FIRST, &ann())).await.message(), ("#/", 8_100_422));
    assert_eq!(welcome.sandbox.starts(), 1);
    assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    assert_eq!(welcome.sandbox.starts(), 2);
    let outcomes: Vec<_> =
        welcome.end().await.event_log().iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes, ["template_fault", "delivered"]);
}

#[tokio::test]
async fn infinite_recursion_is_a_template_fault_and_the_process_continues() {
    for floorless in
        ["fall(n) = 1 + fall(n + 1)", "fall(n) = { deeper: fall(n) }", "fall(n) = [fall(n)]"]
    {
        let code = format!(
            "local {floorless};
            function(ctx)
              local isAnn = ctx.identity.traits.name.first == 'ann';
              {{ message: {{
                to: [{{ email: ctx.identity.traits.email }}], text: if isAnn then fall(0) else '',
              }} }}"
        );
        let mut welcome = start(&code).await;
        assert_eq!(welcome.call(event_of(FIRST, &ann())).await.message(), ("#/", 8_100_422));
        assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
        assert_eq!(welcome.sandbox.starts(), 1);
    }
}

#[tokio::test]
async fn deepest_accepted_ctx_is_rendered() {
    let code = "function(ctx) { message: {
        to: [{ email: ctx.identity.traits.email }], text: std.manifestJsonMinified(ctx),
    } }";
    let mut welcome = start(code).await;
    for depth in [50, 100, 120] {
        let mut ctx = ann();
        ctx["deep"] = (0..depth).fold(json!(null), |inner, _| json!([inner]));
        let status = welcome.call(event_of(FIRST, &ctx)).await.status;
        assert!([200, 422].contains(&status), "{depth}: {status}");
    }
    assert_eq!(welcome.sandbox.starts(), 1);
}
