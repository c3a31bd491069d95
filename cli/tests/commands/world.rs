//! The local stack as one that is deployed, its secrets all canaries, and the program that looks at
//! it.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Arc, Mutex},
};

use fakes::{
    FakeMailchimp,
    mailchimp::MergeField,
    server::{FakeReply, Server},
};
use lint::kratos::{Flow, Method};
use ory_actions::{
    action::{Caller, Format, Key, OryFunction, Project, Wish, print},
    up::local::{LocalStack, Mode, PortNumbers},
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
pub(crate) const MAILCHIMP_KEY: &str = "canary0123456789-us6";

/// What the program did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A stack that is well, to be broken.
pub(crate) struct World {
    pub(crate) stack: LocalStack,
    /// Where Ory's hooks point, if not at the functions.
    pub(crate) hook_url: Option<&'static str>,
    /// One more hook, for all methods of a registration.
    pub(crate) extra_hook: Option<Value>,
    /// Instead of a configuration with these hooks.
    pub(crate) ory_config: Option<String>,
    /// How many receivers of the alarms are confirmed, and how many are not.
    receivers: Arc<Mutex<(u32, u32)>>,
    /// The topic of the alarms.
    _sns: Server,
    /// Mailchimp Marketing.
    pub(crate) mailchimp: FakeMailchimp,
    outputs: BTreeMap<&'static str, String>,
    environment: BTreeMap<&'static str, String>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
        let around = &stack.fakes;
        for (id, secret) in [
            ("mandrill", MANDRILL_KEY),
            ("segment", WRITE_KEY),
            ("ory", ORY_TOKEN),
            ("webhook", WEBHOOK_KEY),
            ("mailchimp", MAILCHIMP_SECRET),
        ] {
            around.put_secret(&format!("ory-actions/{id}"), secret);
        }
        around.mandrill.set_key(MANDRILL_KEY);
        around.mandrill.set_domain("shop.test", true);
        around.segment.set_write_key(WRITE_KEY);
        let segment_host = around.segment.url();
        around.segment.set_api_host(segment_host.trim_start_matches("http://"));
        around.ory.set_token(Some(ORY_TOKEN));
        let mailchimp = mailchimp(&stack.function_url("mailchimp-inbound")).await;
        let receivers = Arc::new(Mutex::new((1, 0)));
        let sns = sns(receivers.clone()).await;
        let outputs = [
            ("StackVersion", env!("CARGO_PKG_VERSION").to_owned()),
            ("MandrillWelcomeUrl", stack.function_url("mandrill-welcome")),
            ("SegmentIdentifyUrl", stack.function_url("segment-identify")),
            ("MailchimpInboundUrl", stack.function_url("mailchimp-inbound")),
            ("OryWebhookSecretId", "ory-actions/webhook".to_owned()),
            ("MailchimpWebhookSecretId", "ory-actions/mailchimp".to_owned()),
            ("FromEmail", "hello@shop.test".to_owned()),
            ("MandrillSecretId", "ory-actions/mandrill".to_owned()),
            ("SegmentSecretId", "ory-actions/segment".to_owned()),
            ("OrySecretId", "ory-actions/ory".to_owned()),
            ("WebhookApiKeyName", "Authorization".to_owned()),
            ("OryUrl", around.ory.url()),
            ("MailchimpLists", "a6b5da1054".to_owned()),
            ("AlarmTopicArn", "arn:aws:sns:us-east-1:000000000000:alarms".to_owned()),
        ];
        let environment = [
            ("AWS_ENDPOINT_URL", around.secrets_manager.url()),
            ("AWS_ENDPOINT_URL_SNS", sns.url()),
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("MANDRILL_URL", around.mandrill.url()),
            ("SEGMENT_URL", around.segment.url()),
            ("SEGMENT_CDN_URL", around.segment.url()),
            ("MAILCHIMP_URL", mailchimp.url()),
            ("MAILCHIMP_API_KEY", MAILCHIMP_KEY.to_owned()),
        ];
        Self {
            stack,
            hook_url: None,
            extra_hook: None,
            ory_config: None,
            receivers,
            _sns: sns,
            mailchimp,
            outputs: outputs.into(),
            environment: environment.into(),
        }
    }

    /// Gives a secret another value.
    pub(crate) fn secret(&self, id: &str, value: &str) {
        self.stack.fakes.put_secret(id, value);
    }

    /// Says who receives the alarms: how many are confirmed, and how many are not.
    pub(crate) fn receivers(&self, confirmed: u32, pending: u32) {
        *self.receivers.lock().unwrap() = (confirmed, pending);
    }

    /// Gives the stack another output.
    pub(crate) fn output(&mut self, name: &'static str, value: &str) {
        self.outputs.insert(name, value.to_owned());
    }

    /// Takes away all outputs but these.
    pub(crate) fn no_output_but(&mut self, names: &[&str]) {
        self.outputs.retain(|name, _| names.contains(name));
    }

    /// Takes away an output.
    pub(crate) fn no_output(&mut self, name: &str) {
        self.outputs.remove(name);
    }

    /// Gives a variable another value.
    pub(crate) fn variable(&mut self, name: &'static str, value: &str) {
        self.environment.insert(name, value.to_owned());
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
        all.extend(arguments);
        run(&all, &self.environment()).await
    }

    /// The outputs, as SAM prints them.
    pub(crate) fn told_by_sam(&self) -> Value {
        let row = |(key, value): (&&str, &String)| json!({"OutputKey": key, "OutputValue": value, "Description": ""});
        self.outputs.iter().map(row).collect()
    }

    /// In which the program finds the fakes.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Hooks of Ory's that call the functions, with the key that they present.
    pub(crate) fn config(&self) -> Value {
        // Kratos refuses a list with two equal hooks.
        let hooks = ["mandrill-welcome", "segment-identify"].map(|name| {
            let elsewhere = self.hook_url.map(|url| format!("{url}{name}/"));
            hook(elsewhere.unwrap_or_else(|| self.stack.function_url(name)))
        });
        let flows = json!({"registration": {"after": {
            "password": {"hooks": hooks}, "hooks": self.extra_hook.as_slice(),
        }}});
        json!({"selfservice": {"flows": flows}})
    }
}

