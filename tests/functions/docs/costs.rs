//! The cost of an event in `docs/operations.md`: the calls are those that are made, and the sums
//! are what they come to.

use fakes::{FakeRelayed, RelayedCall, WEBHOOK_KEY, ory::person, server::FakeReply};
use integration::{Answer, Event};
use serde_json::json;
use yaml_serde::Value;

use super::{read, rows, section};
use crate::{
    common::setup::{Running, Setup, Vendor},
    mailchimp_inbound::setup::{SECRET, Vendors, setup as mailchimp, with_ory},
    mandrill_inbound::{
        events::event,
        setup::{known, signed},
    },
    rotation::events::{identify, of_mailchimp, of_ory, opt_in_of, subscribe, welcome},
};

const PAGE: &str = "docs/operations.md";

/// The columns of the tables, the last for somebody who is turned away.
const COLUMNS: usize = 7;

/// What the functions are given by default, in gigabytes.
const MEMORY_GB: f64 = 0.25;

/// How much shorter than the page has it the lines of an event may be, in bytes.
const ROUNDED: f64 = 150.0;

/// A table of the page: its rows by their names.
struct Table(Vec<Vec<String>>);

impl Table {
    fn under(heading: &str) -> Self {
        Self(rows(&section(PAGE, heading)))
    }

    fn cells(&self, name: &str) -> &[String] {
        let row = self.0.iter().find(|row| row[0] == name);
        row.unwrap_or_else(|| panic!("there is no row for {name}"))
    }

    fn row(&self, name: &str) -> [f64; COLUMNS] {
        let numbers: Vec<_> = self.cells(name)[1..].iter().map(|cell| number(cell)).collect();
        numbers.try_into().unwrap()
    }

    fn price(&self, name: &str) -> f64 {
        number(&self.cells(name)[2])
    }
}

fn number(cell: &str) -> f64 {
    cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{cell} is no number"))
}

/// What a start and one event made.
#[derive(Debug)]
struct Calls {
    sent: usize,
    written: usize,
    read: usize,
    secrets: usize,
    logged: usize,
}

