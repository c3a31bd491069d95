//! What the walk finds in a template.

use super::{Certainty, Reading, read};

fn reading(code: &str) -> Reading {
    read(code).unwrap_or_else(|error| panic!("{code}: {error}"))
}

/// The paths that are sent, as text, without duplicates.
fn sent(code: &str) -> Vec<String> {
    let mut sent: Vec<_> =
        reading(code).forwards.iter().map(|forward| forward.path.to_string()).collect();
    sent.sort();
    sent.dedup();
    sent
}

#[test]
fn output_fields_are_found() {
    let table: [(&str, &[&str]); 27] = [
        ("function(ctx) { id: ctx.identity.id }", &["ctx.identity.id"]),
        ("function(ctx) ctx", &["ctx"]),
        ("function(ctx) { id: ctx['identity']['id'] }", &["ctx.identity.id"]),
        ("function(ctx) local i = ctx.identity; { id: i.id }", &["ctx.identity.id"]),
        ("local get(o, f) = o[f]; function(ctx) { x: get(ctx, 'flow') }", &["ctx.flow"]),
        ("local n = 'fl' + 'ow'; function(ctx) ctx[n]", &["ctx.flow"]),
        ("function(ctx) { local f = ctx.flow, id: f.id, g:: f }", &["ctx.flow.id"]),
        ("function(ctx) { a:: ctx, id: self.a.identity.id }", &["ctx.identity.id"]),
        ("function(ctx) { a: 1, b: { c: $.d }, d:: ctx.flow.id }", &["ctx.flow.id"]),
        ("function(ctx) if ctx.flow.type == 'api' then ctx.flow.id", &["ctx.flow.id"]),
        ("function(ctx) std.length(ctx.request_cookies)", &[]),
        ("function(ctx) 'x' in ctx", &[]),
        ("function(ctx) std.get(ctx, 'flow', ctx.identity)", &["ctx.flow", "ctx.identity"]),
        ("function(ctx) std.map(function(a) a.via, ctx.list)", &["ctx.list[…].via"]),
        ("function(ctx) [a.via for a in ctx.list if a.on]", &["ctx.list[…].via"]),
        ("function(ctx) std.filter(function(a) a.on, ctx.list)", &["ctx.list"]),
        ("function(ctx) 'Dear %s' % ctx.name", &["ctx.name"]),
        ("function(ctx) 'Dear ' + ctx.name", &["ctx.name"]),
        ("function(ctx) { a: ctx.a } + { a: ctx.b, c: ctx.c }", &["ctx.b", "ctx.c"]),
        ("function(ctx) { a: ctx.a } { c: ctx.c }", &["ctx.a", "ctx.c"]),
        ("function(ctx) ctx { request_cookies:: null }", &["ctx[…]"]),
        ("local f = { call(x): { y: x.y } }; function(ctx) f.call(ctx)", &["ctx.y"]),
        ("local f(x, y=x.a) = y; function(ctx) f(x=ctx)", &["ctx.a"]),
        ("function(ctx) local ctx = { a: 1 }; ctx", &[]),
        ("function(ctx) local std = { length(x): x }; std.length(ctx.a)", &["ctx.a"]),
        ("function(ctx) ctx.list[0:2]", &["ctx.list"]),
        ("function(ctx) [ctx.a, [ctx.b]][0]", &["ctx.a", "ctx.b"]),
    ];
    for (code, expected) in table {
        assert_eq!(sent(code), expected, "{code}");
    }
}

