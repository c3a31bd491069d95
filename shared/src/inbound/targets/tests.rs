use proptest::prelude::*;
use serde_json::{Map, json};
use time::{OffsetDateTime, macros::datetime};

use super::{
    super::{patch::PatchPaths, template_output::TemplateOutput},
    *,
};
use crate::{idempotency::Writer, key::EventId};

const SALT: &str = "salt";

fn path(text: &str) -> String {
    target(text.split('/').skip(1), SALT)
}

fn of_trait(name: &str) -> String {
    format!("segment{}", target([name], SALT))
}

const CONSENT: &str = "/traits/consent/newsletter";

fn moment(kind: &str, second: u8, key: &str) -> Moment {
    let occurred = datetime!(2026-01-01 00:00 UTC).replace_second(second).unwrap();
    let received = datetime!(2026-01-01 01:00 UTC);
    Moment::new(occurred, received, &EventId::digest(key.as_bytes()), kind == "unsubscribe")
}

fn operations(patch: Value) -> Vec<Operation> {
    let paths = PatchPaths::parse("/traits/consent,/traits/lists,/metadata_public/m").unwrap();
    let result = json!({"ory": {"patch": patch}}).as_object().unwrap().clone();
    TemplateOutput::of(result, &paths).unwrap().patch
}

fn add(path: &str, value: Value) -> Value {
    json!({"op": "add", "path": path, "value": value})
}

fn consent(given: bool) -> Vec<Operation> {
    operations(json!([add(CONSENT, json!(given))]))
}

fn identity(consent: Value) -> Value {
    json!({"traits": {"consent": {"newsletter": consent}}})
}

/// When somebody else changed the identity: after all events.
const CHANGED: OffsetDateTime = datetime!(2026-01-01 00:30 UTC);

/// The patch that is left, the targets that it names, and what is left out.
fn planned(
    patch: &[Operation],
    identity: &Value,
    moment: &Moment,
    written: &Written,
    may_give: bool,
) -> (Value, Vec<String>, Left) {
    let mut left = Left::default();
    let mut written = written.clone();
    written.changed_at = (!may_give).then_some(CHANGED);
    let written = &written;
    let plan = plan_patch(patch, identity, Past { moment, written, salt: SALT }, &mut left);
    (json!(plan.patch), plan.targets.into_iter().map(|(target, _)| target).collect(), left)
}

#[test]
fn path_written_by_a_newer_event_is_skipped_and_others_are_written() {
    let mut written = Written::default();
    written.note(path(CONSENT), moment("unsubscribe", 9, "new").writer());
    let since = add("/metadata_public/m/since", json!("then"));
    let patch = operations(json!([add(CONSENT, json!(true)), since]));
    let late = moment("subscribe", 5, "old");
    let (patch, targets, left) = planned(&patch, &identity(json!(null)), &late, &written, true);
    assert_eq!((patch, targets), (json!([since]), vec![path("/metadata_public/m/since")]));
    assert_eq!(left, Left { stale: true, ..Left::default() });
}

#[test]
fn parent_and_child_paths_count_as_the_path() {
    let table = [
        ("/traits/consent/newsletter", "/traits/consent", true),
        ("/traits/consent", "/traits/consent/newsletter", true),
        ("/traits/consent/newsletter", "/traits/consent/newsletter", true),
        ("/traits/consent/newsletter", "/traits/consent/newsletters", false),
        ("/traits/consent/a", "/traits/consent/b", false),
    ];
    for (named, below, is_stale) in table {
        let mut written = Written::default();
        written.note(path(named), moment("subscribe", 9, "new").writer());
        let patch = operations(json!([add(below, json!({"x": 1}))]));
        let late = moment("subscribe", 5, "old");
        let (_, _, left) = planned(&patch, &json!({}), &late, &written, true);
        assert_eq!(left.stale, is_stale, "{named} {below}");
    }
}