/// Tells who receives the alarms, as SNS does.
async fn sns(receivers: Arc<Mutex<(u32, u32)>>) -> Server {
    let serve = move |_: http::Request<bytes::Bytes>| {
        let (confirmed, pending) = *receivers.lock().unwrap();
        let entry = |name, count| format!("<entry><key>{name}</key><value>{count}</value></entry>");
        let entries =
            entry("SubscriptionsConfirmed", confirmed) + &entry("SubscriptionsPending", pending);
        let body = format!(
            "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes>{entries}\
             </Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>"
        );
        std::future::ready(FakeReply::text(200, "text/xml", body))
    };
    Server::start(0, serve).await.unwrap()
}

/// Mailchimp Marketing, with one list, whose webhook calls the function.
async fn mailchimp(function_url: &str) -> FakeMailchimp {
    let mailchimp = FakeMailchimp::start(0, MAILCHIMP_KEY).await.unwrap();
    mailchimp.audience(|list| {
        list.put_webhook(&format!("{function_url}?secret={MAILCHIMP_SECRET}"));
        list.put_merge_field(MergeField { is_public: false, ..MergeField::new("ORY_ID", "text") });
    });
    mailchimp
}

/// What `action` prints for this URL, whatever the function.
fn hook(url: String) -> Value {
    let methods = vec![Method::Password];
    let (function, flow) = (OryFunction::MandrillWelcome, Flow::Registration);
    let places = Wish { function, flow, methods, parse: false }.places().unwrap();
    let caller = Caller { function, url, api_key_name: "Authorization".to_owned() };
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
