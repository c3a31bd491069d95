//! `doctor` checks a deployed stack: its secrets, the vendors behind them, its functions and Ory's
//! hooks.
//!
//! What an answer means is judged by plain functions, a file per matter; [`Reach`] makes the calls.
//! Nothing is sent that a person could see, and nothing found tells a secret.

mod callers;
mod examine;
mod finding;
mod function;
mod hooks;
mod keys;
mod lists;
mod mailchimp;
mod mandrill;
mod ory;
mod reach;
mod segment;
mod sender;
mod stack;
pub mod table;
mod told;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use secrecy::SecretString;
use shared::{aws::Aws, http::Client, secrets::AwsSecrets, template::Source};

pub use examine::{Subject, examine};
pub use finding::{Finding, Verdict};
pub use hooks::OryConfig;
pub use reach::Reach;
pub use sender::Sender;
pub use stack::{OutputsError, Stack};

use crate::{command::Done, format::Format, input};

/// Holds a key of Mailchimp Marketing. No flag takes it: a list of processes would show it.
const MAILCHIMP_API_KEY: &str = "MAILCHIMP_API_KEY";

const EXAMPLES: &str = "\
Examples:
  sam list stack-outputs --stack-name ory-actions --output json > outputs.json
  ory-actions doctor --outputs outputs.json

  # the hooks of Ory's project, too
  ory get identity-config --project PROJECT-ID --workspace WORKSPACE-ID --format yaml \\
    | ory-actions doctor --outputs outputs.json --ory-config -

  # Mailchimp's lists and webhooks, too; the key is one of Mailchimp Marketing
  MAILCHIMP_API_KEY=… ory-actions doctor --outputs outputs.json

Secrets are read with your own AWS credentials, as the AWS SDK finds them. Nothing is sent that
anybody could see, and no secret is printed. Ends with 1 where something must be done.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// What `sam list stack-outputs --output json` printed; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// The project's configuration, from `ory get identity-config`, or Kratos' own; YAML or JSON. `-`
    /// reads standard input.
    #[arg(long, value_name = "FILE")]
    ory_config: Option<PathBuf>,
    /// The template of mandrill-welcome, where the shipped one is not the deployed one.
    #[arg(long, value_name = "FILE.jsonnet")]
    welcome_template: Option<PathBuf>,
    /// How the findings are printed.
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
        let reach = Reach { secrets: Arc::new(AwsSecrets::new(&aws)), http: Arc::new(client) };
        let findings = examine(&subject, &reach).await;
        match format {
            Format::Text => println!("{}\n\n{}", table::of(&findings), summary(&findings)),
            Format::Json => println!("{:#}", serde_json::to_value(&findings)?),
        }
        let must_act = findings.iter().any(|finding| finding.verdict == Verdict::Mend);
        Ok(if must_act { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn subject(self) -> Result<Subject, Box<dyn std::error::Error>> {
        let stack = match &self.outputs {
            Some(file) => self.stack.or_outputs(&input::read(file)?)?,
            None => self.stack,
        };
        if !stack.has_functions() {
            return Err("no function is named; give the stack's outputs by --outputs FILE, which \
                        `sam list stack-outputs --stack-name NAME --output json` prints"
                .into());
        }
        let from_email = stack.from_email.clone();
        let sender = match &self.welcome_template {
            Some(file) => Sender::of_template(template(file)?, from_email).await,
            None => Sender::of_shipped_template(from_email),
        };
        let ory_config = self.ory_config.as_deref().map(ory_config).transpose()?;
        let key = env::var(MAILCHIMP_API_KEY).ok().filter(|key| !key.is_empty());
        let mailchimp_key = key.map(SecretString::from);
        Ok(Subject { stack, sender, ory_config, mailchimp_key })
    }
}

fn template(file: &Path) -> Result<Source, String> {
    Ok(Source::shipped(&file.display().to_string(), &input::read_text(file)?))
}

/// What lies under the error is not told: the text around the place may be a key.
fn ory_config(file: &Path) -> Result<OryConfig, Box<dyn std::error::Error>> {
    let text = input::read_text(file)?;
    Ok(OryConfig::read(file, &text).map_err(|error| format!("{}: {error}", file.display()))?)
}

fn summary(findings: &[Finding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (count(Verdict::Mend), count(Verdict::Unsure)) {
        (0, 0) => "All is well.".to_owned(),
        (0, unsure) => format!("Nothing to mend; {unsure} not known."),
        (mend, unsure) => format!("{mend} to mend, {unsure} not known."),
    }
}
