//! Parses a template and resolves its values, as far as the tests need them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use yaml_serde::Value;

use super::{FUNCTIONS, QUEUE, RELAYS, Row, metrics::STACK};

/// With these parameters, every part of `template.yaml` is there that a deployment may leave out.
const ALL_PARTS: [(&str, &str); 13] = [
    ("MailchimpSubscribeEnabled", "true"),
    ("MailchimpListId", "a6b5da1054"),
    ("MailchimpUrl", "https://us6.api.mailchimp.com/3.0"),
    ("MandrillInboundEnabled", "true"),
    ("MandrillWebhookUrl", "https://abc.lambda-url.eu-central-1.on.aws/"),
    ("OryUrl", "https://slug.projects.oryapis.com"),
    ("MailchimpSigning", "true"),
    ("MailchimpLists", "a6b5da1054"),
    ("FromEmail", "welcome@example.com"),
    ("AlarmEmail", "ops@example.com"),
    ("Tracing", "Active"),
    ("SubnetIds", "subnet-0123456789abcdef0"),
    ("SecurityGroupIds", "sg-0123456789abcdef0"),
];

/// The same of `relay.yaml`.
const ALL_PARTS_OF_A_RELAY: [(&str, &str); 5] = [
    ("Preset", "webhook"),
    ("RelayOrigin", "https://api.example.com"),
    ("OnInDoubt", "hold"),
    ("AlarmEmail", "ops@example.com"),
    ("Tracing", "Active"),
];

