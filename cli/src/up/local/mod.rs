//! The local stack: the functions behind HTTP, with fakes of everything around them.

mod fakes;
mod front;
mod functions;
mod ports;
mod vendor;

use std::{io, sync::Arc};

use ::fakes::server::Server;
use shared::{
    aws::Aws,
    http::{Client, ClientError},
    settings::Ports,
    telemetry::Sink,
};

pub use self::{fakes::Fakes, functions::FunctionError, ports::PortNumbers, vendor::VendorName};

pub(crate) use self::functions::Functions;
use super::{
    console::{Console, watched},
    play,
};

/// The local stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LocalStackError {
    /// A port could not be taken.
    #[error("no server could be started; is the port in use? `--port` takes another")]
    Io(#[from] io::Error),
    /// No HTTP client could be built.
    #[error("the HTTP client cannot be built")]
    Client(#[from] ClientError),
    /// A function did not start.
    #[error(transparent)]
    Function(#[from] FunctionError),
}

/// A running local stack.
pub struct LocalStack {
    front: Server,
    /// The fakes.
    pub fakes: Arc<Fakes>,
}

impl LocalStack {
    /// Starts the functions and the fakes.
    pub async fn start(ports: PortNumbers) -> Result<Self, LocalStackError> {
        let fakes = Arc::new(Fakes::start(ports).await?);
        // The adapters of a deployed function, pointed at the fakes.
        let client = Client::new()?;
        let aws = Aws::at(&fakes.secrets.url(), &client);
        let adapters = watched(Ports::on_aws(&aws, client, Sink::Nowhere));
        let functions = Functions::build(&fakes, &adapters)?;
        functions.warm().await?;
        let console = Arc::new(Console::new(functions, fakes.clone()));
        let front = front::start(ports.front, console).await?;
        Ok(Self { front, fakes })
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
