//! A deployed stack with all its functions, a person of whom it has something everywhere, and another
//! of whom it must keep everything.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use fakes::{
    FakeDynamoDb, FakeMailchimp, FakeOry, FakeSecretsManager, FakeSqs,
    mailchimp::{LIST_ID, Status},
    server::{FakeReply, Server},
};
use http::{Method, Request};
use mailchimp_subscribe::record::ContactRecord;
use serde_json::{Value, json};
use shared::{
    idempotency::{KEY_ATTRIBUTE, erased_mark},
    key::IdempotencyKey,
};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    lambda::{LOG_GROUP, refusal},
    letters::{about, event_id},
    logs::FakeLogs,
    world::{Done, MAILCHIMP_KEY, run},
};

pub(crate) const ANN: Uuid = Uuid::from_u128(0xA1);
pub(crate) const BEN: Uuid = Uuid::from_u128(0xB2);

/// The address of the person's contact, and an earlier one.
pub(crate) const ADDRESS: &str = "canary-ann@shop.test";
pub(crate) const EARLIER: &str = "canary-ann-before@shop.test";

pub(crate) const TABLE: &str = "ory-actions-Records-1A2B";
const ORY_TOKEN: &str = "ory_pat_canary";

/// The functions, and the outputs with their names in Lambda, which are the same here.
const FUNCTIONS: [(&str, &str); 5] = [
    ("mandrill-welcome", "MandrillWelcomeFunction"),
    ("segment-identify", "SegmentIdentifyFunction"),
    ("mailchimp-inbound", "MailchimpInboundFunction"),
    ("mailchimp-subscribe", "MailchimpSubscribeFunction"),
    ("mandrill-inbound", "MandrillInboundFunction"),
];

pub(crate) const QUEUE: &str = "ory-actions-segment-identify";

const MAPPING: &str = "00000000-0000-4000-8000-00000000000e";

/// The event source mapping of segment-identify.
pub(crate) struct Mapping {
    pub(crate) state: &'static str,
    /// What it was set to, and when: with the mark there, and with all messages visible.
    pub(crate) history: Vec<(bool, bool, bool)>,
    /// Whether it never becomes disabled.
    pub(crate) is_stuck: bool,
    /// How many changes are refused because another one is under way.
    pub(crate) busy: usize,
    /// Whether nobody may enable it.
    pub(crate) is_locked: bool,
}

struct Lambda {
    /// Whether it cannot decrypt the settings of the functions.
    is_silent: bool,
    variables: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    mapping: Mapping,
    sqs: Arc<FakeSqs>,
    dynamo_db: Arc<FakeDynamoDb>,
}

