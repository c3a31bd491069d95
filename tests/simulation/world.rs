//! The world of one run: its time, its dice, the vendors, the table, the judge.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{Write, stdout},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use shared::{
    clock::{Clock, VirtualClock},
    idempotency::MemoryStore,
};
use time::{OffsetDateTime, macros::datetime};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    at_work::AtWork,
    audience::Contacts,
    chance::Chance,
    chronicle::Chronicle,
    erasure::Erased,
    judge::Judge,
    locked::Locked,
    look_ups::LookUps,
    mandrill::Mandrill,
    plan::{Plan, Scene},
    rows::Rows,
    secrets::Failures,
    segment::Segment,
};

/// When every run begins.
pub(crate) const BEGIN: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

/// The true time. It leaps where a sandbox was frozen and everybody else went on: the sandbox's
/// timers stood still meanwhile.
pub(crate) struct TrueClock {
    steady: VirtualClock,
    leapt: Locked<Duration>,
}

impl Clock for TrueClock {
    fn now(&self) -> OffsetDateTime {
        self.steady.now() + *self.leapt.lock()
    }
}

/// Everything that the sandboxes of a run have in common.
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) plan: Plan,
    pub(crate) judge: Judge,
    pub(crate) chronicle: Chronicle,
    pub(crate) mandrill: Mandrill,
    pub(crate) segment: Segment,
    /// Mailchimp's account, where the run is about an audience.
    pub(crate) contacts: Contacts,
    /// Ory's identities.
    pub(crate) rows: Rows,
    /// What each sandbox is at.
    pub(crate) at_work: Locked<BTreeMap<usize, AtWork>>,
    pub(crate) look_ups: LookUps,
    pub(crate) secret_failures: Failures,
    killed: Locked<BTreeSet<usize>>,
    pub(crate) records: Arc<MemoryStore>,
    pub(crate) erased: Locked<Erased>,
    pub(crate) clock: Arc<TrueClock>,
    /// Something has ended.
    pub(crate) changed: Notify,
    began: Instant,
    is_traced: bool,
    busy: AtomicUsize,
}

impl World {
    /// The world of the run with this seed, at its beginning.
    pub(crate) fn of(scene: Scene, seed: u64, is_traced: bool) -> Arc<Self> {
        let chance = Chance::of(seed);
        let plan = Plan::draw(scene, &chance);
        Arc::new(Self {
            chance,
            rows: Rows::of(&plan.people, BEGIN),
            contacts: Contacts::of(plan.lives.as_ref(), BEGIN),
            plan,
            judge: Judge::default(),
            chronicle: Chronicle::default(),
            mandrill: Mandrill::default(),
            segment: Segment::default(),
            at_work: Locked::default(),
            look_ups: LookUps::default(),
            secret_failures: Failures::default(),
            killed: Locked::default(),
            records: Arc::default(),
            erased: Locked::default(),
            clock: Arc::new(TrueClock {
                steady: VirtualClock::starting_at(BEGIN),
                leapt: Locked::default(),
            }),
            changed: Notify::new(),
            began: Instant::now(),
            is_traced,
            busy: AtomicUsize::new(0),
        })
    }

    /// The true time; sandboxes have clocks of their own.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// A sandbox was frozen for so long.
    pub(crate) fn leap(&self, frozen: Duration) {
        *self.clock.leapt.lock() += frozen;
        self.say(format_args!("a sandbox was frozen for {frozen:?}"));
    }

    /// For how long sandboxes were frozen.
    pub(crate) fn leapt(&self) -> Duration {
        *self.clock.leapt.lock()
    }

    /// How long the run has lasted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// A sandbox was killed.
    pub(crate) fn was_killed(&self, sandbox: usize) {
        self.killed.lock().insert(sandbox);
    }

    /// Whether a sandbox was killed.
    pub(crate) fn is_killed(&self, sandbox: usize) -> bool {
        self.killed.lock().contains(&sandbox)
    }

    /// One line of the trace.
    pub(crate) fn say(&self, what: fmt::Arguments<'_>) {
        if self.is_traced {
            // Whoever reads may have seen enough.
            let _ = writeln!(stdout(), "{:>14.3} {what}", self.elapsed().as_secs_f64());
        }
    }

    /// Something that goes on by itself, whoever asked for it; the run does not end before it.
    pub(crate) fn begin<T: Send + 'static>(
        self: &Arc<Self>,
        what: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let world = self.clone();
        world.busy.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let output = what.await;
            world.busy.fetch_sub(1, Ordering::Relaxed);
            world.changed.notify_one();
            output
        })
    }

    /// Whether nothing goes on.
    pub(crate) fn is_idle(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0
    }

    /// Something done on the other side of a network after `there`. It is done even where
    /// whoever asked for it dies meanwhile.
    pub(crate) async fn afar<T: Send + 'static>(
        self: &Arc<Self>,
        there: Duration,
        what: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let back = self.chance.latency();
        let done = self.begin(async move {
            sleep(there).await;
            let done = what.await;
            sleep(back).await;
            done
        });
        done.await.expect("what is done afar does not panic")
    }
}
