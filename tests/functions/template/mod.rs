//! `template.yaml` against the code: what a function reads is set, what it calls is allowed, and
//! its times, sizes and names fit those that the code counts on.

mod alarms;
mod functions;
mod queues;
mod records;
mod secrets;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
    time::Duration,
};

use serde_yaml_ng::Value;
use shared::{
    accept::ORY_LIMIT,
    config::Environment,
    lambda::{Function, StartError},
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

/// The type of a queue.
const QUEUE: &str = "AWS::SQS::Queue";

/// With these parameters, every part is there that a deployment may leave out.
const ALL_PARTS: [(&str, &str); 2] =
    [("OryUrl", "https://slug.projects.oryapis.com"), ("MailchimpSigning", "true")];

/// The template, with the parameters that are given; the others have their defaults.
struct Template(Value);

impl Template {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
        Self(serde_yaml_ng::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    /// As most deploy it, and with all its parts.
    fn read_both() -> [Self; 2] {
        let mut whole = Self::read();
        for (name, value) in ALL_PARTS {
            whole.0["Parameters"][name]["Default"] = value.into();
        }
        [Self::read(), whole]
    }

    fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]["Properties"]
    }

    /// The names of all resources of a type.
    fn all(&self, kind: &str) -> BTreeSet<String> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let of_kind = resources.filter(|(_, resource)| resource["Type"] == kind);
        of_kind.map(|(name, _)| plain(name)).collect()
    }

    fn global(&self, property: &str) -> &Value {
        &self.0["Globals"]["Function"][property]
    }

    /// A function's variables: a parameter stands for its default, a queue for its URL, any other
    /// resource for its name.
    fn variables(&self, function: &str) -> BTreeMap<String, String> {
        let all = &self.global("Environment")["Variables"];
        let own = &self.resource(function)["Environment"]["Variables"];
        let pairs = [all, own].map(|pairs| pairs.as_mapping().unwrap()).into_iter().flatten();
        pairs
            .map(|(name, value)| (name.as_str().unwrap().to_owned(), self.resolved(value)))
            .collect()
    }

    fn resolved(&self, value: &Value) -> String {
        let value = self.chosen(value);
        let name = referred(value);
        match &self.0["Parameters"][name.as_str()]["Default"] {
            Value::Null if self.all(QUEUE).contains(&name) => url(&name),
            Value::Null => name,
            default => plain(default),
        }
    }

    /// What an `!If` comes to, or the value itself.
    fn chosen<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value {
            Value::Tagged(tagged) if tagged.tag == "If" => {
                let holds = self.holds(&self.0["Conditions"][&tagged.value[0]]);
                self.chosen(&tagged.value[if holds { 1 } else { 2 }])
            }
            other => other,
        }
    }

    fn holds(&self, condition: &Value) -> bool {
        let Value::Tagged(condition) = condition else { panic!("{condition:?} is no condition") };
        let operand = |n: usize| &condition.value[n];
        match condition.tag.to_string().as_str() {
            "!Equals" => self.resolved(operand(0)) == self.resolved(operand(1)),
            "!Not" => !self.holds(operand(0)),
            "!And" => self.holds(operand(0)) && self.holds(operand(1)),
            "!Condition" => self.holds(&self.0["Conditions"][&condition.value]),
            other => panic!("{other} is not known"),
        }
    }

    /// The names that a list comes to.
    fn listed(&self, value: &Value) -> BTreeSet<String> {
        let values = match value {
            Value::Sequence(values) => values.iter().collect(),
            single => vec![single],
        };
        let names = values.into_iter().map(|value| referred(self.chosen(value)));
        names.filter(|name| name != "AWS::NoValue").collect()
    }

    /// A policy's statements: the actions, and the resources that they are allowed on.
    fn statements(&self, function: &str) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
        let role = self.resource(&format!("{function}Role"));
        let policies = role["Policies"].as_sequence().unwrap();
        assert_eq!(policies.len(), 1, "one policy per function");
        let statements = policies[0]["PolicyDocument"]["Statement"].as_sequence().unwrap();
        let read = |statement: &Value| {
            assert_eq!(statement["Effect"], "Allow");
            (self.listed(&statement["Action"]), self.listed(&statement["Resource"]))
        };
        statements.iter().map(read).collect()
    }
}

/// What SQS might make of a queue's name.
fn url(queue: &str) -> String {
    format!("https://sqs.us-east-1.amazonaws.com/000000000000/{queue}")
}

/// What a `!Ref`, `!GetAtt` or `!Sub` says, or the plain value itself.
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

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}
