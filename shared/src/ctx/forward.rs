//! The forwarding template: what Ory should send.

/// The template of Ory's webhooks. Kratos evaluates it, not we.
pub const FORWARD: &str = include_str!("../../forward.jsonnet");

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ctx::Ctx,
        template::{Source, Template},
    };

    async fn forward(code: &str, ctx: Value) -> Value {
        let template = Template::prepare(Source::shipped("forward.jsonnet", code)).unwrap();
        template.render(vec![("ctx", ctx)]).await.unwrap()
    }

    fn full() -> Value {
        let event = include_str!("../../../events/registration.json");
        let event: Value = serde_json::from_str(event).unwrap();
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        body["ctx"].clone()
    }

    #[tokio::test]
    async fn only_required_fields_and_no_secrets_are_forwarded() {
        let ctx = full();
        let forwarded = forward(FORWARD, ctx.clone()).await;
        for complete in ["id", "traits", "metadata_public", "verifiable_addresses", "updated_at"] {
            assert_eq!(forwarded["identity"][complete], ctx["identity"][complete], "{complete}");
        }
        for of_flow in ["id", "type", "issued_at", "transient_payload"] {
            assert!(ctx["flow"][of_flow].is_string() || ctx["flow"][of_flow].is_object());
            assert_eq!(forwarded["flow"][of_flow], ctx["flow"][of_flow], "{of_flow}");
        }
        let hook = json!({"flow": "registration", "method": "password", "when": "after_save"});
        assert_eq!(forwarded["hook"], hook);
        let text = forwarded.to_string();
        for secret in ["cookie", "csrf", "ui", "request_headers", "request_url"] {
            assert!(!text.contains(&format!("\"{secret}")), "{secret} in {text}");
        }
    }

    #[tokio::test]
    async fn sanitizing_a_forwarded_ctx_loses_nothing() {
        let forwarded = forward(FORWARD, full()).await;
        let sanitized = Ctx::decode(forwarded.to_string().as_bytes()).unwrap().sanitize();
        let mut expected = forwarded;
        expected["transient_payload"] = expected["flow"]["transient_payload"].clone();
        assert_eq!(*sanitized.as_value(), expected);
    }

    #[tokio::test]
    async fn settings_event_has_the_traits_before_the_change() {
        let code = FORWARD.replace("flow: 'registration'", "flow: 'settings'");
        let mut ctx = full();
        ctx["session"] = json!({"identity": {"traits": {"email": "old@example.com"}, "id": "x"}});
        let forwarded = forward(&code, ctx).await;
        let expected = json!({"identity": {"traits": {"email": "old@example.com"}}});
        assert_eq!(forwarded["session"], expected);
    }

    #[tokio::test]
    async fn bare_ctx_is_forwarded() {
        let ctx = json!({"flow": {"id": "f"}, "identity": {"id": "i", "traits": {}}});
        let forwarded = forward(FORWARD, ctx).await;
        let identity = json!({"id": "i", "traits": {}, "metadata_public": null});
        assert_eq!(forwarded["identity"], identity);
    }
}
