//! `template.yaml` against the code: what a function reads is set, what it calls is allowed, and
//! its time is enough.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
    time::Duration,
};

use serde_yaml_ng::Value;
use shared::{
    accept::ORY_LIMIT,
    clock::SystemClock,
    config::Environment,
    http::Client,
    journal::Sink,
    lambda::{Function, StartError, TIME_LIMIT},
    secrets::{self, MemorySecrets, PLACEHOLDER},
    settings::Ports,
};

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

/// Each function: its name, its name in the template, its code, and the budget of an answer.
const FUNCTIONS: [(&str, &str, Build, Duration); 3] = [
    (mandrill_welcome::NAME, "MandrillWelcome", mandrill_welcome::build, ORY_LIMIT),
    (segment_identify::NAME, "SegmentIdentify", segment_identify::build, ORY_LIMIT),
    (
        mailchimp_inbound::NAME,
        "MailchimpInbound",
        mailchimp_inbound::build,
        mailchimp_inbound::MAILCHIMP_LIMIT,
    ),
];

/// What an answer needs besides its budget: the way in and out.
const MARGIN: Duration = Duration::from_secs(2);

struct Template(Value);

impl Template {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
        Self(serde_yaml_ng::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]["Properties"]
    }

    fn global(&self, property: &str) -> &Value {
        &self.0["Globals"]["Function"][property]
    }

    /// A function's variables: a parameter stands for its default, a resource for its name.
    fn variables(&self, function: &str) -> BTreeMap<String, String> {
        let all = &self.global("Environment")["Variables"];
        let own = &self.resource(function)["Environment"]["Variables"];
        let pairs = [all, own].map(|pairs| pairs.as_mapping().unwrap()).into_iter().flatten();
        pairs
            .map(|(name, value)| (name.as_str().unwrap().to_owned(), self.resolved(value)))
            .collect()
    }

    fn resolved(&self, value: &Value) -> String {
        let name = referred(value);
        match &self.0["Parameters"][name.as_str()]["Default"] {
            Value::Null => name,
            default => plain(default),
        }
    }

    /// A policy's statements: the actions, and the resources that they are allowed on.
    fn statements(&self, function: &str) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
        let role = self.resource(&format!("{function}Role"));
        let policies = role["Policies"].as_sequence().unwrap();
        assert_eq!(policies.len(), 1, "one policy per function");
        let statements = policies[0]["PolicyDocument"]["Statement"].as_sequence().unwrap();
        let read = |statement: &Value| {
            assert_eq!(statement["Effect"], "Allow");
            (listed(&statement["Action"]), listed(&statement["Resource"]))
        };
        statements.iter().map(read).collect()
    }
}

/// What a `!Ref` or `!GetAtt` names, or the plain value itself.
fn referred(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => plain(&tagged.value),
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?} is neither text nor number"),
    }
}

fn listed(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Sequence(values) => values.iter().map(referred).collect(),
        single => BTreeSet::from([referred(single)]),
    }
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

fn ports() -> Ports {
    Ports {
        secrets: Arc::new(MemorySecrets::default()),
        http: Arc::new(Client::new().unwrap()),
        clock: Arc::new(SystemClock),
        journal: Sink::Nowhere,
    }
}

#[test]
fn every_function_is_there_with_its_own_binary_and_a_url_for_anybody() {
    let template = Template::read();
    let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions")).unwrap();
    let folders: BTreeSet<_> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, FUNCTIONS.map(|(name, ..)| name.to_owned()).into());
    for (name, logical_id, ..) in FUNCTIONS {
        let metadata = &template.0["Resources"][logical_id]["Metadata"];
        assert_eq!(metadata["BuildProperties"]["Binary"], name);
        // A literal: from a parameter, SAM makes no permission, and every call gets a 403.
        let url = &template.resource(logical_id)["FunctionUrlConfig"];
        assert_eq!(url["AuthType"], "NONE", "{name}");
    }
}

#[test]
fn what_a_function_reads_is_set_and_what_is_set_is_read() {
    let template = Template::read();
    for (name, logical_id, build, _) in FUNCTIONS {
        let variables = template.variables(logical_id);
        let env = Environment::of(variables.clone());
        if let Err(error) = build(&env, &ports()) {
            panic!("{name} does not start with the template's defaults: {error}");
        }
        assert_eq!(env.asked(), variables.into_keys().collect(), "{name}");
    }
}

#[test]
fn a_policy_allows_exactly_what_its_function_calls() {
    let template = Template::read();
    for (name, logical_id, ..) in FUNCTIONS {
        let variables = template.variables(logical_id);
        let secrets: BTreeSet<_> = variables
            .into_iter()
            .filter(|(variable, _)| variable.ends_with("_SECRET_ID"))
            .map(|(_, secret)| secret)
            .collect();
        let logs = format!("{logical_id}Logs.Arn");
        let expected = vec![
            (set([secrets::ACTION]), secrets),
            (set(["logs:CreateLogStream", "logs:PutLogEvents"]), set([&logs])),
        ];
        assert_eq!(template.statements(logical_id), expected, "{name}");
    }
}

#[test]
fn a_function_has_time_for_its_budgets() {
    let timeout = Template::read().global("Timeout").as_u64().map(Duration::from_secs);
    assert_eq!(timeout, Some(TIME_LIMIT), "the code counts on the template's timeout");
    for (name, _, _, budget) in FUNCTIONS {
        assert!(TIME_LIMIT >= budget + MARGIN, "{name}");
    }
}

#[test]
fn a_vendor_s_secret_waits_with_the_placeholder_that_functions_recognise() {
    let template = Template::read();
    for (secret, field) in [("MandrillSecret", "api_key"), ("SegmentSecret", "write_key")] {
        let text = template.resource(secret)["SecretString"].as_str().unwrap();
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value, serde_json::json!({ field: PLACEHOLDER }));
    }
}

#[test]
fn a_caller_s_secret_is_generated_long_enough_and_fit_for_a_url() {
    let template = Template::read();
    for (secret, field) in [("OryWebhookSecret", "api_key"), ("MailchimpWebhookSecret", "secret")] {
        let generated = &template.resource(secret)["GenerateSecretString"];
        assert_eq!(generated["GenerateStringKey"], field);
        assert_eq!(generated["ExcludePunctuation"], true);
        assert!(generated["PasswordLength"].as_u64() >= Some(32));
    }
}
