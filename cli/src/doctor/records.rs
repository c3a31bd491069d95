//! Checks that the idempotency store of a relay that holds calls in doubt is there.

use ::relay::OnInDoubt;
use async_trait::async_trait;
use shared::{
    aws::Aws,
    idempotency::{DynamoDbStore, StoreError},
    telemetry::chain,
};

use super::{CheckResult, Reach, stack::Stack};

const CHECK: &str = "relay: idempotency store";

/// No record has this id.
const NO_RECORD: &str = "doctor";

/// Idempotency stores, by the names of their tables.
#[async_trait]
pub trait Tables: Send + Sync {
    /// Reads one, and changes nothing. An error is why it cannot be read.
    async fn look(&self, table: &str) -> Result<(), String>;
}

/// AWS DynamoDB.
pub struct DynamoDb(Aws);

impl DynamoDb {
    /// The DynamoDB of `aws`.
    pub fn new(aws: &Aws) -> Self {
        Self(aws.clone())
    }
}

#[async_trait]
impl Tables for DynamoDb {
    async fn look(&self, table: &str) -> Result<(), String> {
        match DynamoDbStore::new(&self.0, table).look(NO_RECORD).await {
            // It answers.
            Ok(_) | Err(StoreError::Unreadable(_) | StoreError::Lost) => Ok(()),
            Err(error @ StoreError::Unreachable(_)) => Err(chain(&error)),
        }
    }
}

/// Whether a relay finds its records, if it needs them.
pub(super) async fn check(
    on_in_doubt: Option<OnInDoubt>,
    stack: &Stack,
    reach: &Reach,
) -> CheckResult {
    match (on_in_doubt, &stack.records_table) {
        (None, _) => CheckResult::unknown(
            CHECK,
            "not checked: only the preset says what the relay does with a call in doubt",
            "Set --relay-on-in-doubt",
        ),
        (Some(OnInDoubt::Repeat), _) => {
            CheckResult::pass(CHECK, "not needed: a call in doubt is repeated")
        }
        (Some(OnInDoubt::Hold), None) => CheckResult::unknown(
            CHECK,
            "not checked: no output RecordsTable, and a relay that holds calls in doubt needs one",
            "Set --records-table",
        ),
        (Some(OnInDoubt::Hold), Some(table)) => match reach.tables.look(table).await {
            Ok(()) => CheckResult::pass(CHECK, format!("{table} answers")),
            Err(error) => CheckResult::fail(
                CHECK,
                error,
                format!(
                    "Check that the table {table} is in this account and region, and allow yourself \
                     dynamodb:GetItem, as docs/operator-policy.json does"
                ),
            ),
        },
    }
}
