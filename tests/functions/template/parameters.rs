//! The parameters: patterns catch invalid values before anything is deployed.

use std::{collections::BTreeSet, time::Duration};

use mailchimp_subscribe::{
    VENDOR_TIMEOUT,
    consent::{NotOptedIn, OptIn, Unverified},
};
use regex_lite::Regex;
use shared::{
    lambda::LAMBDA_TIMEOUT,
    settings::{VendorTimeout, most},
};
use yaml_serde::Value;

use super::{Template, plain};

/// The least that may be reserved for a function.
pub(super) const LEAST_RESERVED_CONCURRENCY: u64 = 10;

fn parameters(template: &Template) -> impl Iterator<Item = (String, &Value)> {
    let parameters = template.0["Parameters"].as_mapping().unwrap();
    parameters.iter().map(|(name, parameter)| (plain(name), parameter))
}

#[test]
fn every_parameter_is_shown_in_a_group() {
    Template::each().iter().for_each(is_shown_in_a_group);
}

fn is_shown_in_a_group(template: &Template) {
    let interface = &template.0["Metadata"]["AWS::CloudFormation::Interface"];
    let groups = interface["ParameterGroups"].as_sequence().unwrap();
    let listed = groups.iter().flat_map(|group| group["Parameters"].as_sequence().unwrap());
    let mut listed: Vec<_> = listed.map(plain).collect();
    listed.sort();
    let mut all: Vec<_> = parameters(template).map(|(name, _)| name).collect();
    all.sort();
    assert_eq!(listed, all);
}

#[test]
fn every_parameter_has_a_default_a_description_and_a_pattern() {
    let templates = Template::each();
    for (name, parameter) in templates.iter().flat_map(parameters) {
        assert!(parameter["Description"].is_string(), "{name}");
        assert!(!parameter["Default"].is_null(), "{name}: nobody has to know it to deploy");
        let numbers = parameter["Type"] == "Number";
        let values = parameter["AllowedValues"].is_sequence();
        let bound = |name: &str| parameter[name].is_number();
        let bounded = numbers && bound("MinValue") && bound("MaxValue");
        let pattern = parameter["AllowedPattern"].is_string();
        assert!(values || bounded || pattern, "{name}");
        assert_eq!(pattern, parameter["ConstraintDescription"].is_string(), "{name}");
    }
}

/// A pattern, values that it takes, and values that would fail later and harder.
type Row = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const TEMPLATES: &[&str] = &[
    "WelcomeTemplate",
    "WelcomeReplyTemplate",
    "IdentifyTemplate",
    "IdentifyReplyTemplate",
    "InboundTemplate",
    "SubscribeTemplate",
    "MandrillInboundTemplate",
    "Template",
];