#[test]
fn read_fields_and_required_fields_are_found() {
    let read = |code: &str| {
        let reads = reading(code).reads;
        reads.iter().map(|read| (read.path.to_string(), read.guarded)).collect::<Vec<_>>()
    };
    let one = |path: &str, guarded| (path.to_owned(), guarded);
    assert_eq!(read("function(ctx) ctx.a"), [one("ctx.a", false)]);
    assert_eq!(read("function(ctx) std.get(ctx, 'a')"), [one("ctx.a", true)]);
    let asked = "function(ctx) if std.objectHas(ctx, 'a') then ctx.a";
    assert_eq!(read(asked), [one("ctx.a", true)]);
    assert_eq!(read("function(ctx) if 'a' in ctx then ctx.a"), [one("ctx.a", true)]);
    let asked = "function(ctx) std.member(std.objectFields(ctx), 'a') && ctx.a";
    assert_eq!(read(asked), [one("ctx.a", true)]);
    // A sum has what is in one of its objects.
    for (sum, guarded) in [
        ("({ a: 1 } + ctx).a", true),
        ("({ a: 1 } + ctx + { b: 1 }).a", true),
        ("(ctx + { b: 1 }).a", false),
        ("({ b: 1 } + ctx).a", false),
        ("((if 1 > 2 then { a: 1 } else { a: 2 }) + ctx).a", true),
        ("((if 1 > 2 then { a: 1 } else {}) + ctx).a", false),
        ("std.mergePatch({ a: 1 }, ctx).a", true),
    ] {
        assert_eq!(read(&format!("function(ctx) {sum}")), [one("ctx.a", guarded)], "{sum}");
    }
    for sum in ["(ctx { a: 1 }).a", "std.mergePatch(ctx, { a: null }).a"] {
        assert_eq!(read(&format!("function(ctx) {sum}")), [], "{sum}");
    }
    // Jsonnet never evaluates an unused value.
    assert_eq!(read("function(ctx) local unused = ctx.a; 1"), []);
    assert_eq!(read("function(ctx) { assert ctx.a }"), [one("ctx.a", false)]);
}

#[test]
fn fields_that_are_left_out_are_not_sent() {
    let leaks = |output: &str| {
        let reading = reading(&format!("function(ctx) {{ flow: {output} }}"));
        reading.forwards.iter().any(|one| one.path.is_all_of(&["flow"], "ui"))
    };
    for output in [
        "ctx.flow { ui:: null }",
        "ctx.flow + { ui: null }",
        "ctx.flow { other+: {} } { ui: null }",
        "std.mergePatch(ctx.flow, { ui: null })",
        "std.objectRemoveKey(ctx.flow, 'ui')",
        "{ [k]: ctx.flow[k] for k in ['id', 'type'] }",
        "{ [k]: ctx.flow[k] for k in ['id', 'ui'] if k != 'ui' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k != 'ui' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if 'ui' != k && k != 'x' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if !(k == 'ui' || k == 'x') }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if !std.member(['ui'], k) }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if std.member(['id'], k) }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k != 'x' if k != 'ui' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k == 'id' || k == 'type' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if !(k != 'id' || ctx.x) }",
    ] {
        assert!(!leaks(output), "{output}");
    }
    for output in [
        "ctx.flow { other:: null }",
        "ctx.flow { [ctx.flow.type]:: null }",
        "{ ui: null } + ctx.flow { x: 1 }",
        "ctx.flow { x: 1 } + ctx.flow",
        "std.mergePatch(ctx.flow, { x: { ui: null } })",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k != 'other' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k != 'ui' || k != 'x' }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if !std.member(['x'], k) }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if !(k == 'ui' && ctx.x) }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k == 'id' || ctx.x }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if k != ['ui'] }",
        "{ [k]: ctx.flow[k] for k in std.objectFields(ctx.flow) if std.member('xui', k) }",
    ] {
        let sums = reading(&format!("function(ctx) {{ flow: {output} }}")).forwards;
        let is_whole = sums.iter().any(|one| one.path.is(&["flow"]));
        assert!(leaks(output) || is_whole, "{output}");
    }
}

#[test]
fn alternatives_of_alternatives_do_not_take_forever() {
    for step in
        ["if ctx.x then a{} else a{}", "(if ctx.x then a{} else a{}) + { x: 1 }", "a{} + a{}"]
    {
        let step =
            |n: usize| format!("local a{} = {}; ", n + 1, step.replace("{}", &n.to_string()));
        let steps: String = (0..60).map(step).collect();
        let code = format!(
            "function(ctx) local a0 = if ctx.y then {{ a: 1 }} else {{ a: 2 }}; {steps}\
             {{ x: (a60 + ctx.z {{ b:: 1 }}).a, y: a60 + {{ c: 1 }} + ctx.z }}"
        );
        // What it finds does not matter: it ends.
        reading(&code);
    }
}