/// A template, with the parameters that are given; the others have their defaults.
#[derive(Clone)]
pub(super) struct Template(pub(super) Value, &'static [Row]);

impl Template {
    /// `template.yaml`.
    pub(super) fn read() -> Self {
        Self::of_file("template.yaml", &FUNCTIONS)
    }

    /// `relay.yaml`, with a preset that is like most.
    pub(super) fn relay() -> Self {
        Self::relay_without_a_preset().with(&[("Preset", "hubspot")])
    }

    /// `relay.yaml` as it is.
    pub(super) fn relay_without_a_preset() -> Self {
        Self::of_file("relay.yaml", &RELAYS)
    }

    /// `monitoring.yaml`, which has no function.
    pub(super) fn of_monitoring() -> Self {
        Self::of_file("monitoring.yaml", &[])
    }

    fn of_file(name: &str, functions: &'static [Row]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        Self(yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap(), functions)
    }

    /// Those with functions, as most deploy them.
    pub(super) fn each() -> [Self; 2] {
        [Self::read(), Self::relay()]
    }

    /// The same with all their parts.
    pub(super) fn each_with_all_parts() -> [Self; 2] {
        [Self::read().with(&ALL_PARTS), Self::relay().with(&ALL_PARTS_OF_A_RELAY)]
    }

    /// `relay.yaml` with each shipped preset, and with the origin that some need.
    pub(super) fn relay_of_each_preset() -> Vec<Self> {
        let with = |shipped: &relay::Shipped| {
            let origin = shipped.preset().unwrap().origin;
            let origin = if origin.is_some() { "" } else { "https://api.example.com" };
            Self::relay().with(&[("Preset", shipped.name), ("RelayOrigin", origin)])
        };
        relay::SHIPPED.iter().map(with).collect()
    }

    /// All of these.
    pub(super) fn deployments() -> Vec<Self> {
        let each = Self::each().into_iter().chain(Self::each_with_all_parts());
        each.chain(Self::relay_of_each_preset()).collect()
    }

    /// Every function, in its template.
    pub(super) fn with_functions() -> Vec<(Self, Row)> {
        Self::each().into_iter().flat_map(Self::with_each_function).collect()
    }

    /// The same with all parts of the templates.
    pub(super) fn with_functions_and_all_parts() -> Vec<(Self, Row)> {
        Self::each_with_all_parts().into_iter().flat_map(Self::with_each_function).collect()
    }

    fn with_each_function(self) -> impl Iterator<Item = (Self, Row)> {
        self.1.iter().map(move |row| (self.clone(), *row))
    }

    /// What is watched of a function: the stack within the stack, with the parameters that it gets.
    pub(super) fn monitoring(&self, function: &str) -> Self {
        let stack = self.resource(&format!("{function}Monitoring"));
        assert_eq!(stack["TemplateURL"], "monitoring.yaml");
        let mut template = Self::of_monitoring();
        for (name, value) in stack["Parameters"].as_mapping().unwrap() {
            template.0["Parameters"][name]["Default"] = self.resolved(value).into();
        }
        template
    }

    /// `template.yaml` as most deploy it, and with all its parts.
    pub(super) fn read_both() -> [Self; 2] {
        [Self::read(), Self::read().with(&ALL_PARTS)]
    }

    /// The functions that are on.
    pub(super) fn functions(&self) -> impl Iterator<Item = Row> {
        let condition = |logical_id| self.0["Resources"][logical_id]["Condition"].as_str();
        let is_on = move |row: &&Row| condition(row.1).is_none_or(|name| self.has(name));
        self.1.iter().filter(is_on).copied()
    }

    /// All functions, on or off.
    pub(super) fn all_functions(&self) -> &'static [Row] {
        self.1
    }

    pub(super) fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]["Properties"]
    }

    /// The names of all resources of a type.
    pub(super) fn all(&self, kind: &str) -> BTreeSet<String> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let of_kind = resources.filter(|(_, resource)| resource["Type"] == kind);
        of_kind.map(|(name, _)| plain(name)).collect()
    }

    pub(super) fn global(&self, property: &str) -> &Value {
        &self.0["Globals"]["Function"][property]
    }

    /// How long Lambda lets a function run.
    pub(super) fn timeout(&self, function: &str) -> Duration {
        let own = &self.resource(function)["Timeout"];
        seconds(if own.is_null() { self.global("Timeout") } else { own })
    }

    /// A function's variables, without those that are left out: a parameter stands for its default, a
    /// queue for its URL, any other resource for its name.
    pub(super) fn variables(&self, function: &str) -> BTreeMap<String, String> {
        let all = &self.global("Environment")["Variables"];
        let own = &self.resource(function)["Environment"]["Variables"];
        let pairs = [all, own].map(|pairs| pairs.as_mapping().unwrap()).into_iter().flatten();
        let pairs = pairs.map(|(name, value)| (plain(name), self.resolved(value)));
        pairs.filter(|(_, value)| value != "AWS::NoValue").collect()
    }

    pub(super) fn resolved(&self, value: &Value) -> String {
        let value = self.chosen(value);
        let name = referred(value);
        if matches!(value, Value::Tagged(tagged) if tagged.tag == "Sub") {
            return self.filled_in(name);
        }
        match &self.0["Parameters"][name.as_str()]["Default"] {
            Value::Null if name == "AWS::StackName" => STACK.to_owned(),
            Value::Null if self.all(QUEUE).contains(&name) => url(&name),
            Value::Null => name,
            default => plain(default),
        }
    }

    /// A text with the parameters' values in it.
    fn filled_in(&self, text: String) -> String {
        let parameters = self.0["Parameters"].as_mapping().unwrap().iter();
        parameters.fold(text, |text, (name, parameter)| match &parameter["Default"] {
            Value::Null => text,
            value => text.replace(&format!("${{{}}}", plain(name)), &plain(value)),
        })
    }

    /// What an `!If` comes to, or the value itself.
    pub(super) fn chosen<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value {
            Value::Tagged(tagged) if tagged.tag == "If" => {
                let holds = self.holds(&self.0["Conditions"][&tagged.value[0]]);
                self.chosen(&tagged.value[if holds { 1 } else { 2 }])
            }
            other => other,
        }
    }

    /// The template, with these parameters.
    pub(super) fn with(mut self, parameters: &[(&str, &str)]) -> Self {
        for (name, value) in parameters {
            self.0["Parameters"][*name]["Default"] = (*value).into();
        }
        self
    }

    /// The assertions of its rules that these parameters break, in CloudFormation's words.
    pub(super) fn broken_rules(&self) -> Vec<String> {
        let rules = self.0["Rules"].as_mapping().unwrap().values();
        let rules = rules.filter(|rule| {
            let condition = &rule["RuleCondition"];
            condition.is_null() || self.holds(condition)
        });
        let assertions = rules.flat_map(|rule| rule["Assertions"].as_sequence().unwrap());
        let broken = assertions.filter(|one| !self.holds(&one["Assert"]));
        broken.map(|one| plain(&one["AssertDescription"])).collect()
    }

    /// Whether a condition of this name holds.
    pub(super) fn has(&self, condition: &str) -> bool {
        self.holds(&self.0["Conditions"][condition])
    }

    fn holds(&self, condition: &Value) -> bool {
        let Value::Tagged(condition) = condition else { panic!("{condition:?} is no condition") };
        let operand = |n: usize| &condition.value[n];
        match condition.tag.to_string().as_str() {
            "!Equals" => self.resolved(operand(0)) == self.resolved(operand(1)),
            "!Not" => !self.holds(operand(0)),
            "!And" => condition.value.as_sequence().unwrap().iter().all(|one| self.holds(one)),
            "!Or" => condition.value.as_sequence().unwrap().iter().any(|one| self.holds(one)),
            "!Condition" => self.holds(&self.0["Conditions"][&condition.value]),
            other => panic!("{other} is not known"),
        }
    }

    /// The names that a list comes to.
    pub(super) fn listed(&self, value: &Value) -> BTreeSet<String> {
        let values = match self.chosen(value) {
            Value::Sequence(values) => values.iter().collect(),
            single => vec![single],
        };
        let names = values.into_iter().map(|value| referred(self.chosen(value)));
        names.filter(|name| name != "AWS::NoValue").collect()
    }

    /// A policy's statements: the actions, and the resources that they are allowed on.
    pub(super) fn statements(&self, function: &str) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
        let role = self.resource(&format!("{function}Role"));
        let policies = role["Policies"].as_sequence().unwrap();
        assert_eq!(policies.len(), 1, "one policy per function");
        let statements = policies[0]["PolicyDocument"]["Statement"].as_sequence().unwrap();
        let statements = statements.iter().map(|statement| self.chosen(statement));
        let statements = statements.filter(|statement| !matches!(statement, Value::Tagged(_)));
        let read = |statement: &Value| {
            assert_eq!(statement["Effect"], "Allow");
            (self.listed(&statement["Action"]), self.listed(&statement["Resource"]))
        };
        statements.map(read).collect()
    }
}

/// What SQS might make of a queue's name.
pub(super) fn url(queue: &str) -> String {
    format!("https://sqs.us-east-1.amazonaws.com/000000000000/{queue}")
}

/// What a `!Ref`, `!GetAtt` or `!Sub` says, or the plain value itself.
pub(super) fn referred(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => plain(&tagged.value),
        other => plain(other),
    }
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?} is neither text nor number"),
    }
}

pub(super) fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

pub(super) fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}