#[test]
fn retry_does_not_repeat_the_own_write() {
    let event = moment("subscribe", 5, "one");
    let mut written = Written::default();
    written.note(path(CONSENT), event.writer());
    let withdrawn_since = identity(json!(false));
    let (patch, targets, left) = planned(&consent(true), &withdrawn_since, &event, &written, true);
    assert_eq!((patch, targets), (json!([]), Vec::<String>::new()));
    assert_eq!(left, Left { done: true, ..Left::default() });
}

#[test]
fn withdrawn_consent_is_not_restored_and_the_rest_is_written() {
    let seen = add("/metadata_public/m/seen", json!(true));
    let table = [
        // What Ory holds, what the event writes, whether it may; whether that is written.
        (json!(false), json!(true), false, false),
        (json!(false), json!(true), true, true),
        (json!(true), json!(false), false, true),
        (json!(null), json!(true), false, true),
        (json!("no"), json!(true), false, true),
        (json!({"a": false}), json!({"a": true}), false, false),
        (json!({"a": false}), json!({"b": true}), false, true),
        (json!([1, false]), json!([1, true]), false, false),
    ];
    for (held, wanted, may_give, is_written) in table {
        let patch = operations(json!([add(CONSENT, wanted), seen]));
        let event = moment("subscribe", 5, "one");
        let (patch, targets, left) =
            planned(&patch, &identity(held.clone()), &event, &Written::default(), may_give);
        assert_eq!(patch.as_array().unwrap().len(), 1 + usize::from(is_written), "{held}");
        assert_eq!(patch.as_array().unwrap().last(), Some(&seen), "{held}");
        assert_eq!((targets.len(), left.withdrawn), (2, !is_written), "{held}");
    }
}

#[test]
fn several_operations_do_not_restore_withdrawn_consent() {
    let object = "/metadata_public/m";
    let held = json!({"traits": {"consent": {"newsletter": false}}, "metadata_public": {"m": {"x": false}}});
    let remove = json!({"op": "remove", "path": CONSENT});
    for patch in [
        json!([remove, add(CONSENT, json!(true))]),
        json!([add(CONSENT, json!(null)), add(CONSENT, json!(true))]),
        json!([add(object, json!({})), add("/metadata_public/m/x", json!(true))]),
        json!([add("/traits/consent", json!({"newsletter": true}))]),
    ] {
        let event = moment("subscribe", 5, "one");
        let patch_of = operations(patch.clone());
        let (_, _, left) = planned(&patch_of, &held, &event, &Written::default(), false);
        assert!(left.withdrawn, "{patch}");
    }
}

#[test]
fn false_written_by_our_patch_is_not_a_withdrawal() {
    let subscribe = moment("subscribe", 6, "two");
    let last = moment("unsubscribe", 5, "one").writer();
    let before = CHANGED - time::Duration::SECOND;
    for (patched_at, gives) in [(None, false), (Some(before), false), (Some(CHANGED), true)] {
        let mut written = Written::default();
        written.note(path(CONSENT), Writer { patched_at, ..last.clone() });
        let held = identity(json!(false));
        let (patch, _, left) = planned(&consent(true), &held, &subscribe, &written, false);
        assert_eq!((patch != json!([]), left.withdrawn), (gives, !gives), "{patched_at:?}");
    }
}

proptest! {
    /// Nothing that was `false` is `true` afterwards, for any operations.
    #[test]
    fn no_patch_restores_withdrawn_consent(
        steps in prop::collection::vec((0_usize..4, 0_usize..3, prop::sample::select(vec![
            json!(true), json!(false), json!(null), json!({}), json!({"newsletter": true, "x": true}),
        ])), 1..6),
    ) {
        let paths = ["/traits/consent/newsletter", "/traits/consent", "/metadata_public/m/x", "/metadata_public/m"];
        let patch = steps.iter().map(|(path, op, value)| match op {
            0 => json!({"op": "remove", "path": paths[*path]}),
            1 => json!({"op": "replace", "path": paths[*path], "value": value}),
            _ => add(paths[*path], value.clone()),
        });
        let patch = operations(patch.collect());
        let held = json!({"traits": {"consent": {"newsletter": false}}, "metadata_public": {"m": {"x": false}}});
        let event = moment("subscribe", 5, "one");
        let (left, _, _) = planned(&patch, &held, &event, &Written::default(), false);
        // Ory applies all operations of a patch, or none.
        let after = left.as_array().unwrap().iter().try_fold(held.clone(), |mut after, operation| {
            make_parents(&mut after, operation["path"].as_str().unwrap());
            let operation: json_patch::Patch =
                serde_json::from_value(json!([operation])).unwrap();
            json_patch::patch(&mut after, &operation).ok().map(|()| after)
        });
        let after = after.unwrap_or(held);
        for path in ["/traits/consent/newsletter", "/metadata_public/m/x"] {
            prop_assert_ne!(after.pointer(path), Some(&json!(true)), "{}", json!(patch));
        }
    }
}

