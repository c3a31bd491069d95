//! The code of the functions, each with its settings, called as Lambda calls it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fakes::function_url_event;
use http::{Request, Response};
use shared::{
    clock::Clock,
    config::Environment,
    function::{Function, Invocation},
    key::FunctionArn,
    lambda::{LAMBDA_TIMEOUT, StartError},
    queue::{ReceivedMessage, Rules},
    settings::Ports,
};

use super::{Fakes, clock::StackClock};
use crate::up::{
    relays::Relay,
    samples::{Via, needs_queue},
};

/// The name of the table that the functions open.
const TABLE: &str = "records";

/// A function, and how Lambda receives from its queue, as `template.yaml` has it, or `relay.yaml`.
#[derive(Clone, Copy)]
pub struct Deployment {
    /// Its name, which is part of its URL.
    pub name: &'static str,
    /// How many messages one delivery gets, at most.
    pub batch_size: usize,
    /// How many deliveries are made at once, at most.
    pub concurrency: usize,
    /// The rules of its queue.
    pub rules: Rules,
    /// How long Lambda lets one invocation run.
    pub timeout: Duration,
    build: Build,
}

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

/// Segment's batching window.
const WINDOW: Duration = Duration::from_secs(1);

/// After about a day.
const MAX_RECEIVES: u32 = 100;

/// A message is hidden for six times the function's timeout, and the batching window.
const fn rules(timeout: Duration, window: Duration) -> Rules {
    let visibility_timeout = timeout.saturating_mul(6).saturating_add(window);
    Rules { visibility_timeout, max_receives: MAX_RECEIVES }
}

/// A relay.
const RELAY: Deployment = Deployment {
    name: relay::NAME,
    batch_size: 1,
    concurrency: 2,
    rules: rules(LAMBDA_TIMEOUT, Duration::ZERO),
    timeout: LAMBDA_TIMEOUT,
    build: relay::build,
};

/// All functions. The stack has the last one once for each of its relays.
pub const DEPLOYMENTS: [Deployment; 6] = [
    Deployment {
        name: mandrill_welcome::NAME,
        batch_size: 1,
        concurrency: 5,
        rules: rules(LAMBDA_TIMEOUT, Duration::ZERO),
        timeout: LAMBDA_TIMEOUT,
        build: mandrill_welcome::build,
    },
    Deployment {
        name: segment_identify::NAME,
        batch_size: 100,
        concurrency: 5,
        rules: rules(LAMBDA_TIMEOUT, WINDOW),
        timeout: LAMBDA_TIMEOUT,
        build: segment_identify::build,
    },
    Deployment {
        name: mailchimp_inbound::NAME,
        batch_size: 1,
        concurrency: 2,
        rules: rules(LAMBDA_TIMEOUT, Duration::ZERO),
        timeout: LAMBDA_TIMEOUT,
        build: mailchimp_inbound::build,
    },
    Deployment {
        name: mailchimp_subscribe::NAME,
        batch_size: 1,
        concurrency: 2,
        rules: rules(mailchimp_subscribe::TIMEOUT, Duration::ZERO),
        timeout: mailchimp_subscribe::TIMEOUT,
        build: mailchimp_subscribe::build,
    },
    Deployment {
        name: mandrill_inbound::NAME,
        batch_size: 1,
        concurrency: 2,
        rules: rules(LAMBDA_TIMEOUT, Duration::ZERO),
        timeout: LAMBDA_TIMEOUT,
        build: mandrill_inbound::build,
    },
    RELAY,
];

/// The functions of a stack with these relays.
pub(super) fn deployed(relays: &[&'static Relay]) -> Vec<Deployment> {
    let others = DEPLOYMENTS.into_iter().filter(|one| one.name != RELAY.name);
    let relays = relays.iter().map(|relay| Deployment { name: relay.function, ..RELAY });
    others.chain(relays).collect()
}

/// A function did not start.
#[derive(Debug, thiserror::Error)]
#[error("{name} did not start")]
pub struct FunctionError {
    name: &'static str,
    source: StartError,
}

/// The functions of a local stack.
pub(crate) struct Functions {
    all: Vec<Named>,
    clock: Arc<StackClock>,
}

/// A function by the name in its URL.
struct Named {
    name: &'static str,
    timeout: Duration,
    function: Arc<dyn Function>,
}

impl Functions {
    /// Builds the functions with these fakes.
    pub(crate) fn build(
        deployed: &[Deployment],
        fakes: &Fakes,
        ports: &Ports,
        clock: Arc<StackClock>,
        via: Via,
    ) -> Result<Self, FunctionError> {
        let build = |Deployment { name, timeout, build, .. }: &Deployment| {
            let mut settings = fakes.settings(name);
            settings.push(("RECORDS_TABLE", TABLE.to_owned()));
            settings.push(("SCREEN_REJECTS", "true".to_owned()));
            // What changes in the audience is seen at once.
            if *name == mailchimp_subscribe::NAME {
                settings.push(("SECRET_TTL_SECONDS", "1".to_owned()));
            }
            if via == Via::Queue || needs_queue(name) {
                settings.push(("QUEUE_URL", queue_url(name)));
            }
            match build(&Environment::of(settings), ports) {
                Ok(function) => Ok(Named { name, timeout: *timeout, function }),
                Err(source) => Err(FunctionError { name, source }),
            }
        };
        let all = deployed.iter().map(build).collect::<Result<_, _>>()?;
        Ok(Self { all, clock })
    }

    /// Prepares the functions for calls.
    pub(crate) async fn warm(&self) -> Result<(), FunctionError> {
        for Named { name, function, .. } in &self.all {
            let warmed = function.warm().await;
            warmed.map_err(|fault| FunctionError { name, source: fault.into() })?;
        }
        Ok(())
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|named| named.name)
    }

    /// Calls a function by name; `None` if there is none with that name.
    pub(crate) async fn call(
        &self,
        name: &str,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let named = self.named(name)?;
        let _at_work = self.clock.at_work();
        let event = function_url_event(request).into();
        let answer = named.function.accept(event, &self.invocation(named)).await.into_lambda();
        let mut response = Response::new(Bytes::from(answer.body.unwrap_or_default()));
        *response.status_mut() = u16::try_from(answer.status_code)
            .ok()
            .and_then(|status| status.try_into().ok())
            .unwrap_or_default();
        *response.headers_mut() = answer.headers;
        Some(response)
    }

    /// Lets a function deliver messages of its queue; the ids of those that stay there.
    pub(crate) async fn deliver(&self, name: &str, received: Vec<ReceivedMessage>) -> Vec<String> {
        let Some(named) = self.named(name) else { return Vec::new() };
        let _at_work = self.clock.at_work();
        named.function.deliver(received, &self.invocation(named)).await
    }

    fn named(&self, name: &str) -> Option<&Named> {
        self.all.iter().find(|named| named.name == name)
    }

    fn invocation(&self, Named { name, timeout, .. }: &Named) -> Invocation {
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
        Invocation { arn: FunctionArn::new(&arn), ends: self.clock.now() + *timeout }
    }
}

/// No server listens there: [`super::Queues`] opens it in memory.
fn queue_url(function: &str) -> String {
    format!("http://127.0.0.1/queues/{function}")
}
