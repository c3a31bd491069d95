//! The local stack: the functions behind HTTP, with stand-ins for everything around them.

pub(crate) mod changes;
mod front;
mod functions;
mod health;
pub mod play;
mod surroundings;
pub mod table;

use std::{io, sync::Arc};

use shared::{
    aws::Aws,
    http::{Client, ClientError},
    journal::Sink,
    lambda::StartError,
    settings::Ports,
};

pub(crate) use functions::Functions;
pub use functions::event;
pub use health::{Health, Vendor};
pub use surroundings::{Surroundings, WEBHOOK_KEY};

use crate::{
    console::{Console, watched},
    server::Server,
};

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
    pub surroundings: Arc<Surroundings>,
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

impl Stack {
    /// Starts the functions and the stand-ins.
    pub async fn start(ports: PortNumbers) -> Result<Self, StackError> {
        let surroundings = Arc::new(Surroundings::start(ports).await?);
        // The adapters of a deployed function, pointed at the stand-ins.
        let client = Client::new()?;
        let aws = Aws::at(&surroundings.secrets.url(), &client);
        let adapters = watched(Ports::on_aws(&aws, client, Sink::Nowhere));
        let functions = Functions::build(&surroundings, &adapters)?;
        functions.warm().await;
        let console = Arc::new(Console::new(functions, surroundings.clone()));
        let front = front::start(ports.front, console).await?;
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
