//! The idempotency store in DynamoDB Local, which AWS provides.

use std::{
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use integration::idempotency_suite;
use shared::{
    aws::Aws,
    http::Client,
    idempotency::{Acquire, DynamoDbStore, IdempotencyStore, LeaseRequest},
};
use time::OffsetDateTime;

use crate::{
    aws::{create_table, sdk},
    peer::{Server, free_ports, program},
};

/// How often many claim at once; fewer times where that takes too long.
const ROUNDS: usize = 1_000;
const ENOUGH_ROUNDS: usize = 50;
const ENOUGH: Duration = Duration::from_mins(2);

/// One for all tests: each takes a table of its own.
static DYNAMO_DB: LazyLock<Server> = LazyLock::new(|| {
    let [port] = free_ports();
    let mut command = Command::new(program("dynamodb-local", "tests/real/dynamodb_local/install"));
    Server::start(command.args(["-inMemory", "-port", &port.to_string()]), port)
});

async fn start() -> (DynamoDbStore, ()) {
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    let table = format!("records-{}", TABLES.fetch_add(1, Ordering::Relaxed));
    create_table(&sdk(&DYNAMO_DB.url()), &table).await;
    let aws = Aws::at(&DYNAMO_DB.url(), &Client::new().unwrap());
    (DynamoDbStore::new(&aws, &table), ())
}

idempotency_suite!(start);

#[tokio::test]
async fn one_of_fifty_concurrent_acquires_wins_each_time() {
    let (records, ()) = start().await;
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS && began.elapsed() < ENOUGH {
        let claims = join_all((0..50).map(|n| records.acquire(request(rounds, n), None))).await;
        let won = claims.iter().filter(|claim| matches!(claim, Ok(Acquire::Acquired(_)))).count();
        let busy =
            claims.iter().filter(|claim| matches!(claim, Ok(Acquire::InProgress { .. }))).count();
        assert_eq!((won, busy), (1, 49), "{rounds}: {claims:?}");
        rounds += 1;
    }
    println!("{rounds} rounds in {:?}", began.elapsed());
    assert!(rounds >= ENOUGH_ROUNDS, "only {rounds} rounds in {ENOUGH:?}");
}

fn request(round: usize, holder: usize) -> LeaseRequest {
    let now = OffsetDateTime::now_utc();
    LeaseRequest {
        record_id: format!("f#{round}"),
        holder: format!("holder {holder}"),
        now,
        lease_until: now + Duration::from_secs(27),
        ttl: Some(Duration::from_hours(1)),
    }
}
