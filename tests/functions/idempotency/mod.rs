//! The idempotency stores: in memory and in DynamoDB.

mod in_dynamo_db;
mod in_memory;
mod lanes_in_dynamo_db;
mod marks_in_dynamo_db;
mod versions_in_dynamo_db;
