//! The file, read by a library, against what the provider documents.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
    template::Element,
};
use lint::kratos::Flow;
use proptest::prelude::*;

use super::*;
use crate::action::Wish;

const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/";
const PROJECT: &str = "550e8400-e29b-41d4-a716-446655440000";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Text,
    Truth,
}

/// The arguments of `ory_action`, and whether they are required.
///
/// Source: `docs/resources/action.md` of the provider, "Schema".
const ARGUMENTS: [(&str, Kind, bool); 19] = [
    ("flow", Kind::Text, true),
    ("timing", Kind::Text, true),
    ("url", Kind::Text, true),
    ("auth_method", Kind::Text, false),
    ("body", Kind::Text, false),
    ("can_interrupt", Kind::Truth, false),
    ("method", Kind::Text, false),
    ("project_id", Kind::Text, false),
    ("response_ignore", Kind::Truth, false),
    ("response_parse", Kind::Truth, false),
    ("webhook_auth_api_key_in", Kind::Text, false),
    ("webhook_auth_api_key_name", Kind::Text, false),
    ("webhook_auth_api_key_value", Kind::Text, false),
    ("webhook_auth_api_key_value_wo", Kind::Text, false),
    ("webhook_auth_api_key_value_wo_version", Kind::Text, false),
    ("webhook_auth_basic_auth_password", Kind::Text, false),
    ("webhook_auth_basic_auth_password_wo", Kind::Text, false),
    ("webhook_auth_basic_auth_user", Kind::Text, false),
    ("webhook_auth_type", Kind::Text, false),
];

/// What an argument may be.
///
/// Source: the same page.
const VALUES: [(&str, &[&str]); 5] = [
    ("flow", &["login", "registration", "recovery", "settings", "verification"]),
    ("timing", &["before", "after"]),
    ("method", &["POST", "GET", "PUT", "PATCH", "DELETE"]),
    ("webhook_auth_type", &["basic_auth", "api_key"]),
    ("webhook_auth_api_key_in", &["header", "cookie"]),
];

/// The methods of a flow; the others have none.
///
/// Source: `internal/resources/action/resource.go` of the provider, "Method Availability by Flow".
const METHODS: [(&str, &[&str]); 3] = [
    (
        "login",
        &["password", "oidc", "code", "webauthn", "passkey", "totp", "lookup_secret", "saml"],
    ),
    ("registration", &["password", "oidc", "code", "webauthn", "passkey", "saml"]),
    (
        "settings",
        &["password", "oidc", "profile", "webauthn", "passkey", "totp", "lookup_secret", "saml"],
    ),
];

/// Every function with every flow, its usual methods, all of them and each, with and without a reply.
fn all() -> Vec<(OryFunction, Vec<HookPlace>)> {
    let mut all = Vec::new();
    for function in OryFunction::ALL {
        for flow in Flow::ALL {
            let each = flow.methods().iter().map(|method| vec![*method]);
            let wanted = each.chain([Vec::new(), flow.methods().to_vec()]);
            for methods in wanted {
                for parse in [false, true] {
                    let wish = Wish { function, flow, methods: methods.clone(), parse };
                    all.extend(wish.places().ok().map(|places| (function, places)));
                }
            }
        }
    }
    assert!(all.len() > 90, "{}", all.len());
    all
}

fn printed(function: OryFunction, places: &[HookPlace]) -> String {
    let caller =
        Caller { function, url: URL.to_owned(), api_key_name: "X-\"Key\"-${a}-%{b}".to_owned() };
    let project = Project { project: PROJECT.to_owned(), workspace: String::new() };
    file(places, &caller, &Key::Value("canary".to_owned()), &project).unwrap()
}

fn read(file: &str) -> Body {
    file.parse().unwrap_or_else(|error| panic!("{error}\n{file}"))
}

fn blocks<'a>(body: &'a Body, ident: &'a str) -> Vec<&'a Block> {
    body.get_blocks(ident).collect()
}

fn label(block: &Block, at: usize) -> &str {
    block.labels[at].as_str()
}

fn value<'a>(body: &'a Body, key: &str) -> &'a Expression {
    &body.get_attribute(key).unwrap_or_else(|| panic!("no {key}")).value
}

