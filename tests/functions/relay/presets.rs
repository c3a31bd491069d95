//! Every preset, over the vendor's fake.

use std::path::Path;

use fakes::{FakeRelayed, relayed};
use lint::lint;
use relay::SHIPPED;
use serde_json::json;

use super::setup::setup;
use crate::common::{
    ory::{FIRST, ann, event_of},
    setup::VENDOR_SECRET,
};

/// The calls that the vendor of a preset gets of an event and of its repeat.
async fn lines(preset: &str) -> Vec<String> {
    let vendor = FakeRelayed::start(0, preset).await.unwrap();
    let setup = setup().await.var("RELAY_PRESET", preset).var("RELAY_ORIGIN", vendor.url());
    setup.secrets.put(VENDOR_SECRET, &relayed::secret(preset).to_string());
    let mut relay = setup.start().await;
    let mut ctx = ann();
    ctx["hook"] = json!({"flow": "registration", "when": "after_save"});
    for status in ["delivered", if preset == "slack" { "duplicate" } else { "delivered" }] {
        let answer = relay.call(event_of(FIRST, &ctx)).await;
        assert_eq!(answer.row(), (200, status), "{preset}");
    }
    vendor.take_received().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_preset_delivers_and_only_one_that_holds_remembers() {
    for shipped in SHIPPED {
        let lines = lines(shipped.name).await;
        let expected = if shipped.name == "slack" { 1 } else { 2 };
        assert_eq!(lines.len(), expected, "{}: {lines:?}", shipped.name);
    }
}

#[tokio::test]
async fn preset_of_ones_own_is_read_from_a_file() {
    let preset = json!({
        "description": "a vendor", "sources": [], "auth": "header:X-Api-Key",
        "on_in_doubt": "repeat", "duplicate": "nothing",
        "outcomes": [{"status": "418", "outcome": "delivered"}],
        "headers": {"X-Version": "7"},
        "template": "function(ctx) { path: '/own', body: { id: ctx.identity.id } }",
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.json");
    std::fs::write(&file, preset.to_string()).unwrap();
    let setup = setup().await.var("RELAY_PRESET", format!("file://{}", file.display()));
    let mut relay = setup.start().await;
    relay.vendor.reply_next(fakes::server::FakeReply::json(418, &json!({})));
    assert_eq!(relay.call(event_of(FIRST, &ann())).await.row(), (200, "delivered"));
    let call = relay.received_once();
    assert_eq!(call.to_string(), "POST /own");
    assert_eq!(call.header("x-api-key"), Some("the-relay-token"));
    assert_eq!(call.header("x-version"), Some("7"));
}

/// Whoever calls the vendor from Ory is told of the preset.
#[test]
fn lint_names_every_preset_with_an_origin() {
    let mut named = 0;
    for shipped in SHIPPED {
        let Some(origin) = shipped.preset().unwrap().origin else { continue };
        let config = json!({
            "url": format!("{origin}/x"), "method": "POST", "body": "base64://e30=",
            "response": {"parse": true},
        });
        let hooks = json!([{"hook": "web_hook", "config": config}]);
        let after = json!({"after": {"password": {"hooks": hooks}}});
        let configuration = json!({"selfservice": {"flows": {"registration": after}}});
        let report = lint(Path::new("kratos.json"), &configuration.to_string()).unwrap();
        let preset = format!("`relay` with the preset `{}`", shipped.name);
        assert!(report.findings.iter().any(|it| it.detail.contains(&preset)), "{report:?}");
        named += 1;
    }
    assert!(named > 4, "{named}");
}
