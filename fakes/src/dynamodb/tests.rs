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
async fn the_sdk_accepts_the_answers() {
    let (dynamo_db, client) = dynamo_db().await;
    let s = |text: &str| AttributeValue::S(text.to_owned());
    let claim = |holder: &str| {
        client
            .update_item()
            .table_name(TABLE)
            .key("id", s("event"))
            .update_expression("SET holder = :holder, tries = if_not_exists(tries, :zero) + :one")
            .condition_expression("attribute_not_exists(holder)")
            .expression_attribute_values(":holder", s(holder))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    let won = HashMap::from([
        ("id".to_owned(), s("event")),
        ("holder".to_owned(), s("one")),
        ("tries".to_owned(), AttributeValue::N("1".to_owned())),
    ]);
    assert_eq!(claim("one").await.unwrap().attributes(), Some(&won));
    match claim("two").await.unwrap_err().into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(error) => {
            assert_eq!(error.item(), Some(&won));
        }
        other => panic!("{other:?}"),
    }

    let read = client.get_item().table_name(TABLE).key("id", s("event")).consistent_read(true);
    assert_eq!(read.send().await.unwrap().item(), Some(&won));
    let delete = client.delete_item().table_name(TABLE).key("id", s("event"));
    delete.send().await.unwrap();
    assert!(dynamo_db.items(TABLE).is_empty());
    let put = client.put_item().table_name(TABLE).set_item(Some(won));
    put.send().await.unwrap();
    let item = json!({"id": {"S": "event"}, "holder": {"S": "one"}, "tries": {"N": "1"}});
    assert_eq!(dynamo_db.item(TABLE, "event"), Some(item));
    assert_eq!((dynamo_db.calls(), dynamo_db.calls_of("UpdateItem")), (5, 2));
}

/// What a table of one item answers to a request, and its items afterwards.
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
fn operations() {
    let (key, other_key) = (json!({"id": {"S": "a"}}), json!({"id": {"S": "b"}}));
    let new = json!({"id": {"S": "a"}, "m": {"BOOL": true}});
    let more = json!({"id": {"S": "a"}, "n": {"N": "1"}, "m": {"N": "1"}});
    for (operation, request, answer, items) in [
        ("GetItem", json!({"Key": key}), json!({"Item": item()}), vec![item()]),
        ("GetItem", json!({"Key": other_key}), json!({}), vec![item()]),
        ("PutItem", json!({"Item": new}), json!({}), vec![new.clone()]),
        ("PutItem", json!({"Item": other_key}), json!({}), vec![item(), other_key.clone()]),
        (
            "PutItem",
            json!({"Item": new, "ReturnValues": "ALL_OLD"}),
            json!({"Attributes": item()}),
            vec![new.clone()],
        ),
        (
            "PutItem",
            json!({"Item": other_key, "ReturnValues": "ALL_OLD"}),
            json!({}),
            vec![item(), other_key.clone()],
        ),
        (
            "UpdateItem",
            json!({"Key": key, "UpdateExpression": "SET m = n"}),
            json!({}),
            vec![more.clone()],
        ),
        (
            "UpdateItem",
            json!({"Key": key, "UpdateExpression": "SET m = n", "ReturnValues": "ALL_OLD"}),
            json!({"Attributes": item()}),
            vec![more.clone()],
        ),
        (
            "UpdateItem",
            json!({"Key": key, "UpdateExpression": "SET m = n", "ReturnValues": "ALL_NEW"}),
            json!({"Attributes": more}),
            vec![more.clone()],
        ),
        (
            "UpdateItem",
            json!({"Key": other_key, "ReturnValues": "ALL_NEW"}),
            json!({"Attributes": other_key}),
            vec![item(), other_key.clone()],
        ),
        ("DeleteItem", json!({"Key": key}), json!({}), vec![]),
        (
            "DeleteItem",
            json!({"Key": key, "ReturnValues": "ALL_OLD"}),
            json!({"Attributes": item()}),
            vec![],
        ),
        ("DeleteItem", json!({"Key": other_key}), json!({}), vec![item()]),
        (
            "DeleteItem",
            json!({"Key": other_key, "ConditionExpression": "attribute_not_exists(id)"}),
            json!({}),
            vec![item()],
        ),
    ] {
        assert_eq!(perform(operation, request.clone()), (Ok(answer), items), "{request}");
    }
}

