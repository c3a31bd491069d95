//! The local stack: the functions behind HTTP, with fakes of everything around them.

mod front;
pub mod play;
pub mod table;

use std::{io, sync::Arc};

use fakes::server::Server;
use shared::{
    aws::Aws,
    http::{Client, ClientError},
    journal::Sink,
    settings::Ports,
};

use crate::{
    console::{Console, watched},
    world::{FunctionError, Functions, PortNumbers, Surroundings},
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
    #[error(transparent)]
    Function(#[from] FunctionError),
}

/// A running stack.
pub struct Stack {
    front: Server,
    /// The fakes.
    pub surroundings: Arc<Surroundings>,
}

impl Stack {
    /// Starts the functions and the fakes.
    pub async fn start(ports: PortNumbers) -> Result<Self, StackError> {
        let surroundings = Arc::new(Surroundings::start(ports).await?);
        // The adapters of a deployed function, pointed at the fakes.
        let client = Client::new()?;
        let aws = Aws::at(&surroundings.secrets.url(), &client);
        let adapters = watched(Ports::on_aws(&aws, client, Sink::Nowhere));
        let functions = Functions::build(&surroundings, &adapters)?;
        functions.warm().await?;
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
