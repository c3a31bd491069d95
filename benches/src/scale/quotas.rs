//! What AWS allows an account in one region unless it has raised the quota, and the prices that
//! `docs/operations.md` does not have.

/// Concurrent executions of all functions together.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(super) const CONCURRENCY: f64 = 1_000.0;

/// Invocations per second for each concurrent execution, of all functions together. Those of a queue
/// count, too.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html>
pub(super) const INVOCATIONS_PER_EXECUTION: f64 = 10.0;

/// Requests per second to all APIs of API Gateway together; 2,500 in some regions.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub(super) const API_GATEWAY: f64 = 10_000.0;

/// US dollars for a million requests to a REST API, of the first 333 million in a month.
/// <https://aws.amazon.com/api-gateway/pricing/>
pub(super) const REST_API: f64 = 3.50;

/// US dollars for a million requests to an HTTP API, of the first 300 million in a month.
/// <https://aws.amazon.com/api-gateway/pricing/>
pub(super) const HTTP_API: f64 = 1.00;

/// Messages in one request to SQS.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub(super) const SQS_BATCH: f64 = 10.0;

/// Events in one POST of Mandrill, which sends about one a minute.
/// <https://mailchimp.com/developer/transactional/docs/webhooks/>
pub(super) const MANDRILL_EVENTS: f64 = 1_000.0;