#[test]
fn unchanged_path_is_recorded_as_applied() {
    let event = moment("subscribe", 5, "one");
    let held = identity(json!(true));
    let (patch, targets, _) = planned(&consent(true), &held, &event, &Written::default(), true);
    assert_eq!((patch, targets), (json!([]), vec![path(CONSENT)]));
}

fn call(call: &Value, event: &Moment, written: &Written) -> (Option<Value>, Vec<String>, Left) {
    let mut left = Left::default();
    let plan = plan_call(
        call.as_object().unwrap().clone(),
        Past { moment: event, written, salt: SALT },
        &mut left,
    );
    let targets = plan.iter().flat_map(|plan| &plan.targets).map(|(target, _)| target.clone());
    let targets = targets.collect();
    (plan.map(|plan| Value::Object(plan.call)), targets, left)
}

#[test]
fn trait_sent_by_a_newer_event_is_left_out() {
    let identify = json!({"userId": "u", "traits": {"email": "old", "firstName": "Ann"}});
    let mut written = Written::default();
    let late = moment("profile", 5, "old");
    let (left_to_send, targets, left) = call(&identify, &late, &written);
    assert_eq!((left_to_send, targets.len(), left), (Some(identify.clone()), 2, Left::default()));

    written.note(of_trait("email"), moment("profile", 9, "new").writer());
    let (left_to_send, targets, left) = call(&identify, &late, &written);
    assert_eq!(left_to_send, Some(json!({"userId": "u", "traits": {"firstName": "Ann"}})));
    assert_eq!(targets, [of_trait("firstName")]);
    assert!(left.stale && !left.done);

    written.note(of_trait("firstName"), late.writer());
    let (left_to_send, _, left) = call(&identify, &late, &written);
    assert_eq!(left_to_send, None);
    assert!(left.stale && left.done);
}

#[test]
fn in_doubt_call_is_retried_and_blocks_older_ones() {
    let identify = json!({"userId": "u", "traits": {"email": "new"}});
    let newer = moment("subscribe", 9, "new");
    let mut written = Written::default();
    written.note(of_trait("email"), Writer { in_doubt: true, ..newer.writer() });
    assert_eq!(call(&identify, &newer, &written).0, Some(identify.clone()));
    let (left_to_send, _, left) = call(&identify, &moment("profile", 5, "old"), &written);
    assert_eq!((left_to_send, left), (None, Left { stale: true, ..Left::default() }));
}

#[test]
fn call_without_traits_is_unordered_and_made_once() {
    for track in [json!({"type": "track", "event": "x"}), json!({"userId": "u", "traits": {}})] {
        let mut written = Written::default();
        written.note(WITHOUT_TRAITS.to_owned(), moment("profile", 9, "new").writer());
        let late = moment("profile", 5, "old");
        let (left_to_send, targets, _) = call(&track, &late, &written);
        assert_eq!((left_to_send, targets), (Some(track.clone()), vec![WITHOUT_TRAITS.to_owned()]));
        written.note(WITHOUT_TRAITS.to_owned(), late.writer());
        let (left_to_send, _, left) = call(&track, &late, &written);
        assert_eq!((left_to_send, left), (None, Left { done: true, ..Left::default() }));
    }
}

