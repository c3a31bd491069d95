//! Connections: a function makes them while it starts, so that none is made in its first event.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use fakes::WEBHOOK_KEY;
use shared::{
    aws::Aws, config::Environment, function::Invocation, http::Client, key::FunctionArn,
    lambda::LAMBDA_TIMEOUT, secrets::MemorySecrets, settings::Ports, telemetry::Sink,
};
use time::OffsetDateTime;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::common::ory::{ann, event};

/// A server that answers every request with the same body, keeps its connections open, counts them
/// and notes the requests.
struct Counting {
    url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Counting {
    async fn start(body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<_>>::default());
        let (count, notes) = (connections.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, body, notes.clone()));
            }
        });
        Self { url, connections, requests }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, body: &'static str, notes: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.unwrap_or_default() == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        let first = head.lines().next().unwrap();
        notes.lock().unwrap().push(first.trim_end_matches(" HTTP/1.1").to_owned());
        let shown = if first.starts_with("HEAD") { "" } else { body };
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{shown}");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// `function(ctx, outcome) null`.
const REPLY: &str = "base64://ZnVuY3Rpb24oY3R4LCBvdXRjb21lKSBudWxs";

/// What a function has.
struct Setup {
    queue: bool,
    table: bool,
    reply_template: bool,
}

/// The connections to AWS and to Mandrill after the start, and what was called there; and that the
/// first event makes no other.
async fn connected(setup: Setup) -> (usize, usize, BTreeSet<String>) {
    let aws = Counting::start("{}").await;
    let mandrill =
        Counting::start(r#"[{"email":"ann@example.com","status":"sent","_id":"1"}]"#).await;
    let client = Client::new().unwrap();
    let secrets = MemorySecrets::default();
    secrets.put("webhook", WEBHOOK_KEY);
    secrets.put("mandrill", "the-mandrill-key");
    let ports = Ports::on_aws(&Aws::at(&aws.url, &client), client, Sink::Nowhere);
    let ports = Ports { secrets: Arc::new(secrets), ..ports };
    let queue_url = format!("{}/000000000000/mail", aws.url);
    let env = Environment::of([
        ("WEBHOOK_SECRET_ID", "webhook"),
        ("MANDRILL_SECRET_ID", "mandrill"),
        ("MANDRILL_URL", &mandrill.url),
        ("FROM_EMAIL", mandrill_welcome::SAMPLE_SENDER),
        ("QUEUE_URL", if setup.queue { &queue_url } else { "" }),
        ("RECORDS_TABLE", if setup.table { "records" } else { "" }),
        ("REPLY_TEMPLATE", if setup.reply_template { REPLY } else { "" }),
    ]);
    let function = mandrill_welcome::build(&env, &ports).unwrap();
    function.warm().await.unwrap();
    let made = (aws.connections(), mandrill.connections());
    assert_eq!((aws.requests().len(), mandrill.requests().len()), made, "one request for each");
    let called: BTreeSet<_> = aws.requests().into_iter().chain(mandrill.requests()).collect();

    let invocation = Invocation {
        arn: FunctionArn::new("arn:aws:lambda:us-east-1:000000000000:function:mandrill-welcome"),
        ends: OffsetDateTime::now_utc() + LAMBDA_TIMEOUT,
    };
    let event = event(&ann()).header("authorization", WEBHOOK_KEY);
    let answer = function.accept(serde_json::Value::from(event).into(), &invocation).await;
    assert!(answer.status < 300, "{answer:?}");
    assert_eq!((aws.connections(), mandrill.connections()), made, "the event connected");
    (made.0, made.1, called)
}

#[tokio::test]
async fn first_event_makes_no_connection() {
    const PING: &str = "GET /ping";
    const HEAD: &str = "HEAD /";
    for (queue, table, reply_template, (to_aws, to_mandrill), calls) in [
        (false, false, false, (0, 1), &[HEAD][..]),
        (false, true, false, (1, 1), &[PING, HEAD]),
        // Only enqueued: the delivery comes later.
        (true, true, false, (1, 0), &[PING]),
        // Its reply tells of the delivery: the queue and the table are called one after the other,
        // so one of their connections serves both.
        (true, true, true, (2, 1), &[PING, HEAD]),
    ] {
        let (aws, mandrill, called) = connected(Setup { queue, table, reply_template }).await;
        assert_eq!((aws, mandrill), (to_aws, to_mandrill), "queue {queue}, table {table}");
        assert_eq!(called, calls.iter().map(|&call| call.to_owned()).collect());
    }
}
