//! A deployed function, its queue, and an Ory with people whom no webhook told of.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Stdio,
};

use fakes::{FakeOry, FakeSecretsManager, FakeSqs, ory::person};
use serde_json::{Value, json};
use shared::{
    backfill::{Run, message},
    ctx::AddAs,
};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    lambda::{FakeLambda, Function},
    world::{Done, done},
};

pub(crate) const QUEUE: &str = "ory-actions-queue";
pub(crate) const TOKEN: &str = "ory_pat_canary";
const SECRET: &str = "ory-actions/ory";

/// So fast that no test waits for it.
pub(crate) const FAST: [&str; 2] = ["--rate", "1000000"];

/// Ory, and what a run needs.
pub(crate) struct People {
    pub(crate) ory: FakeOry,
    pub(crate) sqs: FakeSqs,
    pub(crate) secrets: FakeSecretsManager,
    handler: &'static str,
    lambda: FakeLambda,
    folder: TempDir,
    environment: BTreeMap<&'static str, String>,
}

/// The id of a person.
pub(crate) fn id(number: u32) -> String {
    // The ids that Ory makes are spread like this.
    format!("{:08x}-1111-4111-8111-{number:012x}", number.wrapping_mul(2_654_435_761))
}

/// A person who wants the newsletter if their number is even.
pub(crate) fn numbered(number: u32) -> Value {
    let mut person = person(&id(number), &format!("person-{number}@example.com"));
    person["traits"]["consent"] = json!({"newsletter": number.is_multiple_of(2)});
    person
}

impl People {
    /// With this function, and so many people.
    pub(crate) async fn of(handler: &'static str, count: u32) -> Self {
        let ory = FakeOry::start(0, Some(TOKEN)).await.unwrap();
        (0..count).for_each(|number| ory.put_identity(numbered(number)));
        let sqs = FakeSqs::start(0).await.unwrap();
        sqs.create_queue(QUEUE);
        let secrets = FakeSecretsManager::start(0).await.unwrap();
        secrets.put(SECRET, &json!({"access_token": TOKEN}).to_string());
        let lambda = FakeLambda::with(Function { handler, ..Function::deployed() }).await;
        let environment = [
            ("AWS_ENDPOINT_URL_SQS", sqs.url()),
            ("AWS_ENDPOINT_URL_LAMBDA", lambda.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        let environment = environment.into();
        let folder = TempDir::new().unwrap();
        let people = Self { ory, sqs, secrets, handler, lambda, folder, environment };
        people.set("QUEUE_URL", &people.sqs.queue_url(QUEUE));
        people.set("ORY_URL", &people.ory.url());
        people.set("ORY_SECRET_ID", SECRET);
        people
    }

    /// Sets a variable of the function.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let mut function = self.lambda.function.lock().unwrap();
        for version in &mut function.versions {
            version.variables.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Sets a variable of whoever runs the program.
    pub(crate) fn variable(&mut self, name: &'static str, value: &str) {
        self.environment.insert(name, value.to_owned());
    }

    /// In which the program finds everything.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// A file in the folder where the program runs.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file in which a run saves how far it is.
    pub(crate) fn state(&self) -> Value {
        let text = std::fs::read(self.file("ory-actions-backfill-welcome.json"));
        text.map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap())
    }

    /// The program, with a command and these arguments after the name of the function.
    pub(crate) fn command(&self, command: &str, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
        program.arg(command).arg("welcome").args(arguments).current_dir(self.folder.path());
        program.env_clear().envs(self.environment()).stdin(Stdio::null());
        program
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, command: &str, arguments: &[&str]) -> Done {
        done(self.command(command, arguments)).await
    }

    /// Sends everybody, as fast as it goes.
    pub(crate) async fn backfill(&self, arguments: &[&str]) -> Done {
        self.run("backfill", &[&FAST[..], &["--yes"], arguments].concat()).await
    }

    /// The messages in the queue.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let messages = self.sqs.messages(QUEUE).into_iter();
        messages.map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    /// Takes the ids of the identities in the queue, sorted.
    pub(crate) fn take(&self) -> Vec<String> {
        let ids = self.messages().into_iter();
        let ids =
            ids.map(|message| message["event"]["identity"]["id"].as_str().unwrap().to_owned());
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        self.sqs.make_visible(QUEUE);
        for message in self.sqs.receive(QUEUE, usize::MAX) {
            self.sqs.delete(&message.receipt);
        }
        ids
    }

    /// The event ids in the queue.
    pub(crate) fn event_ids(&self) -> BTreeSet<String> {
        let messages = self.messages().into_iter();
        messages.map(|message| message["event_id"].as_str().unwrap().to_owned()).collect()
    }

    /// The event ids of everybody who is in Ory now.
    pub(crate) fn expected_event_ids(&self, add_as: Option<AddAs>) -> BTreeSet<String> {
        let event_id = |identity: &Value| {
            let message = message(self.handler, Run::Backfill, add_as, identity).unwrap();
            message.event_id.as_str().to_owned()
        };
        self.ory.identities().iter().map(event_id).collect()
    }
}

/// The ids of these people, sorted.
pub(crate) fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut ids: Vec<_> = numbers.into_iter().map(id).collect();
    ids.sort_unstable();
    ids
}
