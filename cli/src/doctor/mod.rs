//! `doctor` checks a deployed stack: its secrets, the vendors, its functions and the Ory webhooks.
//!
//! Plain functions judge the responses, one file per subject; [`Reach`] makes the calls. No call
//! has an effect that a person could see, and no finding contains a secret.

mod audience;
mod callers;
mod examine;
mod finding;
mod function;
mod hooks;
mod keys;
mod lists;
mod mailchimp;
mod mandrill;
mod mandrill_inbound;
mod ory;
mod reach;
mod records;
mod relay;
mod segment;
mod sender;
pub(crate) mod stack;
mod table;
mod topic;
mod unexpected;
mod version;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use shared::{aws::Aws, http::Client, secrets::AwsSecrets, template::Source};

pub use examine::{Examined, examine};
pub use finding::{CheckResult, Verdict};
pub use hooks::OryConfig;
pub use reach::Reach;
pub use records::{DynamoDb, Tables};
pub use sender::Sender;
pub use stack::{OutputsError, Stack};
pub use topic::{Sns, Subscriptions, Topics};

use crate::{
    command::Done, exit::InvalidInput, format::Format, input, mailchimp_key, mandrill_webhook,
    output, terminal,
};

const EXAMPLES: &str = "\
Examples:
  aws cloudformation describe-stacks --stack-name ory-actions \\
    --query 'Stacks[0].Outputs' --output json > outputs.json
  ory-actions doctor --outputs outputs.json

  # also check the webhooks of the Ory project
  ory get identity-config --project PROJECT-ID --workspace WORKSPACE-ID \\
    --format yaml | ory-actions doctor --outputs outputs.json --ory-config -

  # also check the lists and webhooks in Mailchimp, with a Marketing API key
  MAILCHIMP_API_KEY=… ory-actions doctor --outputs outputs.json

Secrets are read with your own AWS credentials, as found by the AWS SDK. No
email and no event is sent, and no secret is printed.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// The output of `sam list stack-outputs --output json`; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// The Kratos configuration or the output of `ory get identity-config`, in YAML or JSON; `-` reads
    /// standard input.
    #[arg(long, value_name = "FILE")]
    ory_config: Option<PathBuf>,
    /// The deployed template of mandrill-welcome, if it is not the built-in one.
    #[arg(long, value_name = "FILE.jsonnet")]
    welcome_template: Option<PathBuf>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    stack: Stack,
}

impl Doctor {
    pub(crate) async fn run(self) -> Done {
        let format = self.format;
        let subject = self.subject().await?;
        let client = Client::new()?;
        let aws = Aws::at_hand(subject.stack.region(), &client).await;
        let reach = Reach {
            secrets: Arc::new(AwsSecrets::new(&aws)),
            topics: Arc::new(Sns::new(&aws)),
            tables: Arc::new(DynamoDb::new(&aws)),
            http: Arc::new(client),
        };
        let findings = examine(&subject, &reach).await;
        match format {
            Format::Text => {
                let table = table::of(&findings, terminal::width());
                output::line(format_args!("{table}\n\n{}", summary(&findings)))?;
            }
            Format::Json => output::line(format_args!("{:#}", serde_json::to_value(&findings)?))?,
        }
        let failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn subject(self) -> Result<Examined, InvalidInput> {
        let stack = match &self.outputs {
            Some(file) => self.stack.or_outputs(&input::read(file)?).map_err(InvalidInput::new)?,
            None => self.stack,
        };
        if !stack.has_functions() {
            return Err(InvalidInput::new(
                "no function given; set --outputs FILE to the output of `sam list stack-outputs \
                 --stack-name NAME --output json`",
            ));
        }
        let from_email = stack.from_email.clone();
        let sender = match &self.welcome_template {
            Some(file) => Sender::of_template(template(file)?, from_email).await,
            None => Sender::of_shipped_template(from_email),
        };
        let ory_config = self.ory_config.as_deref().map(ory_config).transpose()?;
        let mailchimp_key = mailchimp_key::from_environment();
        let mandrill_key = mandrill_webhook::from_environment();
        Ok(Examined { stack, sender, ory_config, mailchimp_key, mandrill_key })
    }
}

fn template(file: &Path) -> Result<Source, InvalidInput> {
    Ok(Source::shipped(&file.display().to_string(), &input::read_text(file)?))
}

/// The cause of the error is not printed: it may quote a key.
fn ory_config(file: &Path) -> Result<OryConfig, InvalidInput> {
    let text = input::read_text(file)?;
    let unreadable = |error| InvalidInput::new(format!("{}: {error}", file.display()));
    OryConfig::read(file, &text).map_err(unreadable)
}

fn summary(findings: &[CheckResult]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (count(Verdict::Fail), count(Verdict::Unknown)) {
        (0, 0) => "All checks passed.".to_owned(),
        (failed, 0) => format!("{failed} failed."),
        (failed, unknown) => format!("{failed} failed, {unknown} unknown."),
    }
}
