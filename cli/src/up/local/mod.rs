//! The local stack: the functions behind HTTP, with their queues and with fakes of everything
//! around them.

mod clock;
mod fakes;
mod front;
mod functions;
mod ports;
mod queue;
mod queues;
mod service;

use std::{io, sync::Arc, time::Duration};

use ::fakes::{
    mailchimp::{Act, CannotAct},
    mandrill::{Fate, NoSuchMail},
    server::Server,
};
use shared::{
    clock::{Clock, SharedClock},
    http::{Client, ClientError},
    settings::Ports,
    template::Rendering,
};
use tokio::task::JoinSet;

pub use self::{
    fakes::{Fakes, MANDRILL_WEBHOOK_KEY, MANDRILL_WEBHOOK_URL},
    functions::{DEPLOYMENTS, Deployment, FunctionError},
    ports::PortNumbers,
    service::Service,
};

pub use super::console::OryAct;

pub(crate) use self::{
    clock::StackClock,
    functions::Functions,
    queue::{LocalQueue, Place},
    queues::Queues,
};
use super::{
    console::{Console, watched_http, watched_log, watched_table},
    play,
    relays::Relay,
    samples::Via,
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

/// How the functions of a local stack deliver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Before they answer, as functions without a queue do.
    Inline,
    /// From queues in memory, as deployed.
    Queues {
        /// How many times faster waits pass.
        speed: u32,
    },
}

impl Mode {
    /// As deployed.
    pub const DEPLOYED: Self = Self::Queues { speed: 1 };
    /// As deployed, with waits that pass faster: a minute takes a second.
    pub const FAST: Self = Self::Queues { speed: 60 };

    fn via(self) -> Via {
        if self == Self::Inline { Via::Inline } else { Via::Queue }
    }

    fn speed(self) -> u32 {
        match self {
            Self::Inline => 1,
            Self::Queues { speed } => speed,
        }
    }
}

/// A running local stack.
pub struct LocalStack {
    /// How the functions deliver.
    pub via: Via,
    front: Server,
    /// The fakes.
    pub fakes: Arc<Fakes>,
    pub(super) console: Arc<Console>,
    queues: Arc<Queues>,
    _workers: JoinSet<()>,
}

impl LocalStack {
    /// Starts the functions and the fakes, without a relay.
    pub async fn start(ports: PortNumbers, mode: Mode) -> Result<Self, LocalStackError> {
        Self::with_relays(ports, mode, &[]).await
    }

    /// Starts the functions, these relays and the fakes.
    pub async fn with_relays(
        ports: PortNumbers,
        mode: Mode,
        relays: &[&'static Relay],
    ) -> Result<Self, LocalStackError> {
        let fakes = Arc::new(Fakes::with_relays(ports, relays).await?);
        let deployed = functions::deployed(relays);
        let clock = Arc::new(StackClock::new(mode.speed()));
        let shared: SharedClock = clock.clone();
        fakes.set_clock(&shared);
        let queues = Queues::new(&deployed, &clock);
        let http = watched_http(Client::new()?, fakes.clone());
        let adapters = Ports {
            secrets: fakes.secrets.clone(),
            queues: queues.opener(),
            tables: watched_table(),
            // Only fakes are called, by their addresses on this machine.
            public_http: http.clone(),
            http,
            clock: shared,
            event_log: watched_log(),
            rendering: Rendering::OnItsThread,
        };
        let via = mode.via();
        let functions = Functions::build(&deployed, &fakes, &adapters, clock.clone(), via)?;
        functions.warm().await?;
        let console = Arc::new(Console::new(functions, fakes.clone(), queues.clone(), clock));
        let front = front::start(ports.front, console.clone()).await?;
        fakes.put_webhook(&play::function_url(&front.url(), mailchimp_inbound::NAME));
        let workers = queues.start_workers(&deployed, &console);
        Ok(Self { via, front, fakes, console, queues, _workers: workers })
    }

    /// The URL under which the functions are served.
    pub fn root(&self) -> String {
        self.front.url()
    }

    /// The names of the functions.
    pub fn functions(&self) -> impl Iterator<Item = &'static str> {
        self.console.functions()
    }

    /// The URL of a function, the same path that `cargo lambda watch` serves.
    pub fn function_url(&self, name: &str) -> String {
        play::function_url(&self.root(), name)
    }

    /// Waits until every message is delivered, or a dead letter.
    pub async fn at_rest(&self) {
        self.queues.at_rest().await;
    }

    /// Somebody does something about a contact in Mailchimp, which reports it to
    /// `mailchimp-inbound`.
    ///
    /// # Errors
    /// Why nobody can do that.
    pub async fn act_in_mailchimp(&self, address: &str, act: Act) -> Result<(), CannotAct> {
        self.console.act_in_mailchimp(address, act).await
    }

    /// Something happens to a mail that Mandrill took, by its `_id`, once some time has passed; Mandrill
    /// reports it to `mandrill-inbound`.
    ///
    /// # Errors
    /// There is no such mail.
    pub async fn act_in_mandrill(&self, mail: &str, fate: Fate) -> Result<(), NoSuchMail> {
        self.console.act_in_mandrill(mail, fate).await
    }

    /// A person does something in Ory, which calls `mailchimp-subscribe`; false if the person cannot
    /// do that.
    pub async fn act_in_ory(&self, identity: &str, act: OryAct) -> bool {
        self.console.act_in_ory(identity, act).await.is_ok()
    }

    /// Lets time pass on the stack's clock, at once.
    pub async fn skip(&self, time: Duration) {
        self.console.clock().skip_to(self.console.clock().now() + time).await;
    }

    /// Gives a line for each request and delivery that ends from now on, and for each fault that is
    /// injected, until one cannot be printed.
    pub async fn tell<E>(&self, print: impl FnMut(&str) -> Result<(), E>) -> E {
        self.console.tell(print).await
    }

    /// The outcome of the last delivery of an event, as logged; `None` if there was none.
    pub(super) fn outcome(&self, function: &str, event_id: &str) -> Option<String> {
        let line = self.console.last_delivery(function, event_id)?;
        line["outcome"].as_str().map(str::to_owned)
    }
}
