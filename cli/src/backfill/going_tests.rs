//! Runs over an Ory and a queue in memory, in virtual time.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, header::LINK};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::{
    backfill::Run,
    config::Endpoint,
    http::{Error, Http, Request, Response},
    ory::Ory,
};
use tempfile::TempDir;
use tokio::{
    runtime::Builder,
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

use super::{
    fake_outbox::FakeOutbox,
    filter::{Filter, Filters},
    going::{NotDone, Work},
    job::Job,
    listing::{ListError, Listing},
    ory::Token,
    pace::Pace,
    rate::Rate,
    shown::Shown,
    state::{
        State,
        tests::{NOW, run_id},
    },
    state_file::StateFile,
};
use crate::interruption::tests::by_hand;

const JOB: Job = Job { function: "segment-identify", run: Run::Backfill, add_as: None };
/// Several batches.
const PAGE: usize = 25;
/// A page, and a batch, take so long.
const LAG: Duration = Duration::from_millis(50);
const MOST_BYTES: usize = 100_000;

type Change = Box<dyn FnMut(&mut BTreeMap<Uuid, Value>) + Send>;

/// An Ory that pages by id.
#[derive(Default)]
struct FakeOry {
    identities: Mutex<BTreeMap<Uuid, Value>>,
    /// Statuses of the next answers.
    failures: Mutex<VecDeque<u16>>,
    /// What happens after each page.
    change: Mutex<Option<Change>>,
    calls: Mutex<usize>,
}

fn identity(id: Uuid) -> Value {
    json!({"id": id, "traits": {}, "schema_id": "a", "updated_at": "2026-01-02T03:04:05Z"})
}

impl FakeOry {
    fn of(count: usize) -> Arc<Self> {
        let ory = Self::default();
        let ids = (1..=count as u128).map(|number| Uuid::from_u128(number << 100));
        ory.identities.lock().unwrap().extend(ids.map(|id| (id, identity(id))));
        Arc::new(ory)
    }

    fn ids(&self) -> BTreeSet<Uuid> {
        self.identities.lock().unwrap().keys().copied().collect()
    }

    fn page(&self, after: Uuid) -> Response {
        let mut identities = self.identities.lock().unwrap();
        let mut rest = identities.iter().filter(|(id, _)| **id > after);
        let page: Vec<_> = rest.by_ref().take(PAGE).collect();
        let mut link = "<?page_token=0>; rel=first".to_owned();
        if let (Some((last, _)), Some(_)) = (page.last(), rest.next()) {
            let _ = write!(link, ", <?page_token={last}>; rel=next");
        }
        let body: Value = page.into_iter().map(|(_, identity)| identity.clone()).collect();
        if let Some(change) = &mut *self.change.lock().unwrap() {
            change(&mut identities);
        }
        let headers = HeaderMap::from_iter([(LINK, HeaderValue::from_str(&link).unwrap())]);
        Response { status: 200, headers, body: body.to_string().into() }
    }
}

#[async_trait]
impl Http for FakeOry {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        *self.calls.lock().unwrap() += 1;
        sleep(LAG).await;
        if let Some(status) = self.failures.lock().unwrap().pop_front() {
            return Ok(Response { status, headers: HeaderMap::new(), body: "".into() });
        }
        let mut pairs = request.url.query_pairs();
        let after = pairs.find(|(name, _)| name == "page_token");
        Ok(self.page(after.map_or(Uuid::nil(), |(_, token)| token.parse().unwrap())))
    }
}

/// A run that can be gone on with.
struct Scene {
    ory: Arc<FakeOry>,
    outbox: FakeOutbox,
    file: StateFile,
    filter: Filter,
    rate: u32,
    _folder: TempDir,
}

impl Scene {
    fn of(count: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let file = StateFile::of(Some(folder.path().join("state.json")), "f");
        let outbox = FakeOutbox::default();
        outbox.lag(LAG);
        let filter = Filter::new(Filters::default()).unwrap();
        Self { ory: FakeOry::of(count), outbox, file, filter, rate: 1000, _folder: folder }
    }

