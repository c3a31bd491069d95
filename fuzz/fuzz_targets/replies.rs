//! The output of a reply template, over a ctx: `{"ctx": …, "result": …}`.
//!
//! Checks: no key of traits and `metadata_public` is lost, an identity is changed only in the two
//! flows that save it, addresses are in the traits, and Kratos can show the messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use shared::{
    ctx::{Ctx, NIL_ID, SanitizedCtx},
    reply::Reply,
};

fuzz_target!(|input: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Value>(input) else { return };
    let Ok(ctx) = Ctx::decode(input["ctx"].to_string().as_bytes()) else { return };
    let ctx = ctx.sanitize();
    match Reply::build(&input["result"], &ctx) {
        Ok(Reply::Identity(identity)) => check_identity(&identity, &ctx),
        Ok(Reply::Messages(messages)) => check_messages(&messages.body(), &ctx),
        Ok(Reply::Nothing) => assert!(input["result"].is_null()),
        Err(rule) => assert!(!rule.name().is_empty()),
    }
});

fn check_identity(reply: &Value, ctx: &SanitizedCtx) {
    let before = ctx.identity();
    let saved_by = &ctx.as_value()["hook"]["flow"];
    assert!(before["id"] == NIL_ID || saved_by == "registration" || saved_by == "settings");
    for field in ["traits", "metadata_public"] {
        if let Some(reply) = reply.get(field) {
            assert!(has_all_keys(&before[field], reply), "{before} {reply}");
        }
    }
    let traits = reply.get("traits").unwrap_or(&before["traits"]);
    for field in ["verifiable_addresses", "recovery_addresses"] {
        for address in reply[field].as_array().into_iter().flatten() {
            let address = address["value"].to_string().to_lowercase();
            assert!(traits.to_string().to_lowercase().contains(&address));
        }
    }
    let known = [
        "traits",
        "metadata_public",
        "metadata_admin",
        "verifiable_addresses",
        "recovery_addresses",
    ];
    assert!(reply.as_object().is_some_and(|it| it.keys().all(|key| known.contains(&&**key))));

    // Repeating the reply changes nothing; but null, which ctx may contain, is not allowed in one.
    let mut result = reply.clone();
    if let Some(admin) = result.as_object_mut().and_then(|it| it.remove("metadata_admin")) {
        result["metadata_admin_replace"] = admin;
    }
    if let Ok(again) = Reply::build(&json!({ "identity": result }), ctx) {
        assert_eq!(again, Reply::Identity(reply.clone()));
    }
}

fn has_all_keys(before: &Value, reply: &Value) -> bool {
    let has = |(name, before): (&String, &Value)| {
        reply.get(name).is_some_and(|reply| has_all_keys(before, reply))
    };
    before.as_object().is_none_or(|before| before.iter().all(has))
}

fn check_messages(body: &Value, ctx: &SanitizedCtx) {
    let groups = body["messages"].as_array().expect("messages");
    assert!(!groups.is_empty());
    for group in groups {
        let pointer = group["instance_ptr"].as_str().and_then(|at| at.strip_prefix('#'));
        assert!(
            pointer == Some("/") || pointer.is_some_and(|at| ctx.identity().pointer(at).is_some())
        );
        let messages = group["messages"].as_array().expect("messages");
        assert!(!messages.is_empty());
        for message in messages {
            assert!(message["id"].is_i64() || message["id"].is_u64());
            assert!(message["text"].is_string());
            assert!(
                ["error", "info", "success"].contains(&message["type"].as_str().expect("a type"))
            );
        }
    }
}
