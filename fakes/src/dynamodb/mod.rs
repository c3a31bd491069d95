//! AWS DynamoDB, limited to what the adapter uses: `UpdateItem`, consistent `GetItem`, and `DeleteItem`
//! on tables whose key is one string. It rejects everything else.

mod attribute;
mod expression;
mod tables;
mod write;

use serde_json::Value;

pub(super) use tables::Tables;

use crate::aws::{AwsServer, Refusal};
use attribute::{item_json, read_item};

/// A fake of DynamoDB.
pub type FakeDynamoDb = AwsServer<Tables>;

impl FakeDynamoDb {
    /// Creates an empty table with this key attribute.
    pub fn create_table(&self, name: &str, key_attribute: &str) {
        self.with(|tables| tables.create(name, key_attribute));
    }

    /// Puts an item in a table, in DynamoDB's JSON.
    pub fn put(&self, table: &str, item: &Value) -> Result<(), Refusal> {
        self.with(|tables| tables.table(table)?.put(read_item(item).map_err(invalid)?))
    }

    /// The item with this key, in DynamoDB's JSON.
    pub fn item(&self, table: &str, key: &str) -> Option<Value> {
        self.with(|tables| tables.table(table).ok()?.items.get(key).map(item_json))
    }

    /// All items of a table, in DynamoDB's JSON, sorted by key.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let all = |tables: &mut Tables| {
            Some(tables.table(table).ok()?.items.values().map(item_json).collect())
        };
        self.with(all).unwrap_or_default()
    }
}

/// A request that DynamoDB rejects as invalid.
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("com.amazon.coral.validate#ValidationException", message)
}

/// An error specific to DynamoDB.
fn refusal(kind: &str, message: &str) -> Refusal {
    Refusal::new(&format!("com.amazonaws.dynamodb.v20120810#{kind}"), message)
}

#[cfg(test)]
mod tests;
