//! The stores of records: in memory, and in DynamoDB.

mod in_dynamo_db;
mod in_memory;
mod lanes_in_dynamo_db;
