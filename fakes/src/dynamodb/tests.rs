use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use serde_json::json;

use super::*;
use crate::aws::Service;

const TABLE: &str = "records";

async fn dynamo_db() -> (FakeDynamoDb, Client) {
    let dynamo_db = FakeDynamoDb::start(0).await.unwrap();
    dynamo_db.create_table(TABLE, "id");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(dynamo_db.url())
        .http_client(shared::http::Client::new().unwrap().for_sdk())
        .retry_config(RetryConfig::disabled());
    let client = Client::from_conf(config.build());
    (dynamo_db, client)
}

#[tokio::test]
async fn sdk_accepts_the_responses() {
    let (dynamo_db, client) = dynamo_db().await;
    let s = |text: &str| AttributeValue::S(text.to_owned());
    let acquire = |holder: &str| {
        client
            .update_item()
            .table_name(TABLE)
            .key("id", s("event"))
            .update_expression("SET holder = :holder, tries = if_not_exists(tries, :one)")
            .condition_expression("attribute_not_exists(holder)")
            .expression_attribute_values(":holder", s(holder))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    let won = HashMap::from([
        ("id".to_owned(), s("event")),
        ("holder".to_owned(), s("one")),
        ("tries".to_owned(), AttributeValue::N("1".to_owned())),
    ]);
    assert_eq!(acquire("one").await.unwrap().attributes(), None);
    match acquire("two").await.unwrap_err().into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(error) => {
            assert_eq!(error.item(), Some(&won));
        }
        other => panic!("{other:?}"),
    }

    let again = client.update_item().table_name(TABLE).key("id", s("event"));
    let before = again.return_values(ReturnValue::AllOld).send().await.unwrap();
    assert_eq!(before.attributes(), Some(&won));
    let item = json!({"id": {"S": "event"}, "holder": {"S": "one"}, "tries": {"N": "1"}});
    assert_eq!(dynamo_db.item(TABLE, "event"), Some(item));
    assert_eq!((dynamo_db.calls(), dynamo_db.calls_of("UpdateItem")), (3, 3));

    let get = || client.get_item().table_name(TABLE).key("id", s("event")).consistent_read(true);
    assert_eq!(get().send().await.unwrap().item(), Some(&won));
    let delete = || client.delete_item().table_name(TABLE).key("id", s("event"));
    for _ in 0..2 {
        assert_eq!(delete().send().await.unwrap().attributes(), None);
        assert_eq!(get().send().await.unwrap().item(), None);
    }
    assert_eq!(dynamo_db.items(TABLE), [] as [Value; 0]);
}

/// The answer of a table with one item to an update, and its items afterwards.
fn update(request: Value) -> (Result<Value, String>, Vec<Value>) {
    perform("UpdateItem", request)
}

/// The answer of a table with one item to a request, and its items afterwards.
fn perform(operation: &str, mut request: Value) -> (Result<Value, String>, Vec<Value>) {
    let mut tables = Tables::default();
    tables.create(TABLE, "id");
    let table = tables.table(TABLE).unwrap();
    table.put(read_item(&item()).unwrap()).unwrap();
    if request["TableName"].is_null() {
        request["TableName"] = json!(TABLE);
    }
    let outcome = tables.perform(operation, &request).map_err(|refusal| refusal.to_string());
    (outcome, tables.table(TABLE).unwrap().items.values().map(item_json).collect())
}

fn item() -> Value {
    json!({"id": {"S": "a"}, "n": {"N": "1"}})
}

#[test]
fn updates() {
    let (key, other_key) = (json!({"id": {"S": "a"}}), json!({"id": {"S": "b"}}));
    let more = json!({"id": {"S": "a"}, "n": {"N": "1"}, "m": {"N": "1"}});
    for (request, answer, items) in [
        (json!({"Key": key, "UpdateExpression": "SET m = n"}), json!({}), vec![more.clone()]),
        (
            json!({"Key": key, "UpdateExpression": "SET m = n", "ReturnValues": "ALL_OLD"}),
            json!({"Attributes": item()}),
            vec![more],
        ),
        (json!({"Key": other_key}), json!({}), vec![item(), other_key.clone()]),
        (
            json!({"Key": other_key, "ReturnValues": "ALL_OLD"}),
            json!({}),
            vec![item(), other_key.clone()],
        ),
        (
            json!({"Key": other_key, "ConditionExpression": "attribute_not_exists(id)"}),
            json!({}),
            vec![item(), other_key.clone()],
        ),
    ] {
        assert_eq!(update(request.clone()), (Ok(answer), items), "{request}");
    }
}

#[test]
fn reads_and_deletions() {
    let (key, other_key) = (json!({"id": {"S": "a"}}), json!({"id": {"S": "b"}}));
    let none: Vec<Value> = vec![];
    for (operation, request, answer, items) in [
        (
            "GetItem",
            json!({"Key": key, "ConsistentRead": true}),
            json!({"Item": item()}),
            vec![item()],
        ),
        ("GetItem", json!({"Key": other_key, "ConsistentRead": true}), json!({}), vec![item()]),
        ("DeleteItem", json!({"Key": key}), json!({}), none),
        ("DeleteItem", json!({"Key": other_key}), json!({}), vec![item()]),
    ] {
        let done = perform(operation, request.clone());
        assert_eq!(done, (Ok(answer), items), "{operation} {request}");
    }
}

