//! The local stack: the functions behind HTTP, with stand-ins for everything around them.

mod changes;
mod front;
pub mod play;
mod surroundings;
pub mod table;

use std::{io, sync::Arc};

use shared::{
    aws::Aws,
    config::Environment,
    http::{Client, ClientError},
    journal::Sink,
    lambda::{Function, StartError},
    settings::Ports,
};

pub use front::event;
pub use surroundings::{Surroundings, WEBHOOK_KEY};

use crate::server::Server;

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
    /// The stand-ins.
    pub surroundings: Surroundings,
}

/// Where the parts of a stack listen, all on loopback; 0 takes any free port.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortNumbers {
    front: u16,
    secrets: u16,
    mandrill: u16,
    segment: u16,
    ory: u16,
}

impl PortNumbers {
    /// The front on `port` and the stand-ins right behind it, where the functions' settings for
    /// cargo-lambda (`package.metadata.lambda.env`) look for them.
    pub fn from(port: u16) -> Self {
        Self {
            front: port,
            secrets: port + 1,
            mandrill: port + 2,
            segment: port + 3,
            ory: port + 4,
        }
    }
}

/// A function under the name that its URL carries.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) function: Arc<dyn Function>,
}

impl Stack {
    /// Starts the functions and the stand-ins.
    pub async fn start(ports: PortNumbers) -> Result<Self, StackError> {
        let surroundings = Surroundings::start(ports).await?;
        let functions = functions(&surroundings)?;
        for named in &functions {
            named.function.warm().await;
        }
        let front = front::start(ports.front, functions).await?;
        Ok(Self { front, surroundings })
    }

    /// The URL under which the functions are served.
    pub fn root(&self) -> String {
        self.front.url()
    }

    /// The URL of a function, the same path that `cargo lambda watch` serves.
    pub fn function_url(&self, name: &str) -> String {
        play::function_url(&self.root(), name)
    }
}

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

/// The functions' own code, each with its settings.
const FUNCTIONS: [(&str, Build); 3] = [
    (mandrill_welcome::NAME, mandrill_welcome::build),
    (segment_identify::NAME, segment_identify::build),
    (mailchimp_inbound::NAME, mailchimp_inbound::build),
];

fn functions(surroundings: &Surroundings) -> Result<Vec<Named>, StackError> {
    // The adapters of a deployed function, pointed at the stand-ins.
    let client = Client::new()?;
    let aws = Aws::at(&surroundings.secrets.url(), &client);
    let adapters = Ports::on_aws(&aws, client, Sink::Nowhere);
    let build = |(name, build): (&'static str, Build)| {
        let env = Environment::of(surroundings.settings(name));
        match build(&env, &adapters) {
            Ok(function) => Ok(Named { name, function }),
            Err(source) => Err(StackError::Function { name, source }),
        }
    };
    FUNCTIONS.into_iter().map(build).collect()
}