const SHAPES: [Row; 21] = [
    (
        &["Preset"],
        &["hubspot", "customer-io-eu", "file:///opt/crm.json"],
        &["", "hub-spot", "hubspot,slack", "file:///tmp/crm.json", "crm.json", "file:///opt/"],
    ),
    (
        &["RelayOrigin"],
        &["", "https://api.example.com", "https://api.example.com/v1/base"],
        &[
            "http://api.example.com",
            "https://a@b",
            "https://b:8443",
            "https://b?x",
            "b",
            "https://",
        ],
    ),
    (
        &["RelayAuth"],
        &["", "bearer", "basic", "path", "signature", "none", "header:X-Api_Key", "query:api.key"],
        &["header:", "header:a b", "query:a=b", "body:token", "body:", "bearer:token", "Bearer"],
    ),
    (
        &["RelayOutcomes"],
        &["", "[]", r#"[{"status":"409","outcome":"delivered"}]"#],
        &["{}", "[\n]"],
    ),
    (&["IdempotencyHeader"], &["", "Idempotency-Key"], &["Idempotency Key", "a:b"]),
    (
        &["ExistingRecordsTable"],
        &["", "ory-actions-Records-1ABC", "a_b.c"],
        &["ab", "a b", "arn:aws:dynamodb:eu-central-1:123456789012:table/records"],
    ),
    (
        &["SubnetIds"],
        &["", "subnet-0a1b2c3d", "subnet-0a1b2c3d,subnet-0123456789abcdef0"],
        &["sg-0a1b2c3d", "subnet-0a1b2c3d,", "subnet-0a1b2c3d, subnet-1"],
    ),
    (&["SecurityGroupIds"], &["", "sg-0a1b2c3d,sg-1"], &["subnet-0a1b2c3d", "sg-", "sg-1 sg-2"]),
    (&["AlarmEmail"], &["", "ops@example.com"], &["ops", "a@b@c", "a b@example.com"]),
    (&["ReservedConcurrency"], &["", "10", "1000"], &["0", "9", "-1", "1e3", "many"]),
    (&["WebhookApiKeyName"], &["Authorization", "X-API_Key"], &["", "X Key", "X:Key"]),
    (
        &["MailchimpLists"],
        &["", "a6b5da1054", "a6b5da1054,b7", "a6b5da1054, b7"],
        &[",", "a6b5da1054,", "https://us6.admin.mailchimp.com"],
    ),
    (
        &["MailchimpListId"],
        &["", "a6b5da1054"],
        &["a6b5da1054,b7c6eb2165", "a6b5da1054/members", "a6 b5", "?"],
    ),
    (
        &["OryUrl", "MailchimpUrl"],
        &["", "https://slug.projects.oryapis.com", "https://kratos.internal:4434/root"],
        &[
            "http://kratos",
            "slug.projects.oryapis.com",
            "https://a@b",
            "https://b/?x",
            "https://b c",
        ],
    ),
    (
        &["MandrillWebhookUrl"],
        &[
            "",
            "https://abc.lambda-url.eu-central-1.on.aws/",
            "https://abc.on.aws/?secret=s3cret",
            "https://user:pass@hooks.example.com/mandrill",
        ],
        &["http://abc.on.aws/", "abc.on.aws", "https://", "https://abc.on.aws/ ", "https://a/#b"],
    ),
    (
        &["OryPatchPaths", "MandrillPatchPaths"],
        &["/traits/consent", "/traits/consent/newsletter,/metadata_public/mailchimp", "/a/b, /c/d"],
        &["", "/traits", "traits/consent", "/traits/consent,/traits", "/traits/"],
    ),
    (
        &["FromEmail"],
        &["", "welcome@example.com"],
        &["example.com", "a@b@c", "a b@c", "a@b,c@d", "Ann <a@b>", "\"a\"@b", "a@[b]", "a\\@b"],
    ),
    (&["FromName", "Subject"], &["", "Welcome", "Ærlig & Søn: a@b"], &["a\nb", "a\rb"]),
    (
        &["MandrillUrl"],
        &["https://mandrillapp.com/api/1.0"],
        &["", "http://mandrillapp.com/api/1.0", "https://", "https://user:pass@mandrillapp.com"],
    ),
    (
        &["TemplatesLayerArn"],
        &["", "arn:aws:lambda:eu-central-1:123456789012:layer:templates:3"],
        &["templates", "arn:aws:lambda:eu-central-1:123456789012:layer:templates"],
    ),
    (
        TEMPLATES,
        &["", "base64://ZnVuY3Rpb24oY3R4KSBjdHg=", "file:///opt/welcome.jsonnet"],
        &[
            "file://welcome.jsonnet",
            "base64://function(ctx) ctx",
            "/opt/welcome.jsonnet",
            "base64://",
        ],
    ),
];

#[test]
fn parameter_patterns_accept_valid_and_reject_invalid_values() {
    let templates = Template::each();
    let shaped = templates.iter().flat_map(parameters);
    let shaped = shaped.filter(|(_, parameter)| parameter["AllowedPattern"].is_string());
    let mut known = BTreeSet::new();
    for (name, parameter) in shaped {
        let row = SHAPES.iter().find(|(names, ..)| names.contains(&name.as_str()));
        let (_, right, wrong) = row.unwrap_or_else(|| panic!("{name} has no row"));
        let pattern = parameter["AllowedPattern"].as_str().unwrap();
        // Whether CloudFormation looks for a match or for the whole is the same then.
        let whole = |part: &str| part.starts_with('^') && part.ends_with('$');
        assert!(whole(pattern) && pattern.split('|').all(whole), "{name}: {pattern}");
        let pattern = Regex::new(pattern).unwrap();
        assert!(pattern.is_match(&plain(&parameter["Default"])), "{name}");
        assert!(right.iter().all(|value| pattern.is_match(value)), "{name}: {right:?}");
        for value in *wrong {
            assert!(!pattern.is_match(value), "{name} takes {value:?}");
        }
        known.insert(name);
    }
    let tried = SHAPES.iter().flat_map(|(names, ..)| names.iter());
    assert_eq!(known, tried.map(|name| (*name).to_owned()).collect());
}

#[test]
fn reserved_concurrency_is_at_least_ten() {
    for template in Template::each() {
        let pattern = template.0["Parameters"]["ReservedConcurrency"]["AllowedPattern"].as_str();
        let pattern = Regex::new(pattern.unwrap()).unwrap();
        for reserved in 0..1000 {
            let taken = pattern.is_match(&reserved.to_string());
            assert_eq!(taken, reserved >= LEAST_RESERVED_CONCURRENCY, "{reserved}");
        }
    }
}

/// What both templates ask for is one thing.
#[test]
fn parameters_of_the_same_name_take_the_same_values() {
    let [main, relay] = Template::each();
    let shared = parameters(&relay).filter(|(name, _)| !main.0["Parameters"][name].is_null());
    let mut count = 0;
    for (name, of_relay) in shared {
        let of_main = &main.0["Parameters"][&name];
        for key in ["Type", "Default", "AllowedValues", "AllowedPattern", "MinValue", "MaxValue"] {
            assert_eq!(of_relay[key], of_main[key], "{name}: {key}");
        }
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn the_shipped_welcome_is_not_deployed_without_a_sender() {
    let broken = |parameters: &[_]| Template::read().with(parameters).broken_rules();
    let (sender, own) =
        (("FromEmail", "welcome@example.com"), ("WelcomeTemplate", "file:///opt/own.jsonnet"));
    let [told] = broken(&[]).try_into().unwrap();
    assert!(told.contains("FromEmail"), "{told}");
    for parameters in [[sender].as_slice(), &[own], &[sender, own]] {
        assert!(broken(parameters).is_empty(), "{parameters:?}");
    }
}

#[test]
fn bounds_of_numbers_are_those_of_the_code() {
    let template = Template::read();
    let table = [
        ("VendorTimeoutMs", most::VENDOR_TIMEOUT_MS),
        ("MailchimpTimeoutMs", VENDOR_TIMEOUT.most_ms),
        ("SecretTtlSeconds", most::SECRET_TTL_SECONDS),
        ("RecordTtlHours", most::RECORD_TTL_HOURS),
    ];
    for (name, most) in table {
        let bound = &template.0["Parameters"][name]["MaxValue"];
        assert_eq!(bound.as_u64(), Some(u64::from(most)), "{name}");
    }
    for (most_ms, timeout) in [
        (most::VENDOR_TIMEOUT_MS, LAMBDA_TIMEOUT),
        (VENDOR_TIMEOUT.most_ms, mailchimp_subscribe::TIMEOUT),
    ] {
        let vendor_timeout = Duration::from_millis(u64::from(most_ms));
        assert_eq!(vendor_timeout + Duration::from_secs(2), timeout);
    }
}

#[test]
fn defaults_of_timeouts_are_those_of_the_code() {
    let template = Template::read();
    for (name, timeout) in
        [("VendorTimeoutMs", VendorTimeout::USUAL), ("MailchimpTimeoutMs", VENDOR_TIMEOUT)]
    {
        let default = &template.0["Parameters"][name]["Default"];
        assert_eq!(default.as_u64(), Some(u64::from(timeout.default_ms)), "{name}");
    }
}

/// What the shipped templates patch, no parameter has to name.
#[test]
fn patch_paths_are_those_of_the_shipped_templates() {
    let template = Template::read();
    for (function, paths) in [
        ("MailchimpInbound", mailchimp_inbound::PATCH_PATHS),
        ("MandrillInbound", mandrill_inbound::PATCH_PATHS),
    ] {
        assert_eq!(template.variables(function)["ORY_PATCH_PATHS"], paths, "{function}");
    }
}

#[test]
fn rules_of_consent_have_the_words_and_defaults_of_the_code() {
    has_the_words("OptIn", OptIn::WORDS);
    has_the_words("Unverified", Unverified::WORDS);
    has_the_words("NotOptedIn", NotOptedIn::WORDS);
}

fn has_the_words<T: Default + PartialEq>(parameter: &str, words: &[(&str, T)]) {
    let template = Template::read();
    let parameter = &template.0["Parameters"][parameter];
    let allowed: Vec<_> =
        parameter["AllowedValues"].as_sequence().unwrap().iter().map(plain).collect();
    assert_eq!(allowed, words.iter().map(|(word, _)| *word).collect::<Vec<_>>());
    let default = words.iter().find(|(_, value)| *value == T::default());
    assert_eq!(Some(plain(&parameter["Default"]).as_str()), default.map(|(word, _)| *word));
}

#[test]
fn a_network_has_subnets_and_security_groups() {
    let broken = |parameters: &[_]| {
        Template::read().with(&[("FromEmail", "a@b")]).with(parameters).broken_rules()
    };
    let (subnets, groups) = (("SubnetIds", "subnet-1"), ("SecurityGroupIds", "sg-1"));
    assert!(broken(&[subnets, groups]).is_empty());
    for alone in [subnets, groups] {
        let [told] = broken(&[alone]).try_into().unwrap();
        assert_eq!(told, "Set both SubnetIds and SecurityGroupIds, or neither.");
    }
}

fn refers_to_parameters_only(value: &Value, known: &BTreeSet<String>) {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => {
            assert!(known.contains(&plain(&tagged.value)), "{:?}", tagged.value);
        }
        Value::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let functions = ["!And", "!Contains", "!Equals", "!Not", "!Or"];
            assert!(functions.contains(&name.as_str()), "{name}");
            refers_to_parameters_only(&tagged.value, known);
        }
        Value::Sequence(values) => {
            for value in values {
                refers_to_parameters_only(value, known);
            }
        }
        other => assert!(other.is_string(), "{other:?}"),
    }
}

/// The only functions that CloudFormation knows in rules, and nothing but parameters may be
/// referred to in them.
#[test]
fn a_rule_uses_what_cloudformation_knows_in_rules() {
    Template::each().iter().for_each(rules_are_known);
}

fn rules_are_known(template: &Template) {
    let known: BTreeSet<_> = parameters(template).map(|(name, _)| name).collect();
    for rule in template.0["Rules"].as_mapping().unwrap().values() {
        if !rule["RuleCondition"].is_null() {
            refers_to_parameters_only(&rule["RuleCondition"], &known);
        }
        for assertion in rule["Assertions"].as_sequence().unwrap() {
            refers_to_parameters_only(&assertion["Assert"], &known);
        }
    }
}
