//! The local stack: the functions behind HTTP, with stand-ins for everything around them.

mod front;
pub mod play;
mod table;

use std::{io, sync::Arc, time::Duration};

use shared::{
    clock::SystemClock,
    config::Environment,
    http::{Client, ClientError},
    journal::Sink,
    lambda::{Function, StartError},
    secrets::SecretsManager as SecretStore,
    settings::Ports,
};

use crate::{
    server::Server,
    standins::{Mandrill, SecretsManager, Segment},
};

/// What Ory presents to the local functions, in the header `Authorization`.
pub const WEBHOOK_KEY: &str = "local-webhook-key";
/// What Mailchimp presents, in the query.
const MAILCHIMP_SECRET: &str = "local-mailchimp-secret";
/// What the local stand-ins take.
const MANDRILL_KEY: &str = "local-mandrill-key";
const SEGMENT_KEY: &str = "local-segment-key";

/// The names of the secrets.
mod secret {
    pub(super) const WEBHOOK: &str = "ory-actions/webhook";
    pub(super) const MAILCHIMP: &str = "ory-actions/mailchimp";
    pub(super) const MANDRILL: &str = "ory-actions/mandrill";
    pub(super) const SEGMENT: &str = "ory-actions/segment";
}

/// How long Lambda would let one of the functions run, as `template.yaml` has it.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(25);

/// The stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A port could not be taken.
    #[error("no server could be started; is the port in use? `--port` takes another")]
    Io(#[from] io::Error),
    /// There is no way out.
    #[error("the HTTP client cannot be built")]
    Client(#[from] ClientError),
    /// A function did not start.
    #[error("{name} did not start")]
    Function {
        /// The function.
        name: &'static str,
        /// Why.
        #[source]
        source: StartError,
    },
}

/// A running stack.
pub struct Stack {
    front: Server,
    /// The stand-in for Secrets Manager.
    pub secrets: SecretsManager,
    /// The stand-in for Mandrill.
    pub mandrill: Mandrill,
    /// The stand-in for Segment.
    pub segment: Segment,
}

/// A function under the name that its URL carries.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) function: Arc<dyn Function>,
}

impl Stack {
    /// Starts the functions and the stand-ins; the functions answer on `port`.
    pub async fn start(port: u16) -> Result<Self, StackError> {
        let secrets = SecretsManager::start().await?;
        let mandrill = Mandrill::start(MANDRILL_KEY).await?;
        let segment = Segment::start(SEGMENT_KEY).await?;
        secrets.put(secret::WEBHOOK, WEBHOOK_KEY);
        secrets.put(secret::MAILCHIMP, MAILCHIMP_SECRET);
        secrets.put(secret::MANDRILL, MANDRILL_KEY);
        secrets.put(secret::SEGMENT, SEGMENT_KEY);
        let functions = functions(&ports(&secrets)?, &mandrill.url(), &segment.url())?;
        for named in &functions {
            named.function.warm().await;
        }
        let front = front::start(port, functions).await?;
        Ok(Self { front, secrets, mandrill, segment })
    }

    /// What the vendors received since the last look, a line a call.
    pub fn take_received(&self) -> Vec<String> {
        let mails = self.mandrill.take_received();
        let tracked = self.segment.take_received();
        let mails = mails.iter().map(ToString::to_string);
        mails.chain(tracked.iter().map(ToString::to_string)).collect()
    }

    /// The URL of a function, the same path that `cargo lambda watch` serves.
    pub fn function_url(&self, name: &str) -> String {
        format!("{}/lambda-url/{name}/", self.front.url())
    }
}

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

/// The functions, with the settings that `template.yaml` gives them, pointed at the stand-ins.
fn functions(ports: &Ports, mandrill: &str, segment: &str) -> Result<Vec<Named>, StackError> {
    let build = |name: &'static str, build: Build, settings: &[(&str, &str)]| {
        let env = Environment::of(settings.iter().copied());
        let function = build(&env, ports);
        function
            .map(|function| Named { name, function })
            .map_err(|source| StackError::Function { name, source })
    };
    Ok(vec![
        build(
            mandrill_welcome::NAME,
            mandrill_welcome::build,
            &[
                ("WEBHOOK_SECRET_ID", secret::WEBHOOK),
                ("MANDRILL_SECRET_ID", secret::MANDRILL),
                ("MANDRILL_URL", mandrill),
            ],
        )?,
        build(
            segment_identify::NAME,
            segment_identify::build,
            &[
                ("WEBHOOK_SECRET_ID", secret::WEBHOOK),
                ("SEGMENT_SECRET_ID", secret::SEGMENT),
                ("SEGMENT_URL", segment),
            ],
        )?,
        build(
            mailchimp_inbound::NAME,
            mailchimp_inbound::build,
            &[
                ("WEBHOOK_SECRET_ID", secret::MAILCHIMP),
                ("SEGMENT_SECRET_ID", secret::SEGMENT),
                ("SEGMENT_URL", segment),
            ],
        )?,
    ])
}

/// The adapters of a deployed function, pointed at the stand-ins.
fn ports(secrets: &SecretsManager) -> Result<Ports, ClientError> {
    let client = Client::new()?;
    Ok(Ports {
        secrets: Arc::new(SecretStore::at(&secrets.url(), &client)),
        http: Arc::new(client),
        clock: Arc::new(SystemClock),
        journal: Sink::Nowhere,
    })
}
