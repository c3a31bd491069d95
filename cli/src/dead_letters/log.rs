//! The log of one function, over the API of CloudWatch Logs.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_cloudwatchlogs::{
    Client,
    config::Builder,
    types::{QueryStatus, ResultField},
};
use shared::aws::Aws;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::{
    attempt::{Attempt, query},
    letter::Letter,
};
use crate::aws::{CallError, failed, within};

/// A query holds 10,000 characters at most, and an event id has 64 at most.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html>
const EVENTS_A_QUERY: usize = 100;
const OPERATION: Duration = Duration::from_secs(10);
/// CloudWatch Logs reads a GB within seconds.
const PATIENCE: Duration = Duration::from_mins(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The column with a line as the function wrote it.
const LINE: &str = "@message";

/// The log of a function.
pub(super) struct Log {
    client: Client,
    group: String,
}

impl Log {
    /// The log in this group.
    pub(super) fn new(aws: &Aws, group: String) -> Self {
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        Self { client: Client::from_conf(config), group }
    }

    /// Adds to each letter its last attempt, where the log has one.
    pub(super) async fn explain(&self, letters: &mut [Letter]) -> Result<(), CallError> {
        let readable = || letters.iter().filter_map(|letter| letter.facts.as_ref().ok());
        let Some(since) = readable().map(|facts| facts.received_at).min() else { return Ok(()) };
        let ids: BTreeSet<_> = readable().map(|facts| facts.event_id.as_str()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut attempts = HashMap::<_, Attempt>::new();
        for some in ids.chunks(EVENTS_A_QUERY) {
            for (event_id, attempt) in self.attempts(some, since).await? {
                let known = attempts.get(&event_id).is_some_and(|known| known.at >= attempt.at);
                if !known {
                    attempts.insert(event_id, attempt);
                }
            }
        }
        for letter in letters {
            letter.last_attempt = attempts.get(letter.id()).cloned();
        }
        Ok(())
    }

    /// The attempts of these events, with their ids.
    async fn attempts(
        &self,
        event_ids: &[&str],
        since: OffsetDateTime,
    ) -> Result<Vec<(String, Attempt)>, CallError> {
        let now = OffsetDateTime::now_utc();
        let start = self.client.start_query().log_group_name(&self.group);
        let start = start.start_time(since.unix_timestamp()).end_time(now.unix_timestamp());
        let started = start.query_string(query(event_ids)).send().await;
        let started = started.map_err(failed("StartQuery"))?;
        let rows = self.rows(started.query_id().unwrap_or_default()).await?;
        let lines = rows.iter().flatten().filter(|field| field.field() == Some(LINE));
        Ok(lines.filter_map(|field| Attempt::of_line(field.value()?)).collect())
    }

    /// What a query finds, once it is done.
    async fn rows(&self, query_id: &str) -> Result<Vec<Vec<ResultField>>, CallError> {
        const NAME: &str = "GetQueryResults";
        let end = Instant::now() + PATIENCE;
        loop {
            let told = self.client.get_query_results().query_id(query_id).send().await;
            let told = told.map_err(failed(NAME))?;
            match told.status {
                Some(QueryStatus::Complete) => return Ok(told.results.unwrap_or_default()),
                Some(QueryStatus::Running | QueryStatus::Scheduled) if Instant::now() < end => {
                    sleep(BETWEEN_LOOKS).await;
                }
                other => {
                    let status = other.as_ref().map_or("unknown", QueryStatus::as_str);
                    return Err(CallError::new(NAME, format!("the query is {status}")));
                }
            }
        }
    }
}
