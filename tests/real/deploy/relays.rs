//! Relays beside the other functions, each in a stack of its own: one of a preset that repeats a call in
//! doubt, and one that holds it.

use fakes::{FakeRelayed, RelayedCall, relayed};
use integration::sign_up::{address, random_id};
use shared::http::{Client, Http};
use uuid::Uuid;

use super::{
    checks::{Failure, check, soon},
    cloud::Cloud,
    functions::of_ory,
    lifecycle::{ARCHITECTURE, delete},
    operations::{RENEW, block, block_of},
    proof::{alarms_reach_the_topic, has_logged, records},
    stack::Stack,
};

/// The name of the function in its template.
const RELAY: &str = "Relay";

/// A relay that is deployed.
struct Relay {
    preset: &'static str,
    /// What stands in the printed command in the place of the secret, and the field that it is in.
    placeholder: (&'static str, &'static str),
    holds: bool,
    /// Whether the vendor was told of this person.
    is_about: fn(&RelayedCall, Uuid) -> bool,
}

const RELAYS: [Relay; 2] = [
    Relay {
        preset: "hubspot",
        placeholder: ("YOUR-TOKEN", "token"),
        holds: false,
        is_about: |call, person| call.body["inputs"][0]["id"] == address(person),
    },
    Relay {
        preset: "slack",
        placeholder: ("YOUR-WEBHOOK-URL", "url_path"),
        holds: true,
        is_about: |call, _| call.body["text"] == "New registration",
    },
];

/// From the deployment to the end.
pub(super) async fn run(cloud: &Cloud) -> Result<(), Failure> {
    for relay in &RELAYS {
        deploy(cloud, relay).await?;
        let stack = Stack::read(cloud, &relay.name()).await?;
        prove(&stack, relay).await?;
        delete(&stack).await?;
    }
    Ok(())
}

impl Relay {
    /// The name of its stack in the README, where it is one for HubSpot.
    fn name(&self) -> String {
        format!("ory-{}", self.preset)
    }

    /// A command of the README for HubSpot, for this relay.
    fn command(&self, beginning: &str) -> String {
        let block = block_of("README.md", "sam build --config-env relay").replace("\\\n", "");
        let command = block.lines().find(|line| line.starts_with(beginning)).unwrap();
        command.replace("hubspot", self.preset)
    }

    /// A command with the secret of the vendor in it.
    fn filled_in(&self, command: &str) -> String {
        let (placeholder, field) = self.placeholder;
        command.replace(placeholder, relayed::secret(self.preset)[field].as_str().unwrap())
    }
}

/// As the README says, but for the question, and for the processor of this machine.
async fn deploy(cloud: &Cloud, relay: &Relay) -> Result<(), Failure> {
    let command = relay.command("sam deploy ");
    cloud.shell(&format!("{command} Architecture={ARCHITECTURE} --no-confirm-changeset")).await?;
    Ok(())
}

async fn prove(stack: &Stack<'_>, relay: &Relay) -> Result<(), Failure> {
    alarms_reach_the_topic(stack).await?;
    let has_table = !stack.resource("Records").is_empty();
    check("relay has a table if it holds calls", has_table == relay.holds, relay.preset)?;
    let vendor = FakeRelayed::start(0, relay.preset).await.unwrap();
    point_at(stack, &vendor).await?;
    let key = stack.ory_key().await?;
    let (status, body) = call(stack, random_id(), "a-stranger-s-key").await?;
    check("stranger is refused", status == 401, format!("{status} {body}"))?;
    let waiting = send(stack, &key).await?;
    soon("event is logged as blocked", async || Ok(has_logged(stack, RELAY, "blocked").await))
        .await?;
    check("no call is made without the secret", vendor.take_received().is_empty(), relay.preset)?;
    fill_in_the_secret(stack, relay).await?;
    renew(stack).await?;
    is_delivered(stack, relay, &vendor, waiting).await?;
    let person = send(stack, &key).await?;
    is_delivered(stack, relay, &vendor, person).await?;
    if relay.holds {
        let kept = records(stack).await;
        check("delivery is recorded", kept > 0, kept)?;
    }
    dead_letters_are_found(stack).await
}

/// By the command of the README for HubSpot, and by that of the outputs for the other.
async fn fill_in_the_secret(stack: &Stack<'_>, relay: &Relay) -> Result<(), Failure> {
    let printed = stack.output("NextFillInSecret")?.to_owned();
    let documented = relay.command("aws secretsmanager put-secret-value ");
    let is_there = printed.contains(relay.placeholder.0);
    check("output has the fields of the secret", is_there, &printed)?;
    let command = if relay.holds { printed } else { documented };
    let secret = [("RELAY_SECRET_ID", stack.output("RelaySecretId")?)];
    stack.cloud.shell_with(&relay.filled_in(&command), &secret).await?;
    Ok(())
}

/// Past CloudFormation, as no parameter admits loopback. Before there is a secret: the vendor itself is
/// never called.
async fn point_at(stack: &Stack<'_>, vendor: &FakeRelayed) -> Result<(), Failure> {
    stack
        .change_variables(RELAY, |variables| {
            let settings =
                [("RELAY_ORIGIN", vendor.url()), ("RELAY_ALLOW_LOOPBACK", "true".into())];
            variables.extend(settings.map(|(name, value)| (name.to_owned(), value)));
        })
        .await;
    renew(stack).await
}

/// New sandboxes start with the new variables, and read the secret.
async fn renew(stack: &Stack<'_>) -> Result<(), Failure> {
    stack.cloud.shell_with(RENEW, &[("FUNCTION", stack.output("RelayFunction")?)]).await?;
    Ok(())
}

/// What the function answers to a sign-up.
async fn call(stack: &Stack<'_>, person: Uuid, key: &str) -> Result<(u16, String), Failure> {
    let request = of_ory(&stack.url_of(RELAY)?, person, key);
    let answer = Client::new().unwrap().send(request).await.unwrap();
    Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
}

/// Sends the sign-up of somebody new, which the function must take.
async fn send(stack: &Stack<'_>, key: &str) -> Result<Uuid, Failure> {
    let person = random_id();
    let (status, body) = call(stack, person, key).await?;
    check("event is accepted", status == 202, format!("{status} {body}"))?;
    Ok(person)
}

async fn is_delivered(
    stack: &Stack<'_>,
    relay: &Relay,
    vendor: &FakeRelayed,
    person: Uuid,
) -> Result<(), Failure> {
    let mut calls = Vec::new();
    soon("event is delivered by the mapping", async || {
        calls.extend(vendor.take_received());
        Ok(!calls.is_empty())
    })
    .await?;
    let queue = stack.resource("RelayQueue");
    soon("queue is empty after the delivery", async || Ok(stack.messages(queue).await == 0))
        .await?;
    calls.extend(vendor.take_received());
    let is_told = calls.iter().all(|call| (relay.is_about)(call, person));
    check("vendor is told of this person", is_told, format!("{calls:?}"))?;
    // The queue may have an event twice. A relay that holds calls has a record of each.
    let is_once = !relay.holds || calls.len() == 1;
    check("vendor that shows a second call gets none", is_once, format!("{calls:?}"))
}

/// By the command of docs/operations.md.
async fn dead_letters_are_found(stack: &Stack<'_>) -> Result<(), Failure> {
    let list = block("ory-actions dead-letters list");
    let function = [("FUNCTION", stack.output("RelayFunction")?)];
    let listed = stack.cloud.shell_with(&list, &function).await?;
    check("relay has no dead letters", listed.starts_with("No dead letters."), listed)
}