/// As it is written.
fn source(value: &Expression) -> String {
    value.to_string().trim().to_owned()
}

/// The text of a value, with the project in the place of its variable.
fn text(value: &Expression) -> String {
    match value {
        Expression::String(text) => text.to_string(),
        Expression::HeredocTemplate(document) => joined(document.template.iter()),
        Expression::StringTemplate(parts) => joined(parts.iter()),
        other => panic!("{other:?} is no text"),
    }
}

fn joined<'a>(elements: impl Iterator<Item = &'a Element>) -> String {
    let part = |element: &'a Element| match element {
        Element::Literal(literal) => literal.as_str(),
        Element::Interpolation(one) if source(&one.expr) == "var.ory_project_id" => PROJECT,
        other => panic!("{other:?}"),
    };
    elements.map(part).collect()
}

/// A variable has the kind that its block declares.
fn kind(argument: &Expression, variables: &BTreeMap<&str, &Block>) -> Kind {
    match argument {
        Expression::Bool(_) => Kind::Truth,
        Expression::Traversal(_) => {
            let name = source(argument).strip_prefix("var.").unwrap().to_owned();
            assert_eq!(source(value(&variables[&*name].body, "type")), "string");
            Kind::Text
        }
        other => {
            text(other);
            Kind::Text
        }
    }
}

fn variables(body: &Body) -> BTreeMap<&str, &Block> {
    blocks(body, "variable").into_iter().map(|block| (label(block, 0), block)).collect()
}

#[test]
fn every_argument_is_one_that_the_provider_documents() {
    for (function, places) in all() {
        let body = read(&printed(function, &places));
        let variables = variables(&body);
        let resources = blocks(&body, "resource");
        assert_eq!(resources.len(), places.len());
        for resource in resources {
            assert_eq!(label(resource, 0), "ory_action");
            let resource = &resource.body;
            for attribute in resource.attributes() {
                let known = ARGUMENTS.iter().find(|(name, ..)| attribute.has_key(name));
                let (name, expected, _) = known.unwrap_or_else(|| panic!("{attribute:?}"));
                assert_eq!(kind(&attribute.value, &variables), *expected, "{name}");
                let values = VALUES.iter().find(|(of, _)| of == name);
                if let Some((_, values)) = values {
                    assert!(values.contains(&&*text(&attribute.value)), "{name}");
                }
            }
            for (name, ..) in ARGUMENTS.iter().filter(|(.., required)| *required) {
                assert!(resource.has_attribute(name), "{name}");
            }
            let flow = text(value(resource, "flow"));
            let methods = METHODS.iter().find(|(of, _)| *of == flow).map(|(_, methods)| *methods);
            let method = resource.get_attribute("auth_method").map(|method| text(&method.value));
            assert_eq!(method.is_some(), methods.is_some(), "{flow} {method:?}");
            if let Some(method) = method {
                assert!(methods.unwrap().contains(&&*method), "{flow} {method}");
            }
        }
    }
}

#[test]
fn resource_is_the_webhook_of_its_place() {
    for (function, places) in all() {
        let body = read(&printed(function, &places));
        let key = format!("var.{}_webhook_key", function.name().replace('-', "_"));
        for (place, resource) in places.iter().zip(blocks(&body, "resource")) {
            let resource = &resource.body;
            let told = |key: &str| text(value(resource, key));
            assert_eq!(source(value(resource, "project_id")), "var.ory_project_id");
            assert_eq!(told("flow"), place.list.flow().name());
            assert_eq!(told("timing"), "after");
            let method = resource.get_attribute("auth_method").map(|method| text(&method.value));
            assert_eq!(method.as_deref(), place.list.method().map(Method::name));
            assert_eq!((&*told("url"), &*told("method")), (URL, "POST"));
            let (response, other) = if place.response.parse {
                ("response_parse", "response_ignore")
            } else {
                ("response_ignore", "response_parse")
            };
            assert_eq!(value(resource, response).as_bool(), Some(true));
            assert!(!resource.has_attribute(other) && !resource.has_attribute("can_interrupt"));
            assert_eq!(told("webhook_auth_type"), "api_key");
            assert_eq!(told("webhook_auth_api_key_in"), "header");
            assert_eq!(told("webhook_auth_api_key_name"), "X-\"Key\"-${a}-%{b}");
            assert_eq!(told("webhook_auth_api_key_value_wo_version"), "1");
            assert_eq!(source(value(resource, "webhook_auth_api_key_value_wo")), key);
            assert_eq!(told("body"), forwarding_template(*place), "{}", place.list);
            let lifecycle = &blocks(resource, "lifecycle")[0].body;
            assert_eq!(value(lifecycle, "create_before_destroy").as_bool(), Some(true));
        }
    }
}

