//! `docs/operator-policy.json` allows what the runbooks ask an operator to do, and no more.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::Value;

use super::{read, section};

const PAGE: &str = "docs/operations.md";

/// What only a deployment does.
const OF_A_DEPLOYMENT: [&str; 3] =
    ["## Change a template", "## Take the stack down", "## What it costs"];

/// What no command on the page names, and what needs it.
const BESIDES: [(&str, &str); 25] = [
    ("cloudformation:DescribeStacks", "`sam list stack-outputs`"),
    ("cloudwatch:DescribeAlarms", "the dashboard"),
    ("cloudwatch:GetDashboard", "the dashboard"),
    ("cloudwatch:GetMetricData", "the dashboard"),
    ("dynamodb:DeleteItem", "`ory-actions forget`"),
    ("dynamodb:GetItem", "`ory-actions forget`"),
    ("dynamodb:UpdateItem", "`ory-actions forget`"),
    ("lambda:GetAlias", "`ory-actions renew`"),
    ("lambda:GetEventSourceMapping", "`ory-actions forget`"),
    ("lambda:GetFunctionConfiguration", "`renew`, `dead-letters`, `forget` and `backfill`"),
    ("lambda:UpdateFunctionConfiguration", "`ory-actions renew`"),
    ("logs:DescribeLogGroups", "the saved queries"),
    ("logs:DescribeQueryDefinitions", "the saved queries"),
    ("logs:FilterLogEvents", "the log in the console"),
    ("logs:GetQueryResults", "the saved queries, and `ory-actions dead-letters`"),
    ("logs:StartQuery", "the saved queries, and `ory-actions dead-letters`"),
    ("logs:StopQuery", "the saved queries"),
    ("secretsmanager:GetSecretValue", "the outputs that read a key, `doctor` and `backfill`"),
    ("sns:GetTopicAttributes", "`doctor`"),
    ("sqs:ChangeMessageVisibility", "`ory-actions dead-letters` and `forget`"),
    ("sqs:DeleteMessage", "`ory-actions dead-letters` and `forget`"),
    ("sqs:GetQueueAttributes", "`ory-actions dead-letters` and `backfill`, and a redrive by SQS"),
    ("sqs:GetQueueUrl", "`ory-actions dead-letters`"),
    ("sqs:ReceiveMessage", "`ory-actions dead-letters` and `forget`"),
    ("sqs:SendMessage", "`ory-actions dead-letters` and `backfill`, and a redrive by SQS"),
];

/// `put-secret-value` is `PutSecretValue`.
fn action(service: &str, command: &str) -> String {
    let words = command.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    format!("{service}:{}", words.collect::<String>())
}

/// The actions of the commands of the AWS CLI in a text.
fn commands(text: &str) -> BTreeSet<String> {
    let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let mut actions = BTreeSet::new();
    for rest in text.split("aws ").skip(1) {
        let mut words = rest.split([' ', '`', '\n']).filter(|word| !word.is_empty());
        let (Some(service), Some(command)) = (words.next(), words.next()) else { continue };
        if !is_name(&service) || !is_name(&command) || !command.contains('-') && command != "wait" {
            continue;
        }
        actions.insert(match command {
            "wait" => "lambda:GetFunction".to_owned(),
            _ => action(service, command),
        });
    }
    actions
}

fn allowed() -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(&read("docs/operator-policy.json")).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    });
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn operator_may_do_exactly_what_the_runbooks_say() {
    let page = read(PAGE);
    let mut needed = commands(&page);
    for heading in OF_A_DEPLOYMENT {
        for command in commands(&section(PAGE, heading)) {
            needed.remove(&command);
        }
    }
    assert!(needed.len() > 10, "{needed:?}");
    needed.extend(BESIDES.map(|(action, _)| action.to_owned()));
    assert_eq!(allowed(), needed);
}

/// A policy for everything in the account would not be one.
#[test]
fn operator_may_change_things_of_the_stack_only() {
    let policy: Value = serde_json::from_str(&read("docs/operator-policy.json")).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let resource = statement["Resource"].as_str().unwrap();
        let text = statement["Action"].to_string();
        let changes = ["Delete", "Publish", "Purge", "Put", "Send", "Start", "Update"];
        let harmless = !changes.iter().any(|verb| text.contains(&format!(":{verb}")));
        let is_ours =
            resource.contains("STACK") || statement["Condition"].to_string().contains("STACK");
        assert!(harmless || is_ours, "{statement:#}");
    }
}

/// The resources to which CloudFormation gives names, and the statement that is about them.
const NAMED: [(&str, &str); 5] = [
    ("AWS::DynamoDB::Table", "MarkAndEraseRecords"),
    ("AWS::Logs::LogGroup", "SearchLogs"),
    ("AWS::SNS::Topic", "SeeWhoGetsTheAlarms"),
    ("AWS::SQS::Queue", "CareForDeadLetters"),
    ("AWS::Serverless::Function", "RollBackAndRenew"),
];

/// CloudFormation names a resource after its stack and its name in the template.
#[test]
fn policy_is_about_the_resources_of_a_relay_too() {
    let policy: Value = serde_json::from_str(&read("docs/operator-policy.json")).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    for template in ["template.yaml", "relay.yaml"] {
        let template: yaml_serde::Value = yaml_serde::from_str(&read(template)).unwrap();
        for (kind, sid) in NAMED {
            let statement = statements.iter().find(|statement| statement["Sid"] == sid).unwrap();
            let (_, name) =
                statement["Resource"].as_str().unwrap().rsplit_once([':', '/']).unwrap();
            let name = Regex::new(&format!("^{}$", name.replace('*', ".*"))).unwrap();
            let resources = template["Resources"].as_mapping().unwrap().iter();
            let of_kind = resources.filter(|(_, it)| it["Type"] == kind);
            // The others are named in the template.
            let of_kind = of_kind.filter(|(_, it)| it["Properties"]["QueueName"].is_null());
            let ids: Vec<_> = of_kind.map(|(id, _)| id.as_str().unwrap()).collect();
            assert!(!ids.is_empty(), "{kind}");
            for id in ids {
                assert!(name.is_match(&format!("STACK-{id}-1ABC")), "{id}: {sid}");
            }
        }
    }
}