impl Lambda {
    fn answer(&mut self, request: &Request<Bytes>) -> FakeReply {
        const FUNCTIONS: &str = "/2015-03-31/functions/";
        const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        if let Some(rest) = path.strip_prefix(FUNCTIONS) {
            assert_eq!(query, "Qualifier=live");
            return self.configuration(rest.strip_suffix("/configuration").unwrap());
        }
        let mapping = path.strip_prefix(MAPPINGS).unwrap_or_else(|| panic!("{path}"));
        match (request.method(), mapping.trim_matches('/')) {
            (&Method::GET, "") => {
                let found = if query == "FunctionName=segment-identify%3Alive" {
                    vec![self.shown()]
                } else {
                    Vec::new()
                };
                FakeReply::json(200, &json!({"EventSourceMappings": found}))
            }
            (&Method::GET, MAPPING) => {
                if self.mapping.state == "Disabling" && !self.mapping.is_stuck {
                    self.mapping.state = "Disabled";
                }
                FakeReply::json(200, &self.shown())
            }
            (&Method::PUT, MAPPING) => {
                let body: Value = serde_json::from_slice(request.body()).unwrap();
                self.set(body["Enabled"].as_bool().unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    fn configuration(&self, name: &str) -> FakeReply {
        let Some(variables) = self.variables.get(name) else {
            return refusal(404, "ResourceNotFoundException", "Function not found");
        };
        let environment = if self.is_silent {
            json!({"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}})
        } else {
            json!({"Variables": variables})
        };
        FakeReply::json(
            200,
            &json!({
                "FunctionName": name, "Environment": environment,
                "LoggingConfig": {"LogGroup": LOG_GROUP},
            }),
        )
    }

    fn set(&mut self, is_enabled: bool) -> FakeReply {
        let mapping = &mut self.mapping;
        if mapping.busy > 0 {
            mapping.busy -= 1;
            return refusal(400, "ResourceInUseException", "Cannot update now");
        }
        if is_enabled && mapping.is_locked {
            return refusal(403, "AccessDeniedException", "not for you");
        }
        mapping.state = if is_enabled { "Enabling" } else { "Disabling" };
        let is_marked = self.dynamo_db.item(TABLE, &erased_mark(ANN)).is_some();
        let are_visible = self.sqs.messages(QUEUE).iter().all(|message| !message.is_hidden());
        mapping.history.push((is_enabled, is_marked, are_visible));
        FakeReply::json(202, &self.shown())
    }

    fn shown(&self) -> Value {
        json!({
            "UUID": MAPPING, "State": self.mapping.state, "BatchSize": 100,
            "EventSourceArn": format!("arn:aws:sqs:us-east-1:000000000000:{QUEUE}"),
        })
    }
}

/// The stack, its people, and the program that erases one.
pub(crate) struct Deployment {
    pub(crate) sqs: Arc<FakeSqs>,
    pub(crate) dynamo_db: Arc<FakeDynamoDb>,
    pub(crate) logs: FakeLogs,
    pub(crate) ory: FakeOry,
    pub(crate) mailchimp: FakeMailchimp,
    lambda: Arc<Mutex<Lambda>>,
    _lambda: Server,
    _secrets: FakeSecretsManager,
    environment: BTreeMap<&'static str, String>,
    folder: TempDir,
}

impl Deployment {
    /// With something of Ann everywhere; Ory has only Ben any more.
    pub(crate) async fn start() -> Self {
        let deployment = Self::empty().await;
        deployment.write_outputs(&FUNCTIONS.map(|(_, output)| output));
        for (n, person) in [(1, ANN), (2, BEN)] {
            deployment.put(QUEUE, n, about(person));
            deployment.put(&dead("mandrill-welcome"), n, about(person));
            deployment.put_record(&welcome(person), None);
            deployment.put_record(&format!("identity#{person}"), Some("{}"));
        }
        deployment.put(&dead("mailchimp-inbound"), 3, json!({"data": {"email": ADDRESS}}));
        deployment.log(3, ANN);
        for (n, person) in [(5, ANN), (6, BEN)] {
            let mail = json!({"event": "spam", "msg": {"email": ADDRESS, "ory_identity": person}});
            deployment.put(&dead("mandrill-inbound"), n, mail);
        }
        deployment.put_contacts(Status::Subscribed);
        deployment
    }

    async fn empty() -> Self {
        let sqs = Arc::new(FakeSqs::start(0).await.unwrap());
        let dynamo_db = Arc::new(FakeDynamoDb::start(0).await.unwrap());
        dynamo_db.create_table(TABLE, KEY_ATTRIBUTE);
        let logs = FakeLogs::start().await;
        let ory = FakeOry::start(0, Some(ORY_TOKEN)).await.unwrap();
        ory.put_identity(fakes::ory::person(&BEN.to_string(), "canary-ben@shop.test"));
        let mailchimp = FakeMailchimp::start(0, MAILCHIMP_KEY).await.unwrap();
        let secrets = FakeSecretsManager::start(0).await.unwrap();
        secrets.put("ory", ORY_TOKEN);
        secrets.put("mailchimp", MAILCHIMP_KEY);
        let mut variables = BTreeMap::new();
        for (function, _) in FUNCTIONS {
            let queue = format!("ory-actions-{function}");
            sqs.create_queue_with_dead_letters(&queue, &dead(function));
            let mut own = BTreeMap::from([("QUEUE_URL", sqs.queue_url(&queue))]);
            if function != "segment-identify" {
                own.insert("RECORDS_TABLE", TABLE.to_owned());
            }
            variables.insert(function, own);
        }
        let ory_at = [("ORY_URL", ory.url()), ("ORY_SECRET_ID", "ory".to_owned())];
        variables.get_mut("mailchimp-inbound").unwrap().extend(ory_at);
        let mailchimp_at = [
            ("MAILCHIMP_URL", mailchimp.url()),
            ("MAILCHIMP_SECRET_ID", "mailchimp".to_owned()),
            ("MAILCHIMP_LIST_ID", LIST_ID.to_owned()),
        ];
        variables.get_mut("mailchimp-subscribe").unwrap().extend(mailchimp_at);
        let mapping = Mapping {
            state: "Enabled",
            history: Vec::new(),
            is_stuck: false,
            busy: 0,
            is_locked: false,
        };
        let (sqs_of_lambda, table) = (sqs.clone(), dynamo_db.clone());
        let lambda =
            Lambda { is_silent: false, variables, mapping, sqs: sqs_of_lambda, dynamo_db: table };
        let lambda = Arc::new(Mutex::new(lambda));
        let shared = lambda.clone();
        let server = Server::start(0, move |request| {
            let reply = shared.lock().unwrap().answer(&request);
            async move { reply }
        });
        let server = server.await.unwrap();
        let environment = BTreeMap::from([
            ("AWS_ENDPOINT_URL_SQS", sqs.url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamo_db.url()),
            ("AWS_ENDPOINT_URL_LAMBDA", server.url()),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]);
        let folder = TempDir::new().unwrap();
        Self {
            sqs,
            dynamo_db,
            logs,
            ory,
            mailchimp,
            lambda,
            _lambda: server,
            _secrets: secrets,
            environment,
            folder,
        }
    }

    /// Gives the stack these outputs and no others.
    pub(crate) fn write_outputs(&self, outputs: &[&str]) {
        let named = FUNCTIONS.iter().filter(|(_, output)| outputs.contains(output));
        let outputs: Value = named
            .map(|(name, output)| json!({"OutputKey": output, "OutputValue": name, "Description": ""}))
            .collect();
        std::fs::write(self.outputs(), outputs.to_string()).unwrap();
    }

    pub(crate) fn outputs(&self) -> String {
        self.folder.path().join("outputs.json").display().to_string()
    }

    /// Puts a message into a queue.
    pub(crate) fn put(&self, queue: &str, number: u128, event: Value) {
        let message = json!({
            "version": 1, "function": "any", "event_id": event_id(number << 100),
            "received_at": "2026-01-02T03:04:05Z", "event": event,
        });
        self.sqs.put(queue, &message.to_string());
    }

    /// Says in the log whom an event was about.
    pub(crate) fn log(&self, number: u128, identity: Uuid) {
        self.logs.write(json!({
            "message": "delivery", "event_id": event_id(number << 100),
            "timestamp": "2026-01-03T03:00:00Z", "attempt": 100, "outcome": "blocked",
            "identity_id": identity,
        }));
    }

    pub(crate) fn put_record(&self, id: &str, written: Option<&str>) {
        let mut item = json!({
            KEY_ATTRIBUTE: {"S": id}, "state": {"S": "in_progress"}, "holder": {"S": "delivery"},
            "lease_until": {"N": "0"},
        });
        match written {
            Some(written) => item["written"] = json!({"S": written}),
            None => item["state"]["S"] = json!("delivered"),
        }
        self.dynamo_db.put(TABLE, &item).unwrap();
    }

    /// Ann's contact in this state, that of her earlier address, and the record of both.
    pub(crate) fn put_contacts(&self, status: Status) {
        let now = OffsetDateTime::now_utc();
        let put = |address: &str, status| {
            self.mailchimp.audience(|list| list.put_member(address, status, now).contact_id.clone())
        };
        self.mailchimp.audience(fakes::mailchimp::Audience::remove_members);
        put("canary-ben@shop.test", Status::Subscribed);
        let record = ContactRecord {
            contact_id: Some(put(ADDRESS, status)),
            archived: vec![put(EARLIER, Status::Archived)],
            ..ContactRecord::default()
        };
        let record = serde_json::to_string(&record).unwrap();
        self.put_record(&format!("contact#{ANN}"), Some(&record));
    }

    /// Gives the program a variable.
    pub(crate) fn variable(&mut self, name: &'static str, value: &str) {
        self.environment.insert(name, value.to_owned());
    }

    /// Takes a setting from a function.
    pub(crate) fn no_setting(&self, function: &str, name: &str) {
        self.lambda.lock().unwrap().variables.get_mut(function).unwrap().remove(name);
    }

    /// Lambda tells no settings any more.
    pub(crate) fn hide_settings(&self) {
        self.lambda.lock().unwrap().is_silent = true;
    }

    pub(crate) fn mapping<T>(&self, look: impl FnOnce(&mut Mapping) -> T) -> T {
        look(&mut self.lambda.lock().unwrap().mapping)
    }

    /// Lets `forget` erase Ann.
    pub(crate) async fn forget(&self, arguments: &[&str]) -> Done {
        let (ann, outputs) = (ANN.to_string(), self.outputs());
        let always = ["forget", &ann, "--outputs", &outputs];
        run(&[&always, arguments].concat(), &self.environment()).await
    }

    /// The same, for a test that ends the program.
    pub(crate) fn forgetting(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
        command.args(["forget", &ANN.to_string(), "--outputs", &self.outputs()]).args(arguments);
        command.env_clear().envs(self.environment());
        command
    }

    fn environment(&self) -> Vec<(&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// The ids of the events in a queue.
    pub(crate) fn events(&self, queue: &str) -> Vec<u128> {
        let number = |body: &str| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["event_id"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128() >> 100
        };
        self.sqs.messages(queue).iter().map(|message| number(&message.body)).collect()
    }

    /// Whether nothing keeps anybody from receiving any message.
    pub(crate) fn are_visible(&self) -> bool {
        let queues = FUNCTIONS.iter().map(|(function, _)| dead(function)).chain([QUEUE.to_owned()]);
        queues.flat_map(|queue| self.sqs.messages(&queue)).all(|message| !message.is_hidden())
    }

    /// The ids of all records, without the mark.
    pub(crate) fn records(&self) -> Vec<String> {
        let items = self.dynamo_db.items(TABLE);
        let ids = items.iter().map(|item| item[KEY_ATTRIBUTE]["S"].as_str().unwrap().to_owned());
        ids.filter(|id| !id.starts_with("erased#")).collect()
    }

    pub(crate) fn is_marked(&self) -> bool {
        self.dynamo_db.item(TABLE, &erased_mark(ANN)).is_some()
    }

    /// Everything that the program could change.
    pub(crate) fn everything(&self) -> String {
        let messages = FUNCTIONS.iter().flat_map(|(function, _)| {
            [format!("ory-actions-{function}"), dead(function)].map(|queue| self.events(&queue))
        });
        let contacts = self.mailchimp.audience(|list| {
            let members = list.members().iter();
            members.map(|one| (one.address.clone(), one.status)).collect::<Vec<_>>()
        });
        format!(
            "{:?} {contacts:?} {:?} {:?} {}",
            messages.collect::<Vec<_>>(),
            self.dynamo_db.items(TABLE),
            self.mapping(|mapping| mapping.history.clone()),
            self.are_visible(),
        )
    }
}

/// The name of the queue with a function's dead letters.
pub(crate) fn dead(function: &str) -> String {
    format!("ory-actions-{function}-dead-letters")
}

/// The id of the record of a welcome.
pub(crate) fn welcome(identity: Uuid) -> String {
    IdempotencyKey::of_name(&identity.to_string()).record_id("mandrill-welcome")
}
