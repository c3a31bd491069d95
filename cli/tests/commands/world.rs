//! The local stack as one that is deployed, its secrets all canaries, and the program that looks at
//! it.

use std::{collections::BTreeMap, process::Stdio};

use ory_actions::{
    action::{Caller, Format, Function, Key, Project, Wish, print},
    ory::{Flow, Method},
    stack::Stack,
    world::PortNumbers,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

/// Stands in every secret.
pub(crate) const CANARY: &str = "canary";

pub(crate) const MANDRILL_KEY: &str = "md-canary-0123456789ab";
const WRITE_KEY: &str = "canary0123456789canary0123456789";
const ORY_TOKEN: &str = "ory_pat_canary";
const WEBHOOK_KEY: &str = "canary-webhook-key";
const MAILCHIMP_SECRET: &str = "canary-mailchimp-secret";

/// What the program did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A stack that is well, to be broken.
pub(crate) struct World {
    pub(crate) stack: Stack,
    /// The sender that is told, if one is.
    pub(crate) from: Option<&'static str>,
    /// Where Ory's hooks point, if not at the functions.
    pub(crate) hook_url: Option<&'static str>,
    /// One more hook, for all methods of a registration.
    pub(crate) extra_hook: Option<Value>,
    /// Instead of a configuration with these hooks.
    pub(crate) ory_config: Option<String>,
    outputs: BTreeMap<&'static str, String>,
    environment: BTreeMap<&'static str, String>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let stack = Stack::start(PortNumbers::default()).await.unwrap();
        let around = &stack.surroundings;
        for (id, secret) in [
            ("mandrill", MANDRILL_KEY),
            ("segment", WRITE_KEY),
            ("ory", ORY_TOKEN),
            ("webhook", WEBHOOK_KEY),
            ("mailchimp", MAILCHIMP_SECRET),
        ] {
            around.secrets.put(&format!("ory-actions/{id}"), secret);
        }
        around.mandrill.set_key(MANDRILL_KEY);
        around.mandrill.set_domain("shop.test", true);
        around.segment.set_write_key(WRITE_KEY);
        let segment_host = around.segment.url();
        around.segment.set_api_host(segment_host.trim_start_matches("http://"));
        around.ory.set_token(Some(ORY_TOKEN));
        let outputs = [
            ("MandrillWelcomeUrl", stack.function_url("mandrill-welcome")),
            ("SegmentIdentifyUrl", stack.function_url("segment-identify")),
            ("MailchimpInboundUrl", stack.function_url("mailchimp-inbound")),
            ("OryWebhookSecretId", "ory-actions/webhook".to_owned()),
            ("MailchimpWebhookSecretId", "ory-actions/mailchimp".to_owned()),
            ("MandrillSecretId", "ory-actions/mandrill".to_owned()),
            ("SegmentSecretId", "ory-actions/segment".to_owned()),
            ("OrySecretId", "ory-actions/ory".to_owned()),
            ("WebhookApiKeyName", "Authorization".to_owned()),
            ("OryUrl", around.ory.url()),
            ("AlarmTopicArn", "arn:aws:sns:us-east-1:000000000000:alarms".to_owned()),
        ];
        let environment = [
            ("AWS_ENDPOINT_URL", around.secrets.url()),
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("MANDRILL_URL", around.mandrill.url()),
            ("SEGMENT_URL", around.segment.url()),
            ("SEGMENT_CDN_URL", around.segment.url()),
        ];
        Self {
            stack,
            from: Some("hello@shop.test"),
            hook_url: None,
            extra_hook: None,
            ory_config: None,
            outputs: outputs.into(),
            environment: environment.into(),
        }
    }

    /// Gives a secret another value.
    pub(crate) fn secret(&self, id: &str, value: &str) {
        self.stack.surroundings.secrets.put(id, value);
    }

    /// Gives the stack another output.
    pub(crate) fn output(&mut self, name: &'static str, value: &str) {
        self.outputs.insert(name, value.to_owned());
    }

    /// Takes away a variable.
    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.environment.remove(variable);
        self
    }

    /// Lets `doctor` look at it. Whatever comes of that, no secret is in it.
    pub(crate) async fn examine(&self, arguments: &[&str]) -> Done {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let row = |(key, value): (&&str, &String)| json!({"OutputKey": key, "OutputValue": value, "Description": ""});
        let outputs: Value = self.outputs.iter().map(row).collect();
        let outputs = write("outputs.json", outputs.to_string());
        let config = self.ory_config.clone().unwrap_or_else(|| self.config().to_string());
        let config = write("ory.yaml", config);
        let mut all = vec!["doctor", "--outputs", &outputs, "--ory-config", &config];
        if let Some(from) = self.from {
            all.extend(["--from", from]);
        }
        all.extend(arguments);
        run(&all, &self.environment()).await
    }

    /// The outputs, as SAM prints them.
    pub(crate) fn told_by_sam(&self) -> Value {
        let row = |(key, value): (&&str, &String)| json!({"OutputKey": key, "OutputValue": value, "Description": ""});
        self.outputs.iter().map(row).collect()
    }

    /// In which the program finds the stand-ins.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Hooks of Ory's that call the functions, with the key that they present.
    pub(crate) fn config(&self) -> Value {
        let urls =
            ["mandrill-welcome", "segment-identify"].map(|name| self.stack.function_url(name));
        let hooks = urls.map(|url| hook(self.hook_url.map_or(url, str::to_owned)));
        let flows = json!({"registration": {"after": {
            "password": {"hooks": hooks}, "hooks": self.extra_hook.as_slice(),
        }}});
        json!({"selfservice": {"flows": flows}})
    }
}

/// What `action` prints for this URL, whatever the function.
fn hook(url: String) -> Value {
    let methods = vec![Method::Password];
    let (function, flow) = (Function::MandrillWelcome, Flow::Registration);
    let places = Wish { function, flow, methods, parse: false }.places().unwrap();
    let caller = Caller { url, api_key_name: "Authorization".to_owned() };
    let key = Key::Value(WEBHOOK_KEY.to_owned());
    let nobody = Project { project: String::new(), workspace: String::new() };
    let printed = print(Format::Json, &places, &caller, &key, &nobody).unwrap();
    serde_json::from_str(&printed).unwrap()
}

/// Runs the program in this environment and no other.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    done(command).await
}

/// What came of a program that tells no secret.
pub(crate) async fn done(mut command: Command) -> Done {
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    for told in [&stdout, &stderr] {
        assert!(!told.contains(CANARY), "{told}");
    }
    Done { status: output.status.code(), stdout, stderr }
}
