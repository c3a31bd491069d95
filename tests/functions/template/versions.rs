//! The alias `live`: every change that a deployment makes to a function publishes a version.

use std::collections::BTreeSet;

use yaml_serde::Value;

use super::{Template, plain};

/// What Lambda keeps outside of versions. Where only this changes, it refuses to publish one.
const NOT_IN_A_VERSION: [&str; 1] = ["ReservedConcurrentExecutions"];

/// The parameters that a value refers to, and the conditions that choose in it.
#[derive(Default)]
struct Read {
    parameters: BTreeSet<String>,
    conditions: BTreeSet<String>,
}

impl Read {
    fn of(value: &Value) -> Self {
        let mut read = Self::default();
        read.walk(value);
        read
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Tagged(tagged) => {
                match tagged.tag.to_string().as_str() {
                    "!Ref" => _ = self.parameters.insert(plain(&tagged.value)),
                    "!If" => _ = self.conditions.insert(plain(&tagged.value[0])),
                    "!Condition" => _ = self.conditions.insert(plain(&tagged.value)),
                    "!Sub" => {
                        let text = plain(&tagged.value);
                        let names = text.split("${").skip(1).map(|it| it.split('}').next());
                        self.parameters.extend(names.map(|name| name.unwrap().to_owned()));
                    }
                    _ => {}
                }
                self.walk(&tagged.value);
            }
            Value::Sequence(values) => values.iter().for_each(|value| self.walk(value)),
            Value::Mapping(pairs) => pairs.values().for_each(|value| self.walk(value)),
            _ => {}
        }
    }

    /// The parameters that decide on the conditions.
    fn deciding(&self, template: &Template) -> BTreeSet<String> {
        let conditions = self.conditions.iter().map(|name| {
            let read = Self::of(&template.0["Conditions"][name.as_str()]);
            &read.parameters | &read.deciding(template)
        });
        conditions.flatten().collect()
    }
}

#[test]
fn functions_run_behind_the_alias_live() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        assert_eq!(template.global("AutoPublishAlias"), "live");
        let function = template.resource(logical_id);
        assert_eq!(function["AutoPublishAliasAllProperties"], true, "{name}");
    }
}

/// SAM compares the template, not what it comes to. The transform before it puts in the values of
/// parameters, but does not choose between the parts of an `!If`.
#[test]
fn every_parameter_of_a_function_is_in_what_sam_compares() {
    let transforms = ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"];
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        assert_eq!(template.listed(&template.0["Transform"]), super::set(transforms));
        assert_eq!(template.0["Transform"][0], transforms[0], "the order counts");
        let globals = &template.0["Globals"]["Function"];
        let both = Value::Sequence(vec![globals.clone(), template.resource(logical_id).clone()]);
        let read = Read::of(&both);
        let switch = format!("{logical_id}Enabled");
        let deciding: BTreeSet<_> = read.deciding(&template).into_iter().collect();
        let unseen: Vec<_> =
            deciding.difference(&read.parameters).filter(|one| **one != switch).collect();
        assert!(unseen.is_empty(), "{name}: {unseen:?}");
    }
}

#[test]
fn what_is_not_in_a_version_changes_the_description_too() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        let globals = &template.0["Globals"]["Function"];
        let described = Read::of(&template.resource(logical_id)["Description"]).parameters;
        for property in NOT_IN_A_VERSION {
            let read = Read::of(&globals[property]).parameters;
            let read: BTreeSet<_> = read.into_iter().filter(|it| it != "AWS::NoValue").collect();
            assert!(!read.is_empty() && read.is_subset(&described), "{name}: {property}");
        }
    }
}

#[test]
fn gradual_deployment_is_off_and_stops_on_the_alarms_of_the_function() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        let preference = template.global("DeploymentPreference");
        assert_eq!(template.resolved(&preference["Enabled"]), "false");
        assert_eq!(plain(&preference["Type"]), "Canary10Percent5Minutes");
        let alarms = &template.resource(logical_id)["DeploymentPreference"]["Alarms"];
        let errors = format!("${{AWS::StackName}}-{name}-errors");
        assert_eq!(template.listed(alarms), super::set([&errors, "ServerErrorsAlarm"]), "{name}");
    }
}
