use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::ProvideErrorMetadata,
    types::{BatchResultErrorEntry, SendMessageBatchRequestEntry, SendMessageBatchResultEntry},
};

use super::*;

const QUEUE: &str = "mail";

async fn sqs() -> (FakeSqs, Client) {
    let sqs = FakeSqs::start(0).await.unwrap();
    sqs.create_queue(QUEUE);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(sqs.url())
        .http_client(shared::http::Client::new().unwrap().for_sdk())
        .retry_config(RetryConfig::disabled());
    let client = Client::from_conf(config.build());
    (sqs, client)
}

async fn send(sqs: &FakeSqs, client: &Client, body: &str) {
    client.send_message().queue_url(sqs.queue_url(QUEUE)).message_body(body).send().await.unwrap();
}

/// Requests another visibility timeout, and returns the error code.
async fn change(sqs: &FakeSqs, client: &Client, receipt: &str, seconds: i32) -> Result<(), String> {
    let request = client.change_message_visibility().queue_url(sqs.queue_url(QUEUE));
    let request = request.receipt_handle(receipt).visibility_timeout(seconds);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.code().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn sdk_accepts_the_response() {
    let (sqs, client) = sqs().await;
    let request = client.send_message().queue_url(sqs.queue_url(QUEUE));
    let sent = request.message_body("hello").send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
    let [message] = &sqs.messages(QUEUE)[..] else { panic!("not one message") };
    assert_eq!(sent.message_id(), Some(message.id.as_str()));
    assert_eq!(message.body, "hello");
    assert_eq!(message.receive_count, 0);
}

#[tokio::test]
async fn invalid_sqs_messages_are_refused() {
    let (sqs, client) = sqs().await;
    sqs.set_max_message_bytes(5);
    for (queue, body, code) in [
        ("other", "hello", "AWS.SimpleQueueService.NonExistentQueue"),
        (QUEUE, "hello!", "InvalidParameterValue"),
        (QUEUE, "hellö", "InvalidParameterValue"),
        (QUEUE, "", "MissingParameter"),
        (QUEUE, "\u{1}", "InvalidMessageContents"),
        (QUEUE, "\u{FFFE}", "InvalidMessageContents"),
    ] {
        let request = client.send_message().queue_url(sqs.queue_url(queue)).message_body(body);
        let error = request.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{body}");
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    }
    assert!(sqs.messages(QUEUE).is_empty());
    send(&sqs, &client, "\t\u{1F600}").await;
}

/// Sends the bodies in one call: the ids of those that were sent and of those that failed.
async fn send_batch(
    sqs: &FakeSqs,
    client: &Client,
    bodies: &[&str],
) -> Result<[String; 2], String> {
    let entries = bodies.iter().enumerate().map(|(at, body)| {
        let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
        entry.message_body(*body).build().unwrap()
    });
    let request = client.send_message_batch().queue_url(sqs.queue_url(QUEUE));
    match request.set_entries(Some(entries.collect())).send().await {
        Ok(told) => Ok([
            told.successful().iter().map(SendMessageBatchResultEntry::id).collect(),
            told.failed().iter().map(BatchResultErrorEntry::id).collect(),
        ]),
        Err(error) => Err(error.code().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn messages_are_sent_together_and_each_may_fail_alone() {
    let (sqs, client) = sqs().await;
    let all = ["a", "b", "\u{1}", "d"];
    let sent = send_batch(&sqs, &client, &all).await.unwrap();
    assert_eq!(sent, ["013", "2"]);
    sqs.fail_next_entries(2);
    let sent = send_batch(&sqs, &client, &all).await.unwrap();
    assert_eq!(sent, ["3", "012"]);
    let bodies: Vec<_> = sqs.messages(QUEUE).into_iter().map(|message| message.body).collect();
    assert_eq!(bodies, ["a", "b", "d", "d"]);
    let half = "x".repeat(600 * 1024);
    for (bodies, code) in [
        (&[][..], "AWS.SimpleQueueService.EmptyBatchRequest"),
        (&["x"; 11], "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        (&[&*half, &*half], "AWS.SimpleQueueService.BatchRequestTooLong"),
    ] {
        assert_eq!(send_batch(&sqs, &client, bodies).await.unwrap_err(), code);
    }
}

#[tokio::test]
async fn message_is_received_once_per_visibility_timeout() {
    let (sqs, client) = sqs().await;
    for body in ["one", "two", "three"] {
        send(&sqs, &client, body).await;
    }
    let [one, two] = &sqs.receive(QUEUE, 2)[..] else { panic!("not two messages") };
    assert_eq!((one.body.as_str(), two.body.as_str()), ("one", "two"));
    assert!(one.is_hidden() && one.receive_count == 1);
    assert_eq!(sqs.receive(QUEUE, 10).len(), 1);
    assert!(sqs.receive(QUEUE, 10).is_empty());

    sqs.make_visible(QUEUE);
    let [again] = &sqs.receive(QUEUE, 1)[..] else { panic!("not one message") };
    assert_eq!((&again.id, again.receive_count), (&one.id, 2));
    assert_ne!(again.receipt, one.receipt);
    // Only the last receipt deletes.
    sqs.delete(&one.receipt);
    assert_eq!(sqs.messages(QUEUE).len(), 3);
    sqs.delete(&again.receipt);
    assert_eq!(sqs.messages(QUEUE).len(), 2);

    sqs.set_visibility_timeout(Duration::ZERO);
    sqs.make_visible(QUEUE);
    assert_eq!(sqs.receive(QUEUE, 10).len(), 2);
    assert_eq!(sqs.receive(QUEUE, 10).len(), 2);
}

#[tokio::test]
async fn messages_are_received_hidden_and_deleted_by_a_person() {
    let (sqs, client) = sqs().await;
    for number in 0..12 {
        send(&sqs, &client, &format!("{number}")).await;
    }
    let receive = async |most: i32, seconds: i32| {
        let receive = client.receive_message().queue_url(sqs.queue_url(QUEUE));
        let receive = receive.max_number_of_messages(most).visibility_timeout(seconds);
        let receive = receive.message_system_attribute_names("SentTimestamp".into());
        receive.wait_time_seconds(1).send().await
    };
    let received = receive(10, 600).await.unwrap().messages.unwrap();
    assert_eq!(received.len(), 10);
    assert_eq!(received[0].body(), Some("0"));
    assert!(received[0].attributes().unwrap().contains_key(&"SentTimestamp".into()));
    let more = receive(10, 600).await.unwrap().messages.unwrap();
    assert_eq!(more.len(), 2);
    assert!(receive(10, 600).await.unwrap().messages.is_none());
    assert_eq!(receive(11, 0).await.unwrap_err().code(), Some("InvalidParameterValue"));

    let delete = client.delete_message().queue_url(sqs.queue_url(QUEUE));
    delete.receipt_handle(more[0].receipt_handle().unwrap()).send().await.unwrap();
    change(&sqs, &client, more[1].receipt_handle().unwrap(), 0).await.unwrap();
    let counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let ask = client.get_queue_attributes().queue_url(sqs.queue_url(QUEUE));
    let ask = ask.set_attribute_names(Some(counts.map(Into::into).to_vec()));
    let told = ask.send().await.unwrap().attributes.unwrap();
    assert_eq!(counts.map(|name| told[&name.into()].as_str()), ["1", "10"]);
}

#[tokio::test]
async fn dead_letter_queue_is_found_by_the_redrive_policy() {
    let (sqs, client) = sqs().await;
    let policy = async |queue: &str| {
        let ask = client.get_queue_attributes().queue_url(sqs.queue_url(queue));
        let told = ask.attribute_names("RedrivePolicy".into()).send().await.unwrap();
        told.attributes.and_then(|all| all.get(&"RedrivePolicy".into()).cloned())
    };
    assert_eq!(policy(QUEUE).await, None);
    sqs.create_queue_with_dead_letters("live", "dead");
    let told: Value = serde_json::from_str(&policy("live").await.unwrap()).unwrap();
    assert_eq!(told["deadLetterTargetArn"], "arn:aws:sqs:us-east-1:000000000000:dead");
    let url = client.get_queue_url().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    client.send_message().queue_url(url).message_body("hello").send().await.unwrap();
    assert_eq!(sqs.messages("dead").len(), 1);
    let error = client.get_queue_url().queue_name("none").send().await.unwrap_err();
    assert_eq!(error.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
}

#[tokio::test]
async fn visibility_changed() {
    let (sqs, client) = sqs().await;
    send(&sqs, &client, "hello").await;
    let receipt = &sqs.receive(QUEUE, 1)[0].receipt;
    change(&sqs, &client, receipt, 30).await.unwrap();
    let message = &sqs.messages(QUEUE)[0];
    assert_eq!((message.visibility, message.is_hidden()), (Some(30), true));
    assert_eq!(change(&sqs, &client, receipt, 43_201).await.unwrap_err(), "InvalidParameterValue");
    assert_eq!(change(&sqs, &client, receipt, -1).await.unwrap_err(), "InvalidParameterValue");

    change(&sqs, &client, receipt, 0).await.unwrap();
    let in_flight = change(&sqs, &client, receipt, 30).await.unwrap_err();
    assert_eq!(in_flight, "AWS.SimpleQueueService.MessageNotInflight");
    sqs.receive(QUEUE, 1);
    assert_eq!(change(&sqs, &client, receipt, 30).await.unwrap_err(), "InvalidParameterValue");
}

#[tokio::test]
async fn lambda_event_has_the_sqs_shape() {
    let (sqs, client) = sqs().await;
    send(&sqs, &client, "hello").await;
    let messages = sqs.receive(QUEUE, 10);
    let event = lambda_event(&messages);
    let sent = (messages[0].sent.unix_timestamp_nanos() / 1_000_000).to_string();
    let received = &event["Records"][0]["attributes"]["ApproximateFirstReceiveTimestamp"];
    assert!(received.as_str().unwrap().parse::<u64>().unwrap() >= sent.parse().unwrap());
    let expected = json!({"Records": [{
        "messageId": messages[0].id,
        "receiptHandle": messages[0].receipt,
        "body": "hello",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": "AROAEXAMPLE:local",
            "ApproximateFirstReceiveTimestamp": received,
        },
        "messageAttributes": {},
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:mail",
        "awsRegion": "us-east-1",
    }]});
    assert_eq!(event, expected);
}