#[test]
fn uses_that_fail_on_null_are_found() {
    // Whether the uses of `ctx.a` are guarded; without a use, null does no harm.
    let uses = |code: &str| {
        let uses = reading(code).uses;
        let of_a = uses.iter().filter(|one| one.path.is(&["a"])).map(|one| one.guarded);
        of_a.collect::<Vec<_>>()
    };
    let table: [(&str, &[bool]); 27] = [
        ("function(ctx) { x: ctx.a.b }", &[false]),
        ("function(ctx) { x: ctx.a }", &[]),
        ("function(ctx) { x: ctx['a']['b'] }", &[false]),
        ("function(ctx) local a = ctx.a; { x: a.b }", &[false]),
        ("function(ctx) { x: std.get(ctx.a, 'b') }", &[false]),
        ("function(ctx) { x: std.get(ctx, 'a', {}).b }", &[false]),
        ("function(ctx) { x: if std.objectHas(ctx.a, 'b') then 1 }", &[false]),
        ("function(ctx) { x: 'b' in ctx.a }", &[false]),
        ("function(ctx) { x: ctx.a + { b: 1 } }", &[false]),
        ("function(ctx) { x: ctx.a { b: 1 } }", &[false]),
        ("function(ctx) { [k]: 1 for k in std.objectFields(ctx.a) }", &[false]),
        ("function(ctx) [b for b in ctx.a]", &[false]),
        ("function(ctx) { x: 'a: ' + ctx.a }", &[]),
        ("function(ctx) { x: std.toString(ctx.a) }", &[]),
        ("function(ctx) { x: std.mergePatch(ctx.a, { b: 1 }) }", &[]),
        ("function(ctx) { x: if ctx.a != null then ctx.a.b }", &[true]),
        ("function(ctx) { x: if null == ctx.a then 1 else ctx.a.b }", &[true]),
        ("function(ctx) { x: if std.isObject(ctx.a) then ctx.a.b }", &[true]),
        ("function(ctx) { x: if std.type(ctx.a) == 'object' then ctx.a.b }", &[true]),
        ("function(ctx) { x: if std.equals(ctx.a, null) then 1 else ctx.a.b }", &[true]),
        ("function(ctx) local a = std.get(ctx, 'a'); { x: if a != null then a.b }", &[true]),
        ("local get(o, f) = if o != null then o[f]; function(ctx) { x: get(ctx.a, 'b') }", &[true]),
        ("local no = null; function(ctx) { x: if ctx.a != no then ctx.a.b }", &[true]),
        ("function(ctx) { x: if ctx.a.b != null then ctx.a.b }", &[false, false]),
        ("function(ctx) { x: if ctx.b != null then ctx.a.b }", &[false]),
        ("function(ctx) { x: if ctx.a != {} then ctx.a.b }", &[false]),
        ("function(ctx) { x: if 'a' in ctx then ctx.a.b }", &[false]),
    ];
    for (code, expected) in table {
        assert_eq!(uses(code), expected, "{code}");
    }
}

#[test]
fn error_messages_are_extracted() {
    let said = |code: &str| reading(code).errors[0].text.clone();
    let whole = |text: &str| Certainty::Whole(text.to_owned());
    let begins = |text: &str| Certainty::Begins(text.to_owned());
    assert_eq!(said("function(ctx) error 'can' + 'cel'"), whole("cancel"));
    assert_eq!(said("local why = 'cancel'; function(ctx) error why"), whole("cancel"));
    assert_eq!(said("function(ctx) error 'cancel: ' + ctx.a"), begins("cancel: "));
    assert_eq!(said("function(ctx) error 'cancel: %s' % ctx.a"), begins("cancel: "));
    assert!(matches!(said("function(ctx) error ctx.a"), Certainty::FromCtx(_)));
    assert!(matches!(said("function(ctx) error '%s' % ctx.a"), Certainty::FromCtx(_)));
    assert_eq!(said("function(ctx) error std.x"), Certainty::Unknown);
    assert!(reading("function(ctx) assert false : 'x'; 1").errors[0].is_assertion);
}

#[test]
fn shipped_templates_are_analyzed_completely() {
    let shipped = [
        include_str!("../../../shared/forward.jsonnet"),
        include_str!("../../../functions/mandrill-welcome/welcome.jsonnet"),
        include_str!("../../../functions/segment-identify/identify.jsonnet"),
        include_str!("../../../functions/mailchimp-inbound/inbound.jsonnet"),
    ];
    for code in shipped {
        let reading = reading(code);
        assert!(!reading.gave_up, "{code}");
        assert!(!reading.forwards.is_empty(), "{code}");
    }
}