#[test]
fn refused() {
    let key = json!({"id": {"S": "a"}});
    for (operation, request, error) in [
        ("GetItem", json!({"TableName": "other", "Key": key}), "ResourceNotFoundException"),
        ("GetItem", json!({}), "is not an item"),
        ("GetItem", json!({"Key": {}}), "does not match the schema"),
        ("GetItem", json!({"Key": {"other": {"S": "a"}}}), "does not match the schema"),
        ("GetItem", json!({"Key": item()}), "does not match the schema"),
        ("GetItem", json!({"Key": {"id": {"N": "1"}}}), "does not match the schema"),
        ("GetItem", json!({"Key": {"id": {"S": ""}}}), "empty string value"),
        ("GetItem", json!({"Key": key, "ProjectionExpression": "n"}), "does not know"),
        ("PutItem", json!({"Item": {"n": {"N": "1"}}}), "Missing the key id"),
        ("PutItem", json!({"Item": {"id": {"N": "1"}}}), "expected: S actual: N"),
        ("PutItem", json!({"Item": {"id": {"S": "a"}, "l": {"L": []}}}), "takes S, N, BOOL"),
        ("PutItem", json!({"Item": {"id": {"S": "a"}, "n": {"N": "one"}}}), "numeric value"),
        ("PutItem", json!({"Item": key, "ReturnValues": "ALL_NEW"}), "cannot be ALL_NEW"),
        (
            "PutItem",
            json!({"Item": key, "ConditionExpression": "n ="}),
            "Invalid ConditionExpression: Syntax error",
        ),
        ("UpdateItem", json!({"UpdateExpression": "REMOVE n"}), "is not an item"),
        (
            "UpdateItem",
            json!({"Key": key, "UpdateExpression": "SET"}),
            "Invalid UpdateExpression: Syntax error",
        ),
        (
            "UpdateItem",
            json!({"Key": key, "UpdateExpression": "SET id = n"}),
            "Cannot update attribute id",
        ),
        (
            "UpdateItem",
            json!({"Key": key, "ExpressionAttributeNames": {"#a": "a"}}),
            "ExpressionAttributeNames unused in expressions: keys: {#a}",
        ),
        (
            "UpdateItem",
            json!({"Key": key, "ExpressionAttributeValues": {":a": {"N": "1"}, ":b": {"N": "1"}}}),
            "ExpressionAttributeValues unused in expressions: keys: {:a, :b}",
        ),
        ("UpdateItem", json!({"Key": key, "ExpressionAttributeValues": {}}), "must not be empty"),
        (
            "UpdateItem",
            json!({"Key": key, "ExpressionAttributeValues": {"a": {"N": "1"}}}),
            "invalid key",
        ),
        ("Scan", json!({}), "UnknownOperationException"),
    ] {
        let (outcome, items) = perform(operation, request.clone());
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
    for operation in ["UpdateItem", "DeleteItem"] {
        let (outcome, items) = perform(operation, failing.clone());
        let refused = outcome.unwrap_err();
        assert!(refused.starts_with("400"), "{refused}");
        let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
        assert!(refused.contains(kind), "{refused}");
        assert!(!refused.contains("Item"), "{refused}");
        assert_eq!(items, [item()]);

        let mut telling = failing.clone();
        telling["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        let refused = perform(operation, telling.clone()).0.unwrap_err();
        assert!(refused.contains(&format!("\"Item\":{}", item())), "{refused}");
        telling["Key"] = json!({"id": {"S": "b"}});
        let refused = perform(operation, telling).0.unwrap_err();
        assert!(refused.contains(kind) && !refused.contains("Item\":"), "{refused}");
    }
}