    /// Goes on from what the file says, and ends once `pulled`.
    async fn go_on(&self, pulled: impl Future<Output = ()>) -> Result<State, NotDone> {
        let saved = self.file.read().unwrap();
        let mut state = saved.unwrap_or_else(|| State::new(run_id(), NOW));
        let endpoint = Endpoint::parse("https://ory.example").unwrap();
        let ory = Ory { endpoint, http: self.ory.clone() };
        let (pull, interruption) = by_hand();
        let mut work = Work {
            job: JOB,
            filter: &self.filter,
            listing: Listing::new(ory, Token::Given(SecretString::default())),
            outbox: &self.outbox,
            max_message_bytes: MOST_BYTES,
            pace: Pace::new(Rate::per_second(self.rate)),
            file: &self.file,
            shown: Shown::new(state.sent(), None),
            interruption: &interruption,
        };
        let pulling = async {
            pulled.await;
            pull.send_replace(true);
            std::future::pending::<()>().await;
        };
        let done = tokio::select! {
            done = work.go_on(&mut state) => done,
            () = pulling => unreachable!("it never ends"),
        };
        drop(work);
        done.map(|()| state)
    }

    async fn to_the_end(&self) -> State {
        self.go_on(std::future::pending()).await.unwrap()
    }

    fn sent(&self) -> BTreeSet<Uuid> {
        self.outbox.sent().into_iter().collect()
    }

