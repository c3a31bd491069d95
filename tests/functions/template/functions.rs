//! The functions: binaries, variables, policies and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use shared::{
    aws::Aws, config::Environment, http::Client, idempotency, queue, secrets, settings::Ports,
    telemetry::Sink,
};

use super::{
    FUNCTIONS, Template, live::Live, parameters, plain, queues, referred, set, table::RECORDS,
};

/// What an answer needs besides its budget: the way in and out.
const MARGIN: Duration = Duration::from_secs(2);

/// What a function reads, and no deployment may set: with it, a relay would call its own sandbox.
const NEVER_DEPLOYED: [&str; 1] = ["RELAY_ALLOW_LOOPBACK"];

/// Nobody is called: a function is only built.
fn ports() -> Ports {
    let client = Client::new().unwrap();
    Ports::on_aws(&Aws::at("http://127.0.0.1:1", &client), client, Sink::Nowhere)
}

#[test]
fn every_function_is_named_by_its_handler_and_has_a_public_url() {
    let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions")).unwrap();
    let folders: BTreeSet<_> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let functions = Template::with_functions();
    assert_eq!(folders, functions.iter().map(|(_, (name, ..))| (*name).to_owned()).collect());
    for (template, (name, logical_id, ..)) in functions {
        assert_eq!(template.resource(logical_id)["Handler"], name);
        let metadata = &template.0["Resources"][logical_id]["Metadata"];
        assert_eq!(metadata["BuildProperties"]["Binary"], "bootstrap", "one build serves all");
        // A literal: from a parameter, SAM makes no permission, and every call gets a 403.
        let url = &template.resource(logical_id)["FunctionUrlConfig"];
        assert_eq!(url["AuthType"], "NONE", "{name}");
    }
}

#[test]
fn every_environment_variable_is_set_and_read() {
    for template in Template::deployments() {
        for (name, logical_id, build, ..) in template.functions() {
            let variables = template.variables(logical_id);
            let env = Environment::of(variables.clone());
            if let Err(error) = build(&env, &ports()) {
                panic!("{name} does not start with the template's parameters: {error}");
            }
            let mut asked = env.asked();
            for variable in NEVER_DEPLOYED {
                asked.remove(variable);
            }
            assert_eq!(asked, variables.into_keys().collect(), "{name}");
        }
    }
}

#[test]
fn iam_policy_allows_exactly_the_calls_made() {
    for template in Template::deployments() {
        for &(name, logical_id, ..) in template.all_functions() {
            let mut expected = what_it_calls(logical_id, &template.variables(logical_id));
            expected.extend(what_lambda_does(&template, logical_id));
            let allowed: BTreeSet<_> = template.statements(logical_id).into_iter().collect();
            assert_eq!(allowed, expected, "{name}");
        }
    }
}

/// A statement: the actions, and the resources that they are allowed on.
type Statement = (BTreeSet<String>, BTreeSet<String>);

/// Lambda needs the role for its traces, and for a network. Neither knows resources that a policy
/// could name.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
fn what_lambda_does(template: &Template, logical_id: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    if template.has("HasTracing") {
        statements.push((set(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]), set(["*"])));
    }
    if !template.resource(logical_id)["VpcConfig"].is_null() && template.has("HasNetwork") {
        let actions = [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ];
        statements.push((set(actions), set(["*"])));
    }
    statements
}

/// The statements that a function with these variables needs.
fn what_it_calls(logical_id: &str, variables: &BTreeMap<String, String>) -> BTreeSet<Statement> {
    let is_secret = |name: &str, value: &str| name.ends_with("_SECRET_ID") && !value.is_empty();
    let secrets = variables.iter().filter(|(name, value)| is_secret(name, value));
    let [logs, queue] = ["Logs", "Queue"].map(|part| format!("{logical_id}{part}.Arn"));
    let mut statements = vec![
        (set([secrets::ACTION]), secrets.map(|(_, secret)| secret.clone()).collect()),
        (set(["logs:CreateLogStream", "logs:PutLogEvents"]), set([&logs])),
        (set(queue::ACTIONS), set([&queue])),
    ];
    if variables.contains_key("RECORDS_TABLE") {
        statements.push((set(idempotency::ACTIONS), set([&format!("{RECORDS}.Arn")])));
    }
    statements.into_iter().collect()
}

