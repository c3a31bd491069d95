//! What only `relay.yaml` has: it depends on presets, which CloudFormation cannot read.

use relay::{OnInDoubt, SHIPPED, Shipped};

use super::{Template, live::Live, plain};

/// An `auth` of each kind, and the fields of the secret that it takes.
const AUTHS: [(&str, &[&str]); 8] = [
    ("bearer", &["token"]),
    ("header:X-Api-Key", &["token"]),
    ("query:api_key", &["token"]),
    ("body:/api_key", &["token"]),
    ("basic", &["password", "username"]),
    ("path", &["url_path"]),
    ("signature", &["signing_key"]),
    ("none", &[]),
];

const OWN_PRESET: &str = "file:///opt/crm.json";

fn parameter(template: &Template, name: &str) -> String {
    plain(&template.0["Parameters"][name]["Default"])
}

fn shipped(template: &Template) -> &'static Shipped {
    Shipped::named(&parameter(template, "Preset")).unwrap()
}

/// Whether the function holds calls in doubt: by the parameter, or else by the preset.
pub(super) fn holds(template: &Template) -> bool {
    match parameter(template, "OnInDoubt").as_str() {
        "" => shipped(template).preset().unwrap().on_in_doubt == OnInDoubt::Hold,
        word => word == "hold",
    }
}

/// The fields that a secret takes, by the parameter or else by the preset.
fn fields(template: &Template) -> &'static [&'static str] {
    let auth = match parameter(template, "RelayAuth") {
        given if given.is_empty() => shipped(template).preset().unwrap().auth,
        given => given,
    };
    AUTHS.iter().find(|(known, _)| *known == auth).unwrap_or_else(|| panic!("{auth}")).1
}

/// A relay of each shipped preset with this parameter, each time with another value.
fn each_with<'a>(name: &'a str, values: &'a [&str]) -> impl Iterator<Item = Template> + 'a {
    let presets = Template::relay_of_each_preset().into_iter();
    presets.flat_map(move |relay| values.iter().map(move |it| relay.clone().with(&[(name, *it)])))
}

#[test]
fn relay_takes_each_shipped_preset_and_has_none_by_default() {
    let raw = Template::relay_without_a_preset();
    let preset = &raw.0["Parameters"]["Preset"];
    assert!(preset["Default"].is_null());
    let pattern = preset["AllowedPattern"].as_str().unwrap().split('|');
    let names = pattern.map(|one| one.trim_matches(['^', '$'])).filter(|it| !it.contains(':'));
    let names: Vec<_> = names.collect();
    assert_eq!(names, SHIPPED.iter().map(|shipped| shipped.name).collect::<Vec<_>>());
    for name in names {
        for key in ["Description", "ConstraintDescription"] {
            assert!(preset[key].as_str().unwrap().contains(name), "{key}: {name}");
        }
    }
}

#[test]
fn relay_has_a_table_and_its_alarm_only_if_it_holds_calls_in_doubt() {
    for relay in each_with("OnInDoubt", &["", "repeat", "hold"]) {
        let live = Live::of(&relay);
        let (preset, word) = (parameter(&relay, "Preset"), parameter(&relay, "OnInDoubt"));
        for part in ["Records", "RelayInDoubtAlarm"] {
            assert_eq!(live.resources.contains_key(part), holds(&relay), "{preset} {word}: {part}");
        }
        assert_eq!(live.outputs.contains_key("RecordsTable"), holds(&relay), "{preset} {word}");
    }
}

#[test]
fn alarm_on_a_held_event_says_what_to_do() {
    let relay = Template::relay().with(&[("OnInDoubt", "hold")]);
    let text = plain(&Live::of(&relay).resource("RelayInDoubtAlarm")["AlarmDescription"]);
    assert!(text.contains("Look at the vendor"), "{text}");
    assert!(text.contains("redrive it with --not-sent") && text.contains("delete it"), "{text}");
}

#[test]
fn printed_command_fills_in_the_secret_that_the_function_reads() {
    let mut auths = vec![""];
    auths.extend(AUTHS.map(|(auth, _)| auth));
    for relay in each_with("RelayAuth", &auths) {
        let live = Live::of(&relay);
        let fields = fields(&relay);
        let variables = relay.variables("Relay");
        assert_eq!(variables.contains_key("RELAY_SECRET_ID"), !fields.is_empty());
        assert_eq!(live.resources.contains_key("RelaySecret"), !fields.is_empty());
        let Some(output) = live.outputs.get("NextFillInSecret") else {
            assert!(fields.is_empty());
            continue;
        };
        let command = plain(&output["Value"]);
        let (command, json) = command.split_once(" --secret-string '").unwrap();
        assert!(command.starts_with("aws secretsmanager put-secret-value "), "{command}");
        assert!(command.ends_with(" --secret-id ${RelaySecret}"), "{command}");
        let secret: serde_json::Value = serde_json::from_str(json.trim_end_matches('\'')).unwrap();
        let filled_in = secret.as_object().unwrap();
        assert_eq!(filled_in.keys().collect::<Vec<_>>(), fields, "{command}");
        assert!(filled_in.values().all(|value| value.as_str().unwrap().starts_with("YOUR-")));
    }
}

fn told(parameters: &[(&str, &str)]) -> Vec<String> {
    Template::relay().with(parameters).broken_rules()
}

#[test]
fn origin_is_asked_for_where_the_preset_has_none() {
    for shipped in SHIPPED {
        let preset = ("Preset", shipped.name);
        let expected = usize::from(shipped.preset().unwrap().origin.is_none());
        let told_without = told(&[preset]);
        assert_eq!(told_without.len(), expected, "{}", shipped.name);
        assert!(told_without.iter().all(|text| text.contains("RelayOrigin")), "{told_without:?}");
        let with_origin = told(&[preset, ("RelayOrigin", "https://api.example.com")]);
        assert!(with_origin.is_empty(), "{}: {with_origin:?}", shipped.name);
    }
}

/// The conditions of the template know shipped presets only.
#[test]
fn own_preset_needs_its_layer_and_what_the_stack_depends_on() {
    let all = [
        ("Preset", OWN_PRESET),
        ("TemplatesLayerArn", "arn:aws:lambda:eu-central-1:123456789012:layer:presets:1"),
        ("RelayAuth", "bearer"),
        ("OnInDoubt", "repeat"),
    ];
    assert!(told(&all).is_empty());
    for missing in &all[1..] {
        let others: Vec<_> = all.iter().filter(|it| it.0 != missing.0).copied().collect();
        let [told] = told(&others).try_into().unwrap();
        assert!(told.starts_with(&format!("Set {}", missing.0)), "{told}");
    }
}