async fn calls<V: Vendor>(setup: Setup<V>, event: Event) -> Calls {
    let mut running: Running<V> = setup.with_queue().with_table().start().await;
    let secrets = running.secrets.calls();
    running.call(event).await;
    assert!(running.work().await.is_empty());
    let sent = running.sqs.calls_of("SendMessage") + running.sqs.calls_of("SendMessageBatch");
    let written = running.dynamo_db.calls_of("UpdateItem");
    let read = running.dynamo_db.calls_of("GetItem");
    assert_eq!((running.sqs.calls(), running.dynamo_db.calls()), (sent, written + read));
    let log = running.end().await;
    // A process logs what was built once, and no event pays for it.
    let of_events = log.stdout.iter().filter(|line| !line.contains(r#""message":"start""#));
    let logged = of_events.map(|line| line.len() + 1).sum();
    Calls { sent, written, read, secrets, logged }
}

/// With Ory and Segment, which both are told.
async fn inbound() -> Setup<Vendors> {
    let setup = with_ory(mailchimp().await);
    let somebody = person("00000001-1111-4111-8111-0000000000a1", "person-1@example.com");
    setup.vendor.ory.put_identity(somebody);
    setup
}

/// The vendor of a relay.
struct HubSpot(FakeRelayed);

impl Vendor for HubSpot {
    const NAME: &str = "RELAY";
    const KEY: &str = "local-relay-token";
    const SETTINGS: &[(&str, &str)] =
        &[("RELAY_PRESET", "hubspot"), ("RELAY_ALLOW_LOOPBACK", "true")];
    type Call = RelayedCall;

    async fn start() -> Self {
        Self(FakeRelayed::start(0, "hubspot").await.unwrap())
    }

    fn url(&self) -> String {
        self.0.url()
    }

    fn set_key(&self, _: &str) {}

    fn add_key(&self, _: &str) {}

    fn reply_next(&self, reply: FakeReply) {
        self.0.reply_next(reply);
    }

    fn take_received(&self) -> Vec<RelayedCall> {
        self.0.take_received()
    }

    fn body(call: &RelayedCall) -> String {
        call.text.clone()
    }
}

async fn hubspot() -> Setup<HubSpot> {
    let setup: Setup<HubSpot> = Setup::of("relay", WEBHOOK_KEY, Answer::assert_fit_for_ory).await;
    let origin = setup.vendor.url();
    setup.var("RELAY_ORIGIN", origin)
}

#[tokio::test]
async fn relay_that_holds_calls_in_doubt_writes_as_often_as_mandrill_welcome() {
    let holding = hubspot().await.var("ON_IN_DOUBT", "hold");
    let [relay, welcome] = [
        calls(holding, of_ory(1, WEBHOOK_KEY)).await,
        calls(welcome().await, of_ory(1, WEBHOOK_KEY)).await,
    ];
    assert_eq!(relay.written, welcome.written);
    assert!(section(PAGE, "### Calls").contains("**A relay that holds calls in doubt** writes"));
}

#[tokio::test]
async fn event_about_no_person_is_one_write() {
    let made = calls(known().await, signed(&json!([event("send", 0)]))).await;
    assert_eq!((made.sent, made.written, made.read), (1, 1, 0));
    assert!(section(PAGE, "### Calls").contains("take one write and no read"));
}

#[tokio::test]
async fn documented_calls_per_event_match_the_calls_made() {
    let made = [
        calls(welcome().await, of_ory(1, WEBHOOK_KEY)).await,
        calls(identify().await, of_ory(1, WEBHOOK_KEY)).await,
        calls(inbound().await, of_mailchimp(1, SECRET)).await,
        calls(subscribe().await, opt_in_of(1, WEBHOOK_KEY)).await,
        calls(known().await, signed(&json!([event("hard_bounce", 0)]))).await,
        calls(hubspot().await, of_ory(1, WEBHOOK_KEY)).await,
        calls(welcome().await, of_ory(1, "a-made-up-secret")).await,
    ];
    let table = Table::under("### Calls");
    let exact = |name: &str, count: fn(&Calls) -> usize| {
        let counts: Vec<_> = made.iter().map(|calls| count(calls).to_string()).collect();
        let documented: Vec<_> = table.row(name).iter().map(ToString::to_string).collect();
        assert_eq!(documented, counts, "{name}");
    };
    exact("SQS, sent", |calls| calls.sent);
    exact("DynamoDB, written", |calls| calls.written);
    exact("DynamoDB, read", |calls| calls.read);
    exact("Secrets Manager, once per sandbox and 5 minutes", |calls| calls.secrets);
    for (documented, calls) in table.row("Logs, bytes of the function").iter().zip(&made) {
        let logged = f64::from(u32::try_from(calls.logged).unwrap());
        assert!(
            (documented - ROUNDED..=*documented).contains(&logged),
            "{calls:?}, documented {documented}"
        );
    }
}

/// The lines of the costs: their name, which is the price's too, the calls that they count, and how
/// many units of the price a million of them are.
const LINES: [(&str, &[&str], f64); 7] = [
    ("Lambda, invocations", &["Lambda, invocations"], 1.0),
    ("Lambda, time", &["Lambda, milliseconds"], 1e6 / 1e3 * MEMORY_GB),
    ("SQS", &["SQS, sent", "SQS, received and deleted by Lambda"], 1.0),
    ("DynamoDB, writes", &["DynamoDB, written"], 1.0),
    ("DynamoDB, reads", &["DynamoDB, read"], 1.0),
    ("Logs", &["Logs, bytes of the function", "Logs, bytes of Lambda"], 1e6 / 1e9),
    (TRACES, &["Lambda, invocations"], 1.0),
];

/// Beside the sum, as it depends on how fast the calls come.
const TRACES: &str = "X-Ray";

#[test]
fn documented_costs_equal_calls_times_prices() {
    for template in ["template.yaml", "relay.yaml"] {
        let template: Value = yaml_serde::from_str(&read(template)).unwrap();
        let memory = &template["Parameters"]["MemorySize"]["Default"];
        assert_eq!(memory.as_f64(), Some(MEMORY_GB * 1024.0));
    }
    let [prices, calls, costs] = ["### Prices", "### Calls", "### Costs"].map(Table::under);
    let mut sum = [0.0; COLUMNS];
    for (name, counted, units) in LINES {
        let mut computed = [0.0; COLUMNS];
        for counts in counted.iter().map(|row| calls.row(row)) {
            add(&mut computed, counts.map(|count| count * units * prices.price(name)));
        }
        assert_eq!(shown(costs.row(name)), shown(computed), "{name}");
        if name != TRACES {
            add(&mut sum, computed);
        }
    }
    assert_eq!(shown(costs.row("**sum**")), shown(sum), "sum");
}

/// A row of `docs/performance.md`, for other sizes than the default.
#[test]
fn documented_costs_of_a_memory_size_equal_calls_times_prices() {
    let [prices, calls] = ["### Prices", "### Calls"].map(Table::under);
    let rows = rows(&section("docs/performance.md", "## Choose the memory size"));
    let row = rows.iter().find(|row| row[0] == "a million welcome mails, USD").unwrap();
    for (megabytes, documented) in [128.0, 256.0, 512.0].into_iter().zip(&row[1..]) {
        let mut sum = 0.0;
        for (name, counted, units) in LINES.into_iter().filter(|(name, ..)| *name != TRACES) {
            let count: f64 = counted.iter().map(|row| calls.row(row)[0]).sum();
            let share = if name == "Lambda, time" { megabytes / 1024.0 / MEMORY_GB } else { 1.0 };
            sum += count * units * share * prices.price(name);
        }
        assert_eq!(*documented, format!("{sum:.2}"), "{megabytes} MB");
    }
}

fn add(sum: &mut [f64; COLUMNS], dollars: [f64; COLUMNS]) {
    sum.iter_mut().zip(dollars).for_each(|(sum, dollars)| *sum += dollars);
}

/// In cents.
fn shown(dollars: [f64; COLUMNS]) -> [String; COLUMNS] {
    dollars.map(|dollars| format!("{dollars:.2}"))
}
