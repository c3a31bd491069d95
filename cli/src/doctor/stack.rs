//! What is deployed, and where: from the stack's outputs, or by hand.

use std::collections::BTreeMap;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A deployed stack. Each part has the name of an output in `template.yaml`.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Stack, overriding its outputs")]
#[serde(rename_all = "PascalCase", default)]
pub struct Stack {
    /// The version of the release that is deployed.
    #[arg(long, value_name = "VERSION")]
    pub stack_version: Option<String>,
    /// The URL of mandrill-welcome.
    #[arg(long, value_name = "URL")]
    pub mandrill_welcome_url: Option<String>,
    /// The URL of segment-identify.
    #[arg(long, value_name = "URL")]
    pub segment_identify_url: Option<String>,
    /// The URL of mailchimp-inbound, without `?secret=`.
    #[arg(long, value_name = "URL")]
    pub mailchimp_inbound_url: Option<String>,
    /// The URL of mailchimp-subscribe.
    #[arg(long, value_name = "URL")]
    pub mailchimp_subscribe_url: Option<String>,
    /// The URL of a relay.
    #[arg(long, value_name = "URL")]
    pub relay_url: Option<String>,
    /// The preset of the relay.
    #[arg(long, value_name = "NAME")]
    pub relay_preset: Option<String>,
    /// The origin of the vendor of the relay (default: that of the preset).
    #[arg(long, value_name = "URL")]
    pub relay_origin: Option<String>,
    /// How the relay authenticates at the vendor (default: as the preset says).
    #[arg(long, value_name = "HOW")]
    pub relay_auth: Option<String>,
    /// What the relay does after a call in doubt, repeat or hold (default: as the preset says).
    #[arg(long, value_name = "WORD")]
    pub relay_on_in_doubt: Option<String>,
    /// The name or ARN of the secret that the vendor of the relay wants.
    #[arg(long, value_name = "ID")]
    pub relay_secret_id: Option<String>,
    /// The idempotency store.
    #[arg(long, value_name = "NAME")]
    pub records_table: Option<String>,
    /// The URL of mandrill-inbound.
    #[arg(long, value_name = "URL")]
    pub mandrill_inbound_url: Option<String>,
    /// The URL of the webhook at Mandrill, as it was entered there (`MANDRILL_WEBHOOK_URL`).
    #[arg(long, value_name = "URL")]
    pub mandrill_webhook_url: Option<String>,
    /// The name or ARN of the secret with the key of the webhook at Mandrill.
    #[arg(long, value_name = "ID")]
    pub mandrill_webhook_secret_id: Option<String>,
    /// The sender of the welcome email (`FROM_EMAIL`).
    #[arg(long, value_name = "ADDRESS")]
    pub from_email: Option<String>,
    /// The ids of the lists that mailchimp-inbound accepts, separated by commas (default: any).
    #[arg(long, value_name = "IDS")]
    pub mailchimp_lists: Option<String>,
    /// The id of the list that mailchimp-subscribe writes.
    #[arg(long, value_name = "ID")]
    pub mailchimp_list_id: Option<String>,
    /// The name or ARN of the secret with the Mailchimp Marketing API key.
    #[arg(long, value_name = "ID")]
    pub mailchimp_secret_id: Option<String>,
    /// The name or ARN of the secret with the Ory webhook key.
    #[arg(long, value_name = "ID")]
    pub ory_webhook_secret_id: Option<String>,
    /// The name or ARN of the secret with the Mailchimp webhook key.
    #[arg(long, value_name = "ID")]
    pub mailchimp_webhook_secret_id: Option<String>,
    /// The name or ARN of the secret with the Mailchimp signing key.
    #[arg(long, value_name = "ID")]
    pub mailchimp_signing_secret_id: Option<String>,
    /// The name or ARN of the secret with the Mandrill API key.
    #[arg(long, value_name = "ID")]
    pub mandrill_secret_id: Option<String>,
    /// The name or ARN of the secret with the Segment write key.
    #[arg(long, value_name = "ID")]
    pub segment_secret_id: Option<String>,
    /// The name or ARN of the secret with the Ory token.
    #[arg(long, value_name = "ID")]
    pub ory_secret_id: Option<String>,
    /// The ARN of the topic that receives the alarms.
    #[arg(long, value_name = "ARN")]
    pub alarm_topic_arn: Option<String>,
    /// The header or cookie with the Ory webhook key (default: Authorization).
    #[arg(long, value_name = "NAME")]
    pub webhook_api_key_name: Option<String>,
    /// The root of the Mandrill API.
    #[arg(long, value_name = "URL", env = "MANDRILL_URL")]
    pub mandrill_url: Option<String>,
    /// The root of the Segment API, in the region of the workspace.
    #[arg(long, value_name = "URL", env = "SEGMENT_URL")]
    pub segment_url: Option<String>,
    /// The root of the Segment API with the settings of a source.
    #[arg(long, value_name = "URL", env = "SEGMENT_CDN_URL")]
    pub segment_cdn_url: Option<String>,
    /// The root of the Ory admin API, without `/admin`.
    #[arg(long, value_name = "URL", env = "ORY_URL")]
    pub ory_url: Option<String>,
    /// The root of the Mailchimp Marketing API (default: the data center of the key).
    #[arg(long, value_name = "URL", env = "MAILCHIMP_URL")]
    pub mailchimp_url: Option<String>,
}

