//! The template that `sam deploy` has uploaded, to be broken.

use std::fs;

use serde_json::{Map, Value, json};

use super::{checks::Failure, cloud::Cloud};

/// Where templates lie from which stacks are made.
const BUCKET: &str = "templates";

/// A template whose code lies in a bucket.
#[derive(Clone)]
pub(super) struct Template(Value);

impl Template {
    /// The one from which a stack was made.
    pub(super) async fn of(cloud: &Cloud, stack: &str) -> Result<Self, Failure> {
        cloud.shell(&format!("aws s3 mb s3://{BUCKET}")).await?;
        let command = "cloudformation get-template --template-stage Original --stack-name";
        let told = cloud.aws(&format!("{command} {stack}")).await?;
        Ok(Self(match &told["TemplateBody"] {
            Value::String(yaml) => yaml_serde::from_str(yaml).unwrap(),
            body => body.clone(),
        }))
    }

    /// The properties of a resource.
    pub(super) fn properties(&mut self, logical_id: &str) -> &mut Value {
        let resource = &mut self.0["Resources"][logical_id];
        assert!(resource.is_object(), "no resource {logical_id}");
        &mut resource["Properties"]
    }

    /// A resource with all its attributes.
    pub(super) fn resource(&mut self, logical_id: &str) -> &mut Value {
        &mut self.0["Resources"][logical_id]
    }

    /// What all functions have.
    pub(super) fn globals(&mut self) -> &mut Map<String, Value> {
        self.0["Globals"]["Function"].as_object_mut().unwrap()
    }

    /// An output's value.
    pub(super) fn output(&mut self, name: &str) -> &mut Value {
        &mut self.0["Outputs"][name]["Value"]
    }

    /// A variable of a function.
    pub(super) fn variable(&mut self, function: &str, name: &str) -> &mut Value {
        &mut self.properties(function)["Environment"]["Variables"][name]
    }

    /// Takes an action out of a role.
    pub(super) fn forbid(&mut self, role: &str, action: &str) {
        let statements = &mut self.properties(role)["Policies"][0]["PolicyDocument"]["Statement"];
        let mut removed = 0;
        for statement in statements.as_array_mut().unwrap() {
            let actions = &mut statement["Action"];
            if actions.is_string() {
                *actions = json!([actions]);
            }
            let Some(actions) = actions.as_array_mut() else { continue };
            let before = actions.len();
            actions.retain(|one| one != action);
            removed += before - actions.len();
            if actions.is_empty() {
                actions.push(json!("sts:GetCallerIdentity"));
            }
        }
        assert_eq!(removed, 1, "{role} has no {action}");
    }

    /// Makes a stack of it.
    pub(super) async fn deploy(
        &self,
        cloud: &Cloud,
        stack: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let file = cloud.file(&format!("{stack}.json"));
        fs::write(&file, self.0.to_string()).unwrap();
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("ParameterKey={name},ParameterValue={value}"))
            .collect();
        // Too large to be passed as an argument of the call.
        let command = format!(
            "aws s3 cp --quiet {file} s3://{BUCKET}/{stack}.json
             aws cloudformation create-stack --stack-name {stack} \
               --template-url {url}/{BUCKET}/{stack}.json \
               --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameters {parameters}",
            file = file.display(),
            url = cloud.url(),
            parameters = parameters.join(" "),
        );
        cloud.shell(&command).await?;
        Ok(())
    }
}
