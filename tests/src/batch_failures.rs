//! A function's answer to its queue.

use fakes::FakeMessage;
use serde_json::{Value, json};

/// The ids of the messages that stay in the queue. Lambda takes an answer of any other shape, or
/// with an id that it did not give, for a failure of the whole batch.
pub(crate) fn read(given: &Value, messages: &[FakeMessage]) -> Vec<String> {
    let failures = given["batchItemFailures"].as_array().expect("failures are a list");
    let id = |failure: &Value| failure["itemIdentifier"].as_str().map(str::to_owned);
    let ids: Vec<_> = failures.iter().filter_map(id).collect();
    let items: Vec<_> = ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
    assert_eq!(*given, json!({ "batchItemFailures": items }));
    for id in &ids {
        assert!(messages.iter().any(|message| message.id == *id), "{id} was not given");
    }
    ids
}
