//! One stack in the cloud.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_lambda::types::Environment;
use aws_sdk_sqs::types::QueueAttributeName;
use integration::sign_up::random_id;
use serde_json::Value;
use shared::http::{Client, Http};
use uuid::Uuid;

use super::{
    checks::{Failure, check, soon},
    cloud::{Cloud, REGION},
    functions::Function,
    vendors::{MAILCHIMP_KEY, MANDRILL_KEY, MANDRILL_WEBHOOK_KEY, ORY_TOKEN, SEGMENT_KEY, Vendors},
};
use crate::aws::sdk_of;

/// How often a caller calls again after a 503.
const RETRIES: u32 = 2;

/// What callers present.
#[derive(Clone)]
pub(super) struct Callers {
    pub(super) ory: String,
    pub(super) mailchimp: String,
    /// By which Mandrill signs.
    pub(super) mandrill: String,
    /// The URL of the webhook at Mandrill, which it signs too.
    pub(super) entered: String,
}

/// A deployed stack.
pub(super) struct Stack<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) name: String,
    pub(super) outputs: BTreeMap<String, String>,
    resources: BTreeMap<String, String>,
}

impl<'a> Stack<'a> {
    /// The stack of this name.
    pub(super) async fn read(cloud: &'a Cloud, name: &str) -> Result<Self, Failure> {
        let stack = settled(cloud, name).await?;
        let status = stack["StackStatus"].as_str().unwrap_or_default();
        let is_there = ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status);
        check("stack is deployed", is_there, &stack)?;
        let told = format!("cloudformation describe-stack-resources --stack-name {name}");
        let resources = cloud.aws(&told).await?;
        Ok(Self {
            cloud,
            name: name.to_owned(),
            outputs: pairs(&stack["Outputs"], "OutputKey", "OutputValue"),
            resources: pairs(
                &resources["StackResources"],
                "LogicalResourceId",
                "PhysicalResourceId",
            ),
        })
    }

    /// What AWS calls a resource of the template.
    pub(super) fn resource(&self, logical_id: &str) -> &str {
        self.resources.get(logical_id).map_or("", String::as_str)
    }

    /// What AWS calls the resources whose names in the template begin like this.
    pub(super) fn resources_of(&self, beginning: &str) -> Vec<&str> {
        let of_it =
            self.resources.iter().filter(|(logical_id, _)| logical_id.starts_with(beginning));
        of_it.map(|(_, name)| name.as_str()).collect()
    }

    /// An output of the stack, or of one of its functions.
    pub(super) fn output(&self, name: &str) -> Result<&str, Failure> {
        let value = self.outputs.get(name).map(String::as_str);
        check("stack has its outputs", value.is_some(), format!("no {name}"))?;
        Ok(value.unwrap_or_default())
    }

    /// Runs the command in an output, with real keys where it says `YOUR-…`.
    pub(super) async fn run_output(&self, name: &str) -> Result<String, Failure> {
        let command = self.output(name)?;
        let keys = [
            ("YOUR-MANDRILL-KEY", MANDRILL_KEY),
            ("YOUR-SEGMENT-WRITE-KEY", SEGMENT_KEY),
            ("YOUR-ORY-TOKEN", ORY_TOKEN),
            ("YOUR-MAILCHIMP-KEY", MAILCHIMP_KEY),
            ("YOUR-WEBHOOK-KEY", MANDRILL_WEBHOOK_KEY),
        ];
        let command = keys.iter().fold(command.to_owned(), |all, (from, to)| all.replace(from, to));
        self.cloud.shell(&command).await
    }

    /// What the callers of this stack present, by the commands in its outputs.
    pub(super) async fn callers(&self) -> Result<Callers, Failure> {
        Ok(Callers {
            ory: self.ory_key().await?,
            mailchimp: self.generated("NextReadMailchimpSecret", "secret").await?,
            mandrill: MANDRILL_WEBHOOK_KEY.to_owned(),
            entered: self.entered(),
        })
    }

    /// The URL of the webhook at Mandrill; empty if the stack knows none.
    pub(super) fn entered(&self) -> String {
        self.outputs.get("MandrillWebhookUrl").cloned().unwrap_or_default()
    }

    /// What Ory presents, by the command in the outputs.
    pub(super) async fn ory_key(&self) -> Result<String, Failure> {
        self.generated("NextReadOryWebhookKey", "api_key").await
    }

    /// A generated key, by the command in an output.
    async fn generated(&self, output: &str, field: &str) -> Result<String, Failure> {
        let secret: Value = serde_json::from_str(&self.run_output(output).await?).unwrap();
        let key = secret[field].as_str().unwrap().to_owned();
        let is_plain = key.len() == 40 && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        check("generated key is 40 letters and digits", is_plain, key.len())?;
        Ok(key)
    }

    /// Where a function is reached here: the emulator serves the URLs of all functions itself.
    pub(super) fn url(&self, function: Function) -> Result<String, Failure> {
        self.url_of(function.logical_id())
    }

    /// The same of a function by its name in the template.
    pub(super) fn url_of(&self, logical_id: &str) -> Result<String, Failure> {
        let url = self.output(&format!("{logical_id}Url"))?;
        let id = url.trim_start_matches("https://").split('.').next().unwrap_or_default();
        Ok(format!("{}/_aws/lambda-url/{id}/", self.cloud.url()))
    }

    /// Calls a function about a person; the status and the body of its answer.
    pub(super) async fn call(
        &self,
        function: Function,
        person: Uuid,
        callers: &Callers,
    ) -> Result<(u16, Value), Failure> {
        let request = function.webhook(&self.url(function)?, person, callers);
        let answer = Client::new().unwrap().send(request).await.unwrap();
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// Sends the webhook of somebody new, which the function must take.
    pub(super) async fn send(
        &self,
        function: Function,
        vendors: &Vendors,
        callers: &Callers,
    ) -> Result<Uuid, Failure> {
        let person = random_id();
        function.prepare(person, vendors);
        let (mut status, mut body) = self.call(function, person, callers).await?;
        // As all callers do: on a busy machine, the emulator can take longer than an answer may.
        for _ in 0..RETRIES {
            if status == 503 {
                (status, body) = self.call(function, person, callers).await?;
            }
        }
        let is_accepted = body["status"] == "accepted";
        check("event is accepted", is_accepted, format!("{function:?}: {status} {body}"))?;
        Ok(person)
    }

    /// Points a function at the vendors, as no parameter can. It takes effect with a new version.
    pub(super) async fn set_vendors(&self, function: Function, vendors: &Vendors) {
        let of_vendors = vendors.variables();
        self.change_variables(function.logical_id(), |variables| {
            for (variable, url) in of_vendors {
                if let Some(value) = variables.get_mut(variable) {
                    *value = url;
                }
            }
        })
        .await;
    }

    /// Changes the variables of a function past CloudFormation. It takes effect with a new version.
    pub(super) async fn change_variables(
        &self,
        logical_id: &str,
        change: impl FnOnce(&mut HashMap<String, String>),
    ) {
        let lambda = self.lambda();
        let name = self.resource(logical_id);
        let told = lambda.get_function_configuration().function_name(name).send().await.unwrap();
        let environment = told.environment().and_then(|it| it.variables()).cloned();
        let mut variables = environment.unwrap_or_default();
        change(&mut variables);
        let environment = Environment::builder().set_variables(Some(variables)).build();
        let update = lambda.update_function_configuration().function_name(name);
        update.environment(environment).send().await.unwrap();
    }

    /// How many messages a queue holds, received ones included.
    pub(super) async fn messages(&self, queue_url: &str) -> usize {
        let asked = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.sqs().get_queue_attributes().queue_url(queue_url);
        let told = ask.set_attribute_names(Some(asked.to_vec())).send().await.unwrap();
        let counts = told.attributes.unwrap_or_default();
        counts.values().filter_map(|count| count.parse::<usize>().ok()).sum()
    }

    pub(super) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&sdk_of("test", REGION, &self.cloud.url()))
    }

    pub(super) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&sdk_of("test", REGION, &self.cloud.url()))
    }

    pub(super) fn dynamo_db(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&sdk_of("test", REGION, &self.cloud.url()))
    }
}

/// A stack at which nothing changes any more.
async fn settled(cloud: &Cloud, name: &str) -> Result<Value, Failure> {
    let command = format!("cloudformation describe-stacks --stack-name {name}");
    let mut stack = Value::Null;
    soon("stack settles", async || {
        stack = cloud.aws(&command).await?["Stacks"][0].take();
        Ok(!stack["StackStatus"].as_str().unwrap_or_default().ends_with("IN_PROGRESS"))
    })
    .await?;
    Ok(stack)
}

fn pairs(list: &Value, key: &str, value: &str) -> BTreeMap<String, String> {
    let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
    let list = list.as_array().into_iter().flatten();
    list.map(|one| (text(one, key), text(one, value))).collect()
}
