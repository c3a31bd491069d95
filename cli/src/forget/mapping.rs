//! Pauses the delivery from a queue while the queue is searched, over the API of Lambda.

use std::time::Duration;

use aws_sdk_lambda::{Client, config::Builder, error::ProvideErrorMetadata};
use shared::aws::Aws;
use tokio::time::{Instant, sleep};

use crate::{
    aws::{ALIAS, CallError, failed, within},
    dead_letters::holding::Failure,
    interruption::Interruption,
};

const OPERATION: Duration = Duration::from_secs(10);
/// Lambda changes a mapping within some ten seconds.
const PATIENCE: Duration = Duration::from_mins(3);
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The states of a mapping that delivers nothing, or soon will not.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html>
const DISABLED: &str = "Disabled";
const DISABLING: &str = "Disabling";

/// What Lambda says while another change is under way.
const IN_USE: &str = "ResourceInUseException";

/// The event source mapping by which Lambda delivers the messages of a queue.
pub(super) struct Mapping {
    client: Client,
    uuid: String,
    /// Whether it delivered when it was found.
    pub(super) is_on: bool,
}

impl Mapping {
    /// The mapping between a function and its queue of this name; `None` if there is none.
    pub(super) async fn of(
        aws: &Aws,
        function: &str,
        queue: &str,
    ) -> Result<Option<Self>, CallError> {
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        let client = Client::from_conf(config);
        let ask = client.list_event_source_mappings().function_name(format!("{function}:{ALIAS}"));
        let told = ask.send().await.map_err(failed("ListEventSourceMappings"))?;
        let is_of_queue = |arn: &str| arn.rsplit(':').next() == Some(queue);
        let mut all = told.event_source_mappings.unwrap_or_default().into_iter();
        let found = all.find(|one| one.event_source_arn().is_some_and(is_of_queue));
        Ok(found.map(|found| Self {
            is_on: !matches!(found.state(), Some(DISABLED | DISABLING)),
            uuid: found.uuid.unwrap_or_default(),
            client,
        }))
    }

    /// The command that enables it.
    pub(super) fn by_hand(&self) -> String {
        format!("aws lambda update-event-source-mapping --uuid {} --enabled", self.uuid)
    }

    /// Does the work while it is paused. Afterwards it is as before, whatever became of the work; says
    /// what failed of that.
    pub(super) async fn paused<T>(
        &self,
        interruption: &Interruption,
        work: impl AsyncFnOnce() -> Result<T, Failure>,
    ) -> (Result<T, Failure>, Result<(), CallError>) {
        let done = match self.pause(interruption).await {
            Ok(()) => work().await,
            Err(error) => Err(error),
        };
        let resumed = if self.is_on { self.set(true).await } else { Ok(()) };
        (done, resumed)
    }

    /// Only the wait is given up: a change that is under way would come after the one that undoes it.
    async fn pause(&self, interruption: &Interruption) -> Result<(), Failure> {
        if self.is_on {
            self.set(false).await?;
        }
        Ok(interruption.unless(self.wait_until_disabled()).await??)
    }

    async fn set(&self, is_enabled: bool) -> Result<(), CallError> {
        let end = Instant::now() + PATIENCE;
        loop {
            let update = self.client.update_event_source_mapping().uuid(&self.uuid);
            match update.enabled(is_enabled).send().await {
                Err(error) if error.code() == Some(IN_USE) && Instant::now() < end => {
                    sleep(BETWEEN_LOOKS).await;
                }
                done => return done.map(drop).map_err(failed("UpdateEventSourceMapping")),
            }
        }
    }

    async fn wait_until_disabled(&self) -> Result<(), CallError> {
        const NAME: &str = "GetEventSourceMapping";
        let end = Instant::now() + PATIENCE;
        loop {
            let told = self.client.get_event_source_mapping().uuid(&self.uuid).send().await;
            let told = told.map_err(failed(NAME))?;
            match told.state() {
                Some(DISABLED) => return Ok(()),
                _ if Instant::now() < end => sleep(BETWEEN_LOOKS).await,
                state => {
                    let state = state.unwrap_or("unknown");
                    return Err(CallError::new(NAME, format!("the mapping is {state}")));
                }
            }
        }
    }
}