#[test]
fn key_is_a_variable_that_terraform_stores_nowhere() {
    for (function, places) in all() {
        let file = printed(function, &places);
        assert!(!file.contains("canary"), "{file}");
        let body = read(&file);
        let variables = variables(&body);
        let name = format!("{}_webhook_key", function.name().replace('-', "_"));
        let declared: BTreeSet<_> = variables.keys().copied().collect();
        assert_eq!(declared, BTreeSet::from([&*name, "ory_project_id"]));
        let key = &variables[&*name].body;
        assert_eq!(value(key, "sensitive").as_bool(), Some(true));
        assert_eq!(value(key, "ephemeral").as_bool(), Some(true));
        assert!(!key.has_attribute("default"));
        assert!(file.contains(&format!("#   export TF_VAR_{name}=\"$WEBHOOK_KEY\"\n")), "{file}");
    }
}

#[test]
fn key_and_project_are_as_typed() {
    let (function, flow) = (OryFunction::Relay, Flow::Verification);
    let places = Wish { function, flow, methods: Vec::new(), parse: false }.places().unwrap();
    let caller = Caller { function, url: URL.to_owned(), api_key_name: "K".to_owned() };
    let printed = |key: &Key, project: &str| {
        let project = Project { project: project.to_owned(), workspace: String::new() };
        file(&places, &caller, key, &project).unwrap()
    };
    let own = printed(&Key::Variable("RELAY_KEY".to_owned()), PROJECT);
    assert!(own.contains("TF_VAR_relay_webhook_key=\"$RELAY_KEY\""), "{own}");
    let (own, none) = (read(&own), read(&printed(&Key::ByHand, "PROJECT-ID")));
    let project = variables(&own)["ory_project_id"];
    assert_eq!(text(value(&project.body, "default")), PROJECT);
    assert!(!variables(&none)["ory_project_id"].body.has_attribute("default"));
}