/// The key of a call that has these traits left to send.
fn key(traits: &[&str], event: &Moment, written: &Written) -> IdempotencyKey {
    let traits: Map<_, _> = traits.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
    let call = json!({"userId": "u", "traits": traits}).as_object().unwrap().clone();
    let past = Past { moment: event, written, salt: SALT };
    plan_call(call, past, &mut Left::default()).unwrap().key(&work())
}

/// The key of the event's work.
fn work() -> IdempotencyKey {
    IdempotencyKey::new(&EventId::digest(b"new"), None)
}

#[test]
fn key_of_a_call_depends_on_the_calls_of_other_events() {
    let (older, newer) = (moment("profile", 5, "old"), moment("profile", 9, "new"));
    let sent = |event: &Moment, before, own| Writer {
        in_doubt: true,
        calls: Calls { before, own },
        ..event.writer()
    };
    let key_after = |writers: &[(&str, Writer)]| {
        let mut written = Written::default();
        for (name, writer) in writers {
            written.note(of_trait(name), writer.clone());
        }
        key(&["a", "b"], &newer, &written)
    };
    let first = work();
    let after_one = key_after(&[("a", sent(&older, 0, 1))]);
    let table = [
        (key_after(&[]), &first, "nobody before"),
        (key_after(&[("c", sent(&older, 0, 1))]), &first, "another trait"),
        (key_after(&[("a", older.writer())]), &first, "a record without calls"),
        (key_after(&[("a", sent(&newer, 0, 1))]), &first, "itself, and nobody before"),
        (key_after(&[("a", sent(&newer, 1, 1))]), &after_one, "itself, after another's call"),
        (key_after(&[("a", sent(&newer, 1, 2))]), &after_one, "itself twice"),
    ];
    for (found, expected, context) in table {
        assert_eq!(&found, expected, "{context}");
    }
    let others = [
        first,
        after_one,
        key_after(&[("a", sent(&older, 0, 2))]),
        key_after(&[("a", sent(&older, 2, 1))]),
        key_after(&[("b", sent(&older, 0, 1))]),
        key_after(&[("a", sent(&older, 0, 1)), ("b", sent(&older, 0, 1))]),
        key_after(&[("a", sent(&older, 0, 1)), ("b", sent(&older, 0, 2))]),
    ];
    for (n, key) in others.iter().enumerate() {
        assert!(!others[..n].contains(key), "{n}");
    }
}

#[test]
fn named_key_and_call_without_traits_keep_their_key() {
    let event = moment("profile", 9, "new");
    let named = IdempotencyKey::new(&EventId::digest(b"new"), Some("the template's"));
    for call in [json!({"userId": "u", "traits": {"a": 1}}), json!({"type": "track", "event": "x"})]
    {
        let mut written = Written::default();
        let calls = Calls { before: 0, own: 1 };
        let other = Writer { calls, ..moment("profile", 5, "old").writer() };
        written.note(of_trait("a"), other.clone());
        written.note(WITHOUT_TRAITS.to_owned(), other);
        let past = Past { moment: &event, written: &written, salt: SALT };
        let is_ordered = call.get("traits").is_some();
        let plan = plan_call(call.as_object().unwrap().clone(), past, &mut Left::default());
        let plan = plan.unwrap();
        assert_eq!(plan.key(&named), named);
        assert_eq!(plan.key(&work()) == work(), !is_ordered);
    }
}

