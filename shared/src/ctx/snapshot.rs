//! The ctx of an identity that no webhook told of.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Hook, SanitizedCtx};

/// What the forwarding template always forwards of an identity.
const ALWAYS: [&str; 3] = ["id", "traits", "metadata_public"];

/// What it forwards besides, where it is there.
const WHERE_PRESENT: [&str; 6] = [
    "state",
    "schema_id",
    "created_at",
    "updated_at",
    "verifiable_addresses",
    "recovery_addresses",
];

impl SanitizedCtx {
    /// The ctx of an `identity` as the admin API returns it: what the forwarding template would have
    /// sent of it. The `hook` says why it is sent.
    pub fn of_identity(identity: &Value, hook: &Hook) -> Self {
        let ctx = Map::from_iter([("identity".to_owned(), forwarded(identity))]);
        let mut ctx = Self::of(ctx);
        Arc::make_mut(&mut ctx.0)["hook"] = json!(hook);
        ctx
    }

    /// The same ctx with the `identity` as the admin API returns it now.
    #[must_use]
    pub fn with_identity(&self, identity: &Value) -> Self {
        let mut ctx = Self::of_identity(identity, &Hook::default());
        if let (Value::Object(ctx), Value::Object(before)) =
            (Arc::make_mut(&mut ctx.0), self.as_value())
        {
            let rest = before.iter().filter(|(name, _)| *name != "identity");
            ctx.extend(rest.map(|(name, value)| (name.clone(), value.clone())));
        }
        ctx
    }
}

fn forwarded(identity: &Value) -> Value {
    let always = ALWAYS.iter().map(|name| (*name, identity[*name].clone()));
    let present = WHERE_PRESENT.iter().map(|name| (*name, identity[*name].clone()));
    let present = present.filter(|(_, value)| !value.is_null());
    always
        .chain(present)
        .map(|(name, value)| (name.to_owned(), value))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ctx::{Ctx, FORWARD, When},
        template::{Source, Template},
    };

    fn identity() -> Value {
        json!({
            "id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
            "schema_id": "default",
            "schema_url": "https://ory.example/schemas/default?token=x",
            "state": "active",
            "traits": {"email": "ann@example.com"},
            "verifiable_addresses": [{"value": "ann@example.com", "verified": true}],
            "metadata_public": null,
            "metadata_admin": {"note": "private"},
            "credentials": {"password": {"identifiers": ["ann@example.com"]}},
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-02T00:00:00Z",
            "organization_id": null,
        })
    }

    fn backfill() -> Hook {
        let flow = Some("backfill".to_owned());
        Hook { flow, when: Some(When::AfterSave), ..Hook::default() }
    }

    /// The identity that accept stores of a webhook with the forwarding template.
    async fn accepted() -> Value {
        let forward = Template::prepare(Source::shipped("forward.jsonnet", FORWARD)).unwrap();
        let ctx = json!({"identity": identity(), "flow": {}});
        let body = forward.render(vec![("ctx", ctx)]).await.unwrap();
        Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize().identity().clone()
    }

    #[tokio::test]
    async fn snapshot_has_the_identity_that_a_webhook_would_forward() {
        let snapshot = SanitizedCtx::of_identity(&identity(), &backfill());
        assert_eq!(*snapshot.identity(), accepted().await);
        assert_eq!(snapshot.hook(), backfill());
        assert_eq!(snapshot.as_value().as_object().unwrap().len(), 2);
    }

    #[test]
    fn identity_is_replaced_and_all_else_stays() {
        let body = json!({"identity": {"id": "old"}, "flow": {"id": "f"}, "hook": {"flow": "x"}});
        let before = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
        let after = before.with_identity(&identity());
        assert_eq!(after.identity()["traits"]["email"], "ann@example.com");
        assert_eq!(after.identity().get("metadata_admin"), None);
        assert_eq!(after.as_value()["flow"]["id"], "f");
        assert_eq!(after.hook(), before.hook());
    }
}
