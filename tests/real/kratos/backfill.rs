//! `ory-actions backfill`: people whom an import made, from Kratos through the queue to the vendor,
//! also if the program is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
    time::Duration,
};

use fakes::{
    Tracked,
    server::{FakeReply, Server},
};
use http::{HeaderMap, Method};
use integration::{Sandbox, binary};
use serde_json::{Value, json};
use shared::http::{Http, Request};
use tempfile::TempDir;
use tokio::{process::Command, time::sleep};
use uuid::Uuid;

use super::{config::Config, process::Kratos, world::World};

/// How many people are imported, and how many in one call.
const PEOPLE: usize = 2000;
const IN_A_CALL: usize = 500;
/// Kratos writes each of them.
const TIMEOUT: Duration = Duration::from_mins(2);

/// What Lambda gives to `segment-identify` at once.
const IN_A_BATCH: usize = 100;

/// A function in Lambda with these variables.
async fn lambda(variables: Value) -> Server {
    let configuration = json!({
        "FunctionName": "identify", "Handler": segment_identify::NAME,
        "Environment": {"Variables": variables},
    });
    let serve = move |request: http::Request<bytes::Bytes>| {
        assert_eq!(request.uri().path(), "/2015-03-31/functions/identify/configuration");
        assert_eq!(request.uri().query(), Some("Qualifier=live"));
        std::future::ready(FakeReply::json(200, &configuration))
    };
    Server::start(0, serve).await.unwrap()
}

/// Imports people, as the admin API does it in bulk; their ids.
async fn import(kratos: &Kratos, first: usize) -> Vec<Uuid> {
    let person = |number: usize| {
        let traits = json!({"email": format!("person-{number}@example.com")});
        json!({"create": {"schema_id": "default", "traits": traits}})
    };
    let people: Vec<_> = (first..first + IN_A_CALL).map(person).collect();
    let request = Request {
        method: Method::PATCH,
        url: format!("{}/admin/identities", kratos.admin()).parse().unwrap(),
        headers: HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        )]),
        body: json!({"identities": people}).to_string().into(),
        timeout: TIMEOUT,
    };
    let answer = kratos.client().send(request).await.unwrap();
    assert_eq!(answer.status, 200);
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    let made = told["identities"].as_array().unwrap().iter();
    made.map(|one| one["identity"].as_str().unwrap().parse().unwrap()).collect()
}

/// The program, beside Kratos and the fakes.
fn backfill(folder: &Path, environment: &[(&str, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("ory-actions"));
    command.args(["backfill", "identify", "--yes"]).args(arguments).current_dir(folder);
    command.env_clear().envs(environment.iter().map(|(name, value)| (*name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Delivers all that is in the queue, as Lambda does it.
async fn deliver(world: &World, function: &mut Sandbox) {
    loop {
        let messages = world.sqs.receive(super::world::QUEUE, IN_A_BATCH);
        if messages.is_empty() {
            return;
        }
        assert!(function.deliver(&messages).await.is_empty());
        for message in &messages {
            world.sqs.delete(&message.receipt);
        }
    }
}

#[tokio::test]
async fn imported_people_reach_the_vendor_once_each_although_the_program_is_killed() {
    let (world, kratos) = (World::start().await, Kratos::start_on_disk(&Config::new()).await);
    let mut people = BTreeSet::new();
    for first in (0..PEOPLE).step_by(IN_A_CALL) {
        people.extend(import(&kratos, first).await);
    }
    assert_eq!(people.len(), PEOPLE);
    let lambda = lambda(json!({
        "QUEUE_URL": world.sqs.queue_url(super::world::QUEUE), "ORY_URL": kratos.admin(),
    }))
    .await;
    let folder = TempDir::new().unwrap();
    let environment = [
        ("AWS_ENDPOINT_URL_SQS", world.sqs.url()),
        ("AWS_ENDPOINT_URL_LAMBDA", lambda.url()),
        ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    let mut program = backfill(folder.path(), &environment, &["--rate", "1000"]).spawn().unwrap();
    while world.stored().len() < PEOPLE / 2 {
        assert!(program.try_wait().unwrap().is_none(), "it ends too early");
        sleep(Duration::from_millis(5)).await;
    }
    program.kill().await.unwrap();
    let sent = world.stored().len();
    assert!(sent < PEOPLE, "it was killed too late");
    let done = backfill(folder.path(), &environment, &["--rate", "1000", "--resume"]);
    let done = { done }.output().await.unwrap();
    assert!(done.status.success(), "{done:?}");
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.contains("2,000 of 2,000 identities were sent"), "{told}");
    assert!(world.stored().len() <= PEOPLE + 10, "at most one batch was sent twice");

    let mut function = world.queued_function(segment_identify::NAME).start().await;
    deliver(&world, &mut function).await;
    // Segment drops a message with an id that it knows.
    let mut by_message = BTreeMap::new();
    let calls = world.fakes.segment.take_received();
    for event in calls.iter().flat_map(Tracked::events) {
        let id = |field: &str| event[field].as_str().unwrap().to_owned();
        let user: Uuid = id("userId").parse().unwrap();
        assert!(by_message.insert(id("messageId"), user).is_none_or(|known| known == user));
    }
    assert_eq!(by_message.len(), PEOPLE);
    assert_eq!(by_message.into_values().collect::<BTreeSet<_>>(), people);
}
