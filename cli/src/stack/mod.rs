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
    standins::{Mandrill, SecretsManager},
};

/// What callers present to the local functions, in the header `Authorization`.
pub const WEBHOOK_KEY: &str = "local-webhook-key";
/// What the local stand-in for Mandrill takes.
const MANDRILL_KEY: &str = "local-mandrill-key";

const WEBHOOK_SECRET: &str = "ory-actions/webhook";
const MANDRILL_SECRET: &str = "ory-actions/mandrill";

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
    /// The stand-in for Mandrill.
    pub mandrill: Mandrill,
    /// The stand-in for Secrets Manager.
    pub secrets: SecretsManager,
}

/// A function under the name that its URL carries.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) function: Arc<dyn Function>,
}

impl Stack {
    /// Starts the functions and the stand-ins; the functions answer on `port`.
    pub async fn start(port: u16) -> Result<Self, StackError> {
        let mandrill = Mandrill::start(MANDRILL_KEY).await?;
        let secrets = SecretsManager::start().await?;
        secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
        secrets.put(MANDRILL_SECRET, MANDRILL_KEY);
        let ports = ports(&secrets)?;
        let welcome = mandrill_welcome::build(
            &Environment::of([
                ("WEBHOOK_SECRET_ID", WEBHOOK_SECRET),
                ("MANDRILL_SECRET_ID", MANDRILL_SECRET),
                ("MANDRILL_URL", &mandrill.url()),
            ]),
            &ports,
        );
        let name = mandrill_welcome::NAME;
        let function = welcome.map_err(|source| StackError::Function { name, source })?;
        function.warm().await;
        let front = front::start(port, vec![Named { name, function }]).await?;
        Ok(Self { front, mandrill, secrets })
    }

    /// What the vendors received since the last look, a line a call.
    pub fn take_received(&self) -> Vec<String> {
        self.mandrill.take_received().iter().map(ToString::to_string).collect()
    }

    /// The URL of a function, the same path that `cargo lambda watch` serves.
    pub fn function_url(&self, name: &str) -> String {
        format!("{}/lambda-url/{name}/", self.front.url())
    }
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