#[test]
fn refused_reads_and_deletions() {
    let key = json!({"id": {"S": "a"}});
    for (operation, request, error) in [
        ("GetItem", json!({"Key": key}), "only with ConsistentRead"),
        ("GetItem", json!({"Key": key, "ConsistentRead": false}), "only with ConsistentRead"),
        ("GetItem", json!({"ConsistentRead": true}), "is not an item"),
        ("GetItem", json!({"Key": item(), "ConsistentRead": true}), "does not match the schema"),
        (
            "GetItem",
            json!({"Key": {"id": {"S": ""}}, "ConsistentRead": true}),
            "empty string value",
        ),
        (
            "GetItem",
            json!({"Key": key, "ConsistentRead": true, "ProjectionExpression": "n"}),
            "does not know ProjectionExpression",
        ),
        (
            "GetItem",
            json!({"TableName": "other", "Key": key, "ConsistentRead": true}),
            "ResourceNotFoundException",
        ),
        ("DeleteItem", json!({}), "is not an item"),
        ("DeleteItem", json!({"Key": item()}), "does not match the schema"),
        ("DeleteItem", json!({"Key": {"id": {"S": ""}}}), "empty string value"),
        (
            "DeleteItem",
            json!({"Key": key, "ConditionExpression": "attribute_exists(id)"}),
            "does not know ConditionExpression",
        ),
        ("DeleteItem", json!({"Key": key, "ReturnValues": "ALL_OLD"}), "does not know"),
        ("DeleteItem", json!({"TableName": "other", "Key": key}), "ResourceNotFoundException"),
    ] {
        let (outcome, items) = perform(operation, request.clone());
        let refused = outcome.unwrap_err();
        assert!(refused.contains(error), "{operation} {request}: {refused}");
        assert_eq!(items, [item()], "{operation} {request}");
    }
}

/// Our adapter never sends this; AWS answers an unknown operation in the same way.
#[test]
fn unsupported_operations_are_refused() {
    let mut tables = Tables::default();
    tables.create(TABLE, "id");
    for operation in ["PutItem", "BatchGetItem", "Scan", ""] {
        let input = json!({"TableName": TABLE, "Key": {"id": {"S": "a"}}});
        let refused = tables.perform(operation, &input).unwrap_err().to_string();
        assert!(refused.contains("UnknownOperationException"), "{operation}: {refused}");
    }
}

#[test]
fn invalid_items_are_refused() {
    for (item, error) in [
        (json!({"n": {"N": "1"}}), "Missing the key id"),
        (json!({"id": {"N": "1"}}), "expected: S actual: N"),
        (json!({"id": {"S": ""}}), "empty string value"),
        (json!({"id": {"S": "a"}, "l": {"L": []}}), "takes S, N, BOOL"),
        (json!({"id": {"S": "a"}, "n": {"N": "one"}}), "numeric value"),
    ] {
        let mut tables = Tables::default();
        tables.create(TABLE, "id");
        let put = read_item(&item).map_err(invalid);
        let put = put.and_then(|item| tables.table(TABLE).unwrap().put(item));
        let refused = put.unwrap_err().to_string();
        assert!(refused.contains(error), "{item}: {refused}");
    }
}

#[test]
fn refused() {
    let key = json!({"id": {"S": "a"}});
    for (request, error) in [
        (json!({"TableName": "other", "Key": key}), "ResourceNotFoundException"),
        (json!({}), "is not an item"),
        (json!({"Key": {}}), "does not match the schema"),
        (json!({"Key": {"other": {"S": "a"}}}), "does not match the schema"),
        (json!({"Key": item()}), "does not match the schema"),
        (json!({"Key": {"id": {"N": "1"}}}), "does not match the schema"),
        (json!({"Key": {"id": {"S": ""}}}), "empty string value"),
        (json!({"Key": key, "ProjectionExpression": "n"}), "does not know"),
        (json!({"Key": key, "ReturnValues": "ALL_NEW"}), "cannot be ALL_NEW"),
        (
            json!({"Key": key, "ConditionExpression": "n ="}),
            "Invalid ConditionExpression: Syntax error",
        ),
        (json!({"UpdateExpression": "REMOVE n"}), "is not an item"),
        (json!({"Key": key, "UpdateExpression": "SET"}), "Invalid UpdateExpression: Syntax error"),
        (json!({"Key": key, "UpdateExpression": "SET id = n"}), "Cannot update attribute id"),
        (
            json!({"Key": key, "ExpressionAttributeNames": {"#a": "a"}}),
            "ExpressionAttributeNames unused in expressions: keys: {#a}",
        ),
        (
            json!({"Key": key, "ExpressionAttributeValues": {":a": {"N": "1"}, ":b": {"N": "1"}}}),
            "ExpressionAttributeValues unused in expressions: keys: {:a, :b}",
        ),
        (json!({"Key": key, "ExpressionAttributeValues": {}}), "must not be empty"),
        (json!({"Key": key, "ExpressionAttributeValues": {"a": {"N": "1"}}}), "invalid key"),
    ] {
        let (outcome, items) = update(request.clone());
        let refused = outcome.unwrap_err();
        assert!(refused.contains(error), "{request}: {refused}");
        assert_eq!(items, [item()], "{request}");
    }
}

#[test]
fn failed_conditions() {
    let failing = json!({
        "Key": {"id": {"S": "a"}},
        "ConditionExpression": "n > :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    });
    let (outcome, items) = update(failing.clone());
    let refused = outcome.unwrap_err();
    assert!(refused.starts_with("400"), "{refused}");
    let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    assert!(refused.contains(kind), "{refused}");
    assert!(!refused.contains("Item"), "{refused}");
    assert_eq!(items, [item()]);

    let mut telling = failing.clone();
    telling["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let refused = update(telling.clone()).0.unwrap_err();
    assert!(refused.contains(&format!("\"Item\":{}", item())), "{refused}");
    telling["Key"] = json!({"id": {"S": "b"}});
    let refused = update(telling).0.unwrap_err();
    assert!(refused.contains(kind) && !refused.contains("Item\":"), "{refused}");
}