proptest! {
    /// Segment shows the newest event's trait in the end, and takes an event again only after
    /// another's call, even if the record lacks what one of the events sent.
    #[test]
    fn unrecorded_call_does_not_hide_the_newest_event(
        seconds in prop::collection::vec(0_u8..4, 1..5),
        arrival in prop::collection::vec((any::<prop::sample::Index>(), 0..4), 1..12),
        unlucky in any::<prop::sample::Index>(),
    ) {
        let id = |n: usize| EventId::digest(n.to_string().as_bytes());
        let moments = seconds.iter().enumerate();
        let events: Vec<_> =
            moments.map(|(n, second)| moment("profile", *second, &n.to_string())).collect();
        let unlucky = unlucky.index(events.len());
        let arriving = arrival.iter().map(|(index, fate)| (index.index(events.len()), *fate));
        let (mut written, mut seen) = (Written::default(), Vec::new());
        let (mut shown, mut other_called) = (None, false);
        let all_again = (0..events.len()).map(|n| (n, 0)).chain([(unlucky, 1)]);
        for (n, fate) in arriving.chain(all_again) {
            let (is_recorded, in_doubt, is_taken) = (fate > 0, fate > 1, fate != 2);
            let call = json!({"userId": "u", "traits": {"a": n}}).as_object().unwrap().clone();
            let past = Past { moment: &events[n], written: &written, salt: SALT };
            let Some(plan) = plan_call(call, past, &mut Left::default()) else { continue };
            let key = plan.key(&IdempotencyKey::new(&id(n), None));
            if is_taken && !seen.contains(&key) {
                seen.push(key);
                prop_assert!(shown.replace(n) != Some(n) || other_called);
                other_called = false;
            }
            other_called |= shown != Some(n);
            if is_recorded || n != unlucky {
                for (target, calls) in plan.targets {
                    let calls = calls.with_one_more();
                    written.note(target, Writer { in_doubt, calls, ..events[n].writer() });
                }
            }
        }
        let newest = (0..events.len()).max_by_key(|n| (seconds[*n], id(*n).as_str().to_owned()));
        prop_assert_eq!(shown, newest);
    }
}

/// The paths of the property: two siblings, and one that no other overlaps.
const PATHS: [&str; 3] =
    ["/traits/consent/newsletter", "/traits/consent/offers", "/metadata_public/m/x"];

/// As Ory does before it adds.
fn make_parents(state: &mut Value, path: &str) {
    let (parents, _) = path.rsplit_once('/').unwrap();
    let mut at = state;
    for name in parents.split('/').skip(1) {
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(name).or_insert(Value::Null);
        if at.is_null() {
            *at = json!({});
        }
    }
}

proptest! {
    /// The final value of a path is that of the newest event that names it, for any order of
    /// arrival and any number of repeats; paths are independent of each other.
    #[test]
    fn each_path_has_the_value_of_the_newest_event(
        history in prop::collection::vec((0_u8..4, prop::collection::btree_set(0_usize..3, 1..4)), 1..6),
        arrival in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
    ) {
        let events: Vec<_> = history.iter().enumerate().map(|(n, (second, paths))| {
            let patch = paths.iter().map(|path| add(PATHS[*path], json!(n))).collect();
            (moment("profile", *second, &n.to_string()), operations(patch))
        }).collect();
        let mut arriving: Vec<_> = arrival.iter().map(|index| index.index(events.len())).collect();
        arriving.extend(0..events.len());
        let (mut state, mut written) = (json!({}), Written::default());
        for n in arriving {
            let (moment, operations) = &events[n];
            let mut left = Left::default();
            let plan = plan_patch(operations, &state, Past { moment, written: &written, salt: SALT }, &mut left);
            for operation in &plan.patch {
                let operation = json!(operation);
                make_parents(&mut state, operation["path"].as_str().unwrap());
                let patch: json_patch::Patch = serde_json::from_value(json!([operation])).unwrap();
                json_patch::patch(&mut state, &patch).unwrap();
            }
            plan.targets.into_iter().for_each(|(target, _)| written.note(target, moment.writer()));
        }
        for (index, path) in PATHS.iter().enumerate() {
            let naming = history.iter().enumerate().filter(|(_, (_, paths))| paths.contains(&index));
            let newest = naming.max_by_key(|(n, (second, _))| {
                (*second, EventId::digest(n.to_string().as_bytes()).as_str().to_owned())
            });
            let expected = newest.map(|(n, _)| json!(n));
            prop_assert_eq!(state.pointer(path), expected.as_ref());
        }
    }
}
