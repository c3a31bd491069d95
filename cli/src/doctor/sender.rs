//! From which address the welcome comes.

use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    template::{RenderError, Source, Template},
};

/// What the template says of somebody who has just signed up; else why nothing is known.
pub async fn of_template(source: Source) -> Result<String, String> {
    let name = source.name().to_owned();
    match render(source).await {
        Ok(mail) => mail["message"]["from_email"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("{name} does not set `from_email`")),
        Err(RenderError::Cancelled) => Err(format!("{name} cancels the sample")),
        Err(RenderError::Fault(fault)) => Err(fault.to_string()),
    }
}

async fn render(source: Source) -> Result<Value, RenderError> {
    let template = Template::prepare(source)?;
    template.render(vec![("ctx", somebody())]).await
}

/// The least that every template finds its way with.
fn somebody() -> Value {
    let identity = json!({
        "id": "00000000-1111-4111-8111-000000000000", "schema_id": "default", "state": "active",
        "traits": {"email": "ann@example.com", "name": {"first": "Ann", "last": "Lee"}},
        "verifiable_addresses": [{"value": "ann@example.com", "via": "email", "verified": false}],
        "metadata_public": null,
    });
    let ctx = json!({
        "identity": identity, "flow": {"id": "f", "type": "browser"},
        "hook": {"flow": "registration", "method": "password", "when": "after_save"},
    });
    let decoded = Ctx::decode(ctx.to_string().as_bytes());
    decoded.map(|ctx| ctx.sanitize().for_template()).unwrap_or(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sender_is_read_from_the_template_or_the_reason_is_given() {
        let shipped = of_template(mandrill_welcome::shipped_template()).await;
        assert_eq!(shipped.as_deref(), Ok("hello@example.com"));
        let table = [
            ("function(ctx) {template_name: 'welcome', message: {}}", "does not set `from_email`"),
            ("function(ctx) error 'cancel'", "cancels"),
            ("function(ctx) ctx.no", "no such field"),
            ("function(ctx) {", "t.jsonnet"),
        ];
        for (code, part) in table {
            let why = of_template(Source::shipped("t.jsonnet", code)).await.unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }
}
