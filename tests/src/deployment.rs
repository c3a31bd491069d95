//! A function as it is deployed.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};

use shared::lambda::LAMBDA_TIMEOUT;

use crate::{Log, Sandbox, process::Process};

/// A function: its name, its binary, its variables, its ARN and its time limit.
#[derive(Clone)]
pub struct Deployment {
    function: &'static str,
    pub(crate) binary: Option<PathBuf>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) arn: String,
    pub(crate) time_limit: Duration,
}

impl Deployment {
    /// A function with no variables but those that Lambda sets.
    pub fn of(function: &'static str) -> Self {
        let by_lambda = [
            ("_HANDLER", function),
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ];
        Self {
            function,
            binary: None,
            variables: by_lambda.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            arn: format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"),
            time_limit: time_limit(function),
        }
    }

    /// The same from another binary than the one that the tests build.
    #[must_use]
    pub fn binary(self, binary: PathBuf) -> Self {
        Self { binary: Some(binary), ..self }
    }

    /// With a variable.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The same without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// With a variable that holds a template.
    #[must_use]
    pub fn template(self, name: &str, code: &str) -> Self {
        self.var(name, format!("base64://{}", STANDARD.encode(code)))
    }

    /// The same, invoked by this ARN.
    #[must_use]
    pub fn arn(self, arn: &str) -> Self {
        Self { arn: arn.to_owned(), ..self }
    }

    /// With another time limit for one invocation.
    #[must_use]
    pub fn time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// With the time limit of the template.
    #[must_use]
    pub fn usual_time_limit(self) -> Self {
        let time_limit = time_limit(self.function);
        self.time_limit(time_limit)
    }

    /// Starts it.
    pub async fn start(self) -> Sandbox {
        Sandbox::start(self).await
    }

    /// Starts it and expects it to end before it asks for an event. Returns its log.
    pub async fn fail_to_start(self) -> Log {
        let mut process = Process::start(&self).await;
        assert!(!process.is_ready().await, "it started");
        let (status, log) = process.ended().await;
        assert!(!status.success(), "it ended as if all were well");
        log
    }
}

/// How long Lambda lets a function run, as `template.yaml` has it.
fn time_limit(function: &str) -> Duration {
    if function == mailchimp_subscribe::NAME {
        mailchimp_subscribe::TIMEOUT
    } else {
        LAMBDA_TIMEOUT
    }
}