#[test]
fn no_deployment_lets_a_relay_call_its_own_sandbox() {
    for file in ["template.yaml", "relay.yaml", "monitoring.yaml", "samconfig.toml"] {
        let text = crate::docs::read(file);
        assert!(NEVER_DEPLOYED.iter().all(|variable| !text.contains(variable)), "{file}");
    }
}

#[test]
fn tracing_costs_money_and_is_off() {
    for template in Template::each() {
        assert_eq!(template.resolved(template.global("Tracing")), "PassThrough");
        let traced = template.with(&[("Tracing", "Active")]);
        assert!(traced.has("HasTracing"));
        assert_eq!(traced.resolved(traced.global("Tracing")), "Active");
    }
}

#[test]
fn only_functions_that_call_ory_are_in_its_network() {
    let [plain, all] = Template::read_both();
    for (name, logical_id, ..) in FUNCTIONS {
        let calls_ory = all.variables(logical_id).contains_key("ORY_URL");
        let network = &all.resource(logical_id)["VpcConfig"];
        assert_eq!(network.is_null(), !calls_ory, "{name}");
    }
    let on =
        plain.with(&[("MailchimpSubscribeEnabled", "true"), ("MandrillInboundEnabled", "true")]);
    for function in ["MailchimpInbound", "MailchimpSubscribe", "MandrillInbound"] {
        let network =
            |template: &Template| Live::of(template).resource(function)["VpcConfig"].clone();
        assert!(network(&on).is_null());
        assert_eq!(network(&all)["SubnetIds"][0], "subnet-0123456789abcdef0");
        assert_eq!(network(&all)["SecurityGroupIds"][0], "sg-0123456789abcdef0");
    }
}

#[test]
fn function_has_its_own_log_group_with_retention() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        let group = referred(&template.resource(logical_id)["LoggingConfig"]["LogGroup"]);
        assert_eq!(group, format!("{logical_id}Logs"), "{name}");
        let retention = &template.resource(&group)["RetentionInDays"];
        assert_eq!(referred(retention), "LogRetentionDays", "{name}");
    }
}

#[test]
fn resources_of_one_function_are_named_after_it() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        let own = template.0["Resources"].as_mapping().unwrap().iter();
        let own = own.filter(|(part, _)| plain(part).starts_with(logical_id));
        for (part, resource) in own {
            let tags = &resource["Properties"]["Tags"];
            let tag = if resource["Type"] == "AWS::Serverless::Function" {
                &tags["function"]
            } else {
                assert_eq!(tags[0]["Key"], "function", "{part:?}");
                &tags[0]["Value"]
            };
            assert_eq!(tag, name, "{part:?}");
        }
    }
}

#[test]
fn reserved_concurrency_is_unset_or_above_maximum_concurrency() {
    let reserved =
        |template: &Template| template.resolved(template.global("ReservedConcurrentExecutions"));
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        assert_eq!(reserved(&template), "AWS::NoValue");
        let least = parameters::LEAST_RESERVED_CONCURRENCY;
        assert!(least > queues::concurrency(&template, logical_id), "{name}");
        assert_eq!(reserved(&template.with(&[("ReservedConcurrency", "50")])), "50");
    }
}

/// 128 MB is the least that Lambda takes, and a function has a whole processor at 1,769 MB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
#[test]
fn memory_is_chosen_from_the_least_of_lambda_to_a_whole_processor() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        assert!(template.resource(logical_id)["MemorySize"].is_null(), "{name}");
        let parameter = &template.0["Parameters"]["MemorySize"];
        assert_eq!((&parameter["MinValue"], &parameter["MaxValue"]), (&128.into(), &1769.into()));
        let memory = |template: &Template| template.resolved(template.global("MemorySize"));
        assert_eq!(memory(&template), "256", "{name}");
        assert_eq!(memory(&template.with(&[("MemorySize", "128")])), "128", "{name}");
    }
}

#[test]
fn lambda_timeout_exceeds_the_budgets() {
    for (template, (name, logical_id, _, budget, timeout)) in Template::with_functions() {
        let deployed = template.timeout(logical_id);
        assert_eq!(deployed, timeout, "{name}: the code counts on the template's timeout");
        assert!(timeout >= budget + MARGIN, "{name}");
    }
}