    /// How many were sent more than once, each counted as often.
    fn repeated(&self) -> usize {
        self.outbox.sent().len() - self.sent().len()
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_is_sent_once() {
    for count in [0, 1, PAGE, PAGE + 1, 2 * PAGE] {
        let scene = Scene::of(count);
        let state = scene.to_the_end().await;
        assert_eq!(scene.sent(), scene.ory.ids());
        assert_eq!(scene.repeated(), 0);
        assert_eq!((state.counts.listed, state.counts.sent), (count as u64, count as u64));
        assert_eq!(scene.file.read().unwrap(), Some(state));
    }
}

#[tokio::test(start_paused = true)]
async fn those_that_do_not_fit_are_counted_and_the_others_are_sent() {
    let mut scene = Scene::of(6);
    let ids: Vec<_> = scene.ory.ids().into_iter().collect();
    {
        let mut identities = scene.ory.identities.lock().unwrap();
        identities.get_mut(&ids[1]).unwrap()["updated_at"] = json!(null);
        identities.get_mut(&ids[2]).unwrap()["schema_id"] = json!("b");
        let huge = json!({"name": "x".repeat(MOST_BYTES)});
        identities.get_mut(&ids[3]).unwrap()["traits"] = huge;
    }
    let filters = Filters { schema: Some("a".to_owned()), ..Filters::default() };
    scene.filter = Filter::new(filters).unwrap();
    let counts = scene.to_the_end().await.counts;
    assert_eq!((counts.listed, counts.sent), (6, 3));
    assert_eq!((counts.unfit, counts.other_schema), (2, 1));
    assert_eq!(scene.outbox.sent(), [ids[0], ids[4], ids[5]]);
}

/// Some come, some go and some change between the pages; whoever was there throughout is sent.
#[tokio::test(start_paused = true)]
async fn nobody_who_was_there_throughout_is_missed() {
    let scene = Scene::of(300);
    let before = scene.ory.ids();
    let gone = Arc::new(Mutex::new(BTreeSet::new()));
    let mut random = fastrand::Rng::with_seed(7);
    let lost = gone.clone();
    let change = move |identities: &mut BTreeMap<Uuid, Value>| {
        for _ in 0..9 {
            let new = Uuid::from_u128(random.u128(..));
            identities.insert(new, identity(new));
            let at = random.usize(..identities.len());
            let (id, _) = identities.iter().nth(at).map(|(id, one)| (*id, one.clone())).unwrap();
            if random.bool() {
                identities.remove(&id);
                lost.lock().unwrap().insert(id);
            } else {
                identities.get_mut(&id).unwrap()["traits"] = json!({"name": "x"});
            }
        }
    };
    *scene.ory.change.lock().unwrap() = Some(Box::new(change));
    scene.to_the_end().await;
    let there_throughout: BTreeSet<_> = before.difference(&gone.lock().unwrap()).copied().collect();
    assert!(there_throughout.len() < 300 && !there_throughout.is_empty());
    assert!(there_throughout.is_subset(&scene.sent()));
    assert_eq!(scene.repeated(), 0);
}

#[tokio::test(start_paused = true)]
async fn failures_that_pass_are_waited_for_and_others_end_the_run() {
    let scene = Scene::of(30);
    scene.ory.failures.lock().unwrap().extend([429, 503, 500]);
    (0..3).for_each(|_| scene.outbox.fail(true));
    scene.to_the_end().await;
    assert_eq!((scene.sent(), scene.repeated()), (scene.ory.ids(), 0));

    let scene = Scene::of(30);
    scene.ory.failures.lock().unwrap().extend([503; 10]);
    let failed = scene.go_on(std::future::pending()).await;
    assert!(matches!(failed, Err(NotDone::List(ListError::Busy { status: 503 }))));
    scene.outbox.fail(false);
    let failed = scene.go_on(std::future::pending()).await;
    assert!(matches!(failed, Err(NotDone::Outbox(_))));
    scene.to_the_end().await;
    assert_eq!((scene.sent(), scene.repeated()), (scene.ory.ids(), 0));
}

/// Each of ten at once is sent or named, and what was sent counts although the batch failed.
#[tokio::test(start_paused = true)]
async fn batch_that_fails_in_part_is_saved() {
    use super::outbox::{OutboxError, Sent};
    use crate::aws::CallError;
    let scene = Scene::of(PAGE);
    let half = |entries: &[super::job::Entry]| {
        let of = |at| if at < 3 { Sent::Yes } else { Sent::NotYet("InternalError".to_owned()) };
        Ok((0..entries.len()).map(of).collect())
    };
    scene.outbox.answer(half);
    scene.outbox.answer(|_| {
        let source = CallError::new("SendMessageBatch", "AccessDenied");
        Err(OutboxError { is_temporary: false, source })
    });
    assert!(scene.go_on(std::future::pending()).await.is_err());
    assert_eq!(scene.file.read().unwrap().unwrap().sent_of_page.len(), 3);
    scene.to_the_end().await;
    assert_eq!((scene.sent(), scene.repeated()), (scene.ory.ids(), 0));
}

#[tokio::test(start_paused = true)]
async fn run_that_is_stopped_finishes_its_batch_and_repeats_nothing() {
    for milliseconds in (0..600).step_by(20) {
        let scene = Scene::of(80);
        let pulled = sleep(Duration::from_millis(milliseconds));
        let stopped = scene.go_on(pulled).await;
        if milliseconds < 400 {
            assert!(matches!(stopped, Err(NotDone::Interrupted(_))), "{milliseconds}");
        }
        let saved = scene.file.read().unwrap().unwrap();
        assert_eq!(saved.sent(), scene.outbox.sent().len() as u64, "{milliseconds}");
        if !saved.is_finished() {
            scene.to_the_end().await;
        }
        assert_eq!((scene.sent(), scene.repeated()), (scene.ory.ids(), 0), "{milliseconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn stop_is_heeded_while_a_run_waits() {
    let mut scene = Scene::of(40);
    scene.rate = 1;
    let began = Instant::now();
    let stopped = scene.go_on(sleep(Duration::from_millis(3300))).await;
    assert!(matches!(stopped, Err(NotDone::Interrupted(_))));
    assert_eq!(began.elapsed().as_millis(), 3300);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A process that is killed, at any of its waits, loses nothing, and repeats one batch at most.
    #[test]
    fn run_that_is_killed_is_gone_on_with(
        kills in prop::collection::vec(0_u64..900, 1..20),
        count in 0_usize..120,
        rate in 3_u32..200,
    ) {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (sent, repeated, ids, batch) = runtime.block_on(async {
            let mut scene = Scene::of(count);
            scene.rate = rate;
            for kill in &kills {
                let run = scene.go_on(std::future::pending());
                if timeout(Duration::from_millis(*kill), run).await.is_ok() {
                    break;
                }
            }
            if scene.file.read().unwrap().is_none_or(|state| !state.is_finished()) {
                scene.to_the_end().await;
            }
            let batch = usize::try_from(rate).unwrap().min(10);
            (scene.sent(), scene.repeated(), scene.ory.ids(), batch)
        });
        prop_assert_eq!(sent, ids);
        prop_assert!(repeated <= batch * kills.len(), "{} {}", repeated, kills.len());
    }
}