/// The outputs cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read the outputs: expected the output of `sam list stack-outputs --stack-name NAME \
     --output json`"
)]
pub struct OutputsError(#[from] serde_json::Error);

/// One output, as SAM prints it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

/// The outputs of a stack by their names.
///
/// # Errors
/// Where they are not what SAM prints.
pub(crate) fn read(outputs: &[u8]) -> Result<BTreeMap<String, String>, OutputsError> {
    let outputs: Vec<Output> = serde_json::from_slice(outputs)?;
    Ok(outputs.into_iter().map(|one| (one.output_key, one.output_value)).collect())
}

impl Stack {
    /// This stack, with the outputs of a deployed one for all that is not said here. Outputs that
    /// no check needs are passed over.
    ///
    /// # Errors
    /// Where they are not what SAM prints.
    pub fn or_outputs(self, outputs: &[u8]) -> Result<Self, OutputsError> {
        let deployed = read(outputs)?.into_iter();
        let mut parts: Map<_, _> = deployed.map(|(name, text)| (name, text.into())).collect();
        if let Value::Object(said) = serde_json::to_value(self)? {
            parts.extend(said.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Ok(serde_json::from_value(parts.into())?)
    }

    /// The region that the ARNs of its secrets name: who deploys need not have it in the
    /// environment.
    pub fn region(&self) -> Option<&str> {
        let ids = [
            &self.mandrill_secret_id,
            &self.segment_secret_id,
            &self.ory_webhook_secret_id,
            &self.mailchimp_webhook_secret_id,
            &self.mailchimp_secret_id,
            &self.relay_secret_id,
            &self.mandrill_webhook_secret_id,
        ];
        let arns = ids.into_iter().flatten().filter(|id| id.starts_with("arn:"));
        arns.filter_map(|arn| arn.split(':').nth(3)).find(|region| !region.is_empty())
    }

    /// Whether any function of it is known.
    pub fn has_functions(&self) -> bool {
        let urls = [
            &self.mandrill_welcome_url,
            &self.segment_identify_url,
            &self.mailchimp_inbound_url,
            &self.mailchimp_subscribe_url,
            &self.relay_url,
            &self.mandrill_inbound_url,
        ];
        urls.iter().any(|url| url.is_some())
    }

    /// Whether it is the stack of a relay, which has no other function.
    pub(super) fn is_relay(&self) -> bool {
        self.relay_url.is_some()
    }
}

/// The flag that names a part: that of an output, in the manner of the command line.
pub(super) fn flag(output: &str) -> String {
    let mut flag = "-".to_owned();
    for letter in output.chars() {
        if letter.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(letter.to_ascii_lowercase());
    }
    flag
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        stack: Stack,
    }

    #[test]
    fn flags_override_the_stack_outputs() {
        let outputs = json!([
            {"OutputKey": "MandrillWelcomeUrl", "OutputValue": "https://a/", "Description": ""},
            {"OutputKey": "MandrillSecretId", "OutputValue": "told", "Description": ""},
            {"OutputKey": "AlarmTopicArn", "OutputValue": "arn", "Description": ""},
            {"OutputKey": "Dashboard", "OutputValue": "https://b/", "Description": ""},
        ]);
        let said = Stack { mandrill_secret_id: Some("said".to_owned()), ..Stack::default() };
        let stack = said.or_outputs(outputs.to_string().as_bytes()).unwrap();
        let expected = Stack {
            mandrill_welcome_url: Some("https://a/".to_owned()),
            mandrill_secret_id: Some("said".to_owned()),
            alarm_topic_arn: Some("arn".to_owned()),
            ..Stack::default()
        };
        assert_eq!(stack, expected);
        assert!(stack.has_functions() && !Stack::default().has_functions());
    }

    #[test]
    fn region_is_read_from_the_secret_arns() {
        let arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:Segment-AbCdEf";
        let table = [(None, None), (Some("a-name"), None), (Some(arn), Some("eu-central-1"))];
        for (id, region) in table {
            let segment_secret_id = id.map(str::to_owned);
            assert_eq!(Stack { segment_secret_id, ..Stack::default() }.region(), region);
        }
    }

    #[test]
    fn only_sam_list_output_is_accepted() {
        for outputs in ["", "{}", "[1]", r#"[{"OutputKey":"a"}]"#, r#"{"Stacks":[]}"#] {
            assert!(Stack::default().or_outputs(outputs.as_bytes()).is_err(), "{outputs}");
        }
    }

    #[test]
    fn every_stack_part_has_a_flag() {
        let parts = serde_json::to_value(Stack::default()).unwrap();
        let command = Cli::command();
        for part in parts.as_object().unwrap().keys() {
            let flag = flag(part);
            let known = command.get_arguments().filter_map(|argument| argument.get_long());
            assert!(known.map(|long| format!("--{long}")).any(|long| long == flag), "{flag}");
        }
    }
}