#[test]
fn names_are_valid_and_each_stands_once_in_a_folder() {
    let is_valid = |name: &str| {
        name.starts_with(|one: char| one.is_ascii_lowercase())
            && name.bytes().all(|one| matches!(one, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    // The places that are printed for one function share a name only if they share their list.
    let mut lists = BTreeMap::new();
    for (function, places) in all() {
        let body = read(&printed(function, &places));
        for (place, resource) in places.iter().zip(blocks(&body, "resource")) {
            let name = label(resource, 1).to_owned();
            assert!(is_valid(&name), "{name}");
            let list = format!("{function} {} {:?}", place.list, place.moment);
            assert_eq!(lists.entry(name).or_insert_with(|| list.clone()), &list);
        }
    }
    let distinct: BTreeSet<_> = lists.values().collect();
    assert_eq!(distinct.len(), lists.len());
    assert!(lists.contains_key("mandrill_welcome_settings_profile_before_save"), "{lists:?}");
    assert!(lists.contains_key("mailchimp_subscribe_verification"), "{lists:?}");
}

/// The provider splits an import id at its colons, the URL being the rest, and takes `password` for
/// the default of `auth_method`.
///
/// Source: `docs/resources/action.md` of the provider, "Import".
#[test]
fn import_names_the_webhook_of_its_resource() {
    for (function, places) in all() {
        let file = printed(function, &places);
        let (_, comments) = file.split_once("\n# import {").unwrap();
        let comments = format!("# import {{{comments}");
        let lines = comments.lines().map(|line| line.strip_prefix('#').unwrap().trim_start());
        let (body, imports) = (read(&file), read(&(lines.collect::<Vec<_>>().join("\n") + "\n")));
        assert!(blocks(&body, "import").is_empty(), "only in comments");
        let imports = blocks(&imports, "import");
        assert_eq!(imports.len(), places.len());
        for (import, resource) in imports.iter().zip(blocks(&body, "resource")) {
            let to = source(value(&import.body, "to"));
            assert_eq!(to, format!("ory_action.{}", label(resource, 1)));
            let id = text(value(&import.body, "id"));
            let parts: Vec<_> = id.splitn(6, ':').collect();
            let told = |key: &str| text(value(&resource.body, key));
            let method = resource.body.get_attribute("auth_method");
            let method = method.map_or("password".to_owned(), |method| text(&method.value));
            let (flow, timing) = (told("flow"), told("timing"));
            assert_eq!(parts, [PROJECT, &flow, &timing, &method, "POST", URL]);
        }
    }
}

#[test]
fn hook_before_a_flow_has_an_import_id_without_a_method() {
    let id = import_id(HookList::Before(Flow::Login), "https://a.test/");
    assert_eq!(id, "\"${var.ory_project_id}:login:before:POST:https://a.test/\"");
    assert_eq!(timing(HookList::Before(Flow::Login)), "before");
}

#[test]
fn provider_is_new_enough_for_the_methods() {
    for (function, places) in all() {
        let file = printed(function, &places);
        let body = read(&file);
        let settings = &blocks(&body, "terraform")[0].body;
        assert_eq!(text(value(settings, "required_version")), ">= 1.11");
        let providers = &blocks(settings, "required_providers")[0].body;
        let provider = value(providers, "ory").as_object().unwrap();
        let of = |key: &str| {
            let (_, value) =
                provider.iter().find(|(name, _)| name.as_ident().unwrap().as_str() == key).unwrap();
            text(value.expr())
        };
        assert_eq!(of("source"), "ory/ory");
        let has = |method| places.iter().any(|place| place.list.method() == Some(method));
        let expected = if has(Method::Profile) { "> 26.3.0" } else { ">= 26.3.0" };
        assert_eq!(of("version"), expected);
        for (method, name) in
            [(Method::Saml, "refuse `saml`"), (Method::Profile, "refuse `profile`")]
        {
            assert_eq!(file.contains(name), has(method), "{method}");
        }
    }
}

#[test]
fn webhook_that_terraform_cannot_tell_from_another_is_refused() {
    let (function, flow) = (OryFunction::MandrillWelcome, Flow::Registration);
    let methods = vec![Method::Password];
    let with =
        |parse| Wish { function, flow, methods: methods.clone(), parse }.places().unwrap()[0];
    let caller = Caller { function, url: URL.to_owned(), api_key_name: "K".to_owned() };
    let project = Project { project: PROJECT.to_owned(), workspace: String::new() };
    for pair in [[with(false), with(true)], [with(false), with(false)]] {
        let why = file(&pair, &caller, &Key::ByHand, &project).unwrap_err().to_string();
        assert!(
            why.contains("registration.after.password.hooks cannot have this one twice"),
            "{why}"
        );
    }
}

#[test]
fn file_for_one_function_and_two_methods() {
    let (function, flow) = (OryFunction::SegmentIdentify, Flow::Settings);
    let methods = vec![Method::Profile, Method::Saml];
    let places = Wish { function, flow, methods, parse: false }.places().unwrap();
    insta::assert_snapshot!(printed(function, &places));
}

proptest! {
    #[test]
    fn quoted_text_is_read_back(written in ".*|[$%{}\"\\\\a\n]{0,12}") {
        let body = read(&format!("a = {}\n", quoted(&written)));
        prop_assert_eq!(text(value(&body, "a")), written);
    }

    /// Lines such as a template has: one begins without indentation.
    #[test]
    fn lines_are_read_back_byte_for_byte(
        first in "[!-~]{1,12}",
        others in prop::collection::vec("[ -~]{0,12}|[ $%{~}\"\\\\]{0,8}", 0..6),
    ) {
        prop_assume!(!others.iter().chain([&first]).any(|line| line.trim() == DELIMITER));
        let written = [vec![first], others].concat().join("\n") + "\n";
        let document = here_document(DELIMITER, &written);
        let file = block("a", &attributes(&[("b", document), ("long", "1".to_owned())]));
        let body = read(&file);
        prop_assert_eq!(text(value(&blocks(&body, "a")[0].body, "b")), written);
    }
}
