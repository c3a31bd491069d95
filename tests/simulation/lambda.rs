//! Lambda: sandboxes that come and go, each with a clock of its own, and are killed.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use shared::{
    clock::Clock,
    journal::Sink,
    lambda::{Function, Invocation, TIME_LIMIT},
    queue::Received,
    response::Response,
    settings::Ports,
    template::Rendering,
};
use time::{Duration as Span, OffsetDateTime};
use tokio::time::{Instant, timeout};

use crate::{
    chance::{Chance, Fault},
    judge::Wrong,
    locked::Locked,
    network::Network,
    queue::{FaultyQueue, Port, key},
    secrets::Secrets,
    settings::{Settings, Which},
    table::{Holders, Table},
    world::World,
};

/// How far a sandbox's clock is off, either way. A lease outlives its invocation by 2 s, so two
/// clocks may be 2 s apart: one behind by this much, one ahead.
pub(crate) const SKEW: Duration = Duration::from_secs(1);

/// How much longer than its budget an answer may take: what is written down after the call.
const GRACE: Duration = Duration::from_millis(2500);

/// One function on Lambda.
pub(crate) struct Lambda {
    world: Arc<World>,
    number: usize,
    queue: Arc<FaultyQueue>,
    idle: Locked<Vec<Sandbox>>,
}

struct Sandbox {
    number: usize,
    function: Arc<dyn Function>,
}

struct SkewedClock {
    world: Arc<World>,
    skew: Span,
}

impl Clock for SkewedClock {
    fn now(&self) -> OffsetDateTime {
        self.world.now() + self.skew
    }
}

impl Lambda {
    /// The function with this number in the plan.
    pub(crate) fn new(world: &Arc<World>, number: usize, queue: &Arc<FaultyQueue>) -> Arc<Self> {
        let (world, queue) = (world.clone(), queue.clone());
        Arc::new(Self { world, number, queue, idle: Locked::default() })
    }

    fn settings(&self) -> &Settings {
        &self.world.plan.settings[self.number]
    }

    pub(crate) fn which(&self) -> Which {
        self.settings().which
    }

    /// A call of the function's URL; `None` where its sandbox was killed.
    pub(crate) async fn accept(&self, number: usize) -> Option<Response> {
        let event = self.world.plan.events[number].request.clone();
        let limit = self.which().limit() + GRACE;
        self.invoke(Some(number), |function, invocation| async move {
            let began = Instant::now();
            let answer = function.accept(event.into(), &invocation).await;
            let took = began.elapsed();
            if took > limit {
                let name = self.which().name();
                self.world.condemn(Wrong::Late, format_args!("{name} took {took:?}"));
            }
            answer
        })
        .await
    }

    /// Messages from the queue; `None` where the sandbox was killed.
    pub(crate) async fn deliver(&self, received: Vec<Received>) -> Option<Vec<String>> {
        let about = received.first().and_then(|message| key(&message.body));
        let about = about.and_then(|key| self.world.plan.by_key(&key)).map(|(number, _)| number);
        self.invoke(about, |function, invocation| async move {
            function.deliver(received, &invocation).await
        })
        .await
    }

    /// Has a sandbox do its work, for as long as it lives.
    async fn invoke<F: Future>(
        &self,
        about: Option<usize>,
        work: impl FnOnce(Arc<dyn Function>, Invocation) -> F,
    ) -> Option<F::Output> {
        let world = &self.world;
        let sandbox = self.sandbox().await;
        let invocation = Invocation { arn: self.which().arn(), ends: world.now() + TIME_LIMIT };
        world.judge.count_invocation();
        let number = sandbox.number;
        if let Some(event) = about {
            world.visits(number, event);
        }
        world.say(format_args!("sandbox {number}: {} begins", self.which().name()));
        let work = pin!(work(sandbox.function.clone(), invocation));
        let fate = Fate::draw(&world.chance);
        let mortal = Mortal { work, polls: fate.polls, freezes: fate.freezes, world };
        let ended = match timeout(fate.time.min(TIME_LIMIT), mortal).await {
            Ok(Some(output)) => Ok(output),
            Ok(None) => Err(Fault::KilledAtPoll),
            Err(_) if fate.time < TIME_LIMIT => Err(Fault::KilledAtTime),
            Err(_) => Err(Fault::KilledAtEnd),
        };
        match ended {
            Ok(output) => {
                world.say(format_args!("sandbox {number}: ends"));
                self.idle.lock().push(sandbox);
                Some(output)
            }
            Err(fault) => {
                world.chance.count(fault);
                world.say(format_args!("sandbox {number}: {}", fault.told()));
                None
            }
        }
    }

    /// An idle sandbox, or a new one.
    async fn sandbox(&self) -> Sandbox {
        let chance = &self.world.chance;
        let idle = {
            let mut idle = self.idle.lock();
            let count = idle.len();
            (count > 0 && chance.is(0.8)).then(|| idle.swap_remove(chance.number(0..count)))
        };
        if let Some(sandbox) = idle {
            return sandbox;
        }
        let sandbox = self.start();
        sandbox.function.warm().await.expect("a shipped template parses");
        sandbox
    }

    fn start(&self) -> Sandbox {
        let world = &self.world;
        let number = world.judge.count_sandbox();
        let holders = Holders::default();
        let skew = world.chance.time(Duration::ZERO..2 * SKEW);
        let skew = Span::try_from(skew).unwrap_or_default() - SKEW;
        let table = Table { world: world.clone(), sandbox: number, holders: holders.clone() };
        let (table, port) = (Arc::new(table), Arc::new(Port(self.queue.clone())));
        let ports = Ports {
            secrets: Arc::new(Secrets(world.clone())),
            queues: Arc::new(move |_| port.clone()),
            tables: Arc::new(move |_| table.clone()),
            http: Arc::new(Network { world: world.clone(), sandbox: number, holders }),
            clock: Arc::new(SkewedClock { world: world.clone(), skew }),
            journal: Sink::Nowhere,
            rendering: Rendering::InPlace,
        };
        Sandbox { number, function: self.settings().start(&ports) }
    }
}

/// How a sandbox dies, if it does.
struct Fate {
    polls: usize,
    time: Duration,
    /// Before which poll it is frozen for a while.
    freezes: Option<usize>,
}

impl Fate {
    fn draw(chance: &Chance) -> Self {
        let at_poll = chance.would_strike(Fault::KilledAtPoll);
        let at_time = chance.would_strike(Fault::KilledAtTime);
        let freezes = chance.would_strike(Fault::Frozen);
        let longest = TIME_LIMIT.mul_f64(0.99);
        Self {
            freezes: freezes.then(|| chance.number(1..16)),
            polls: if at_poll { chance.number(1..16) } else { usize::MAX },
            time: if at_time {
                chance.scale(Duration::from_millis(5)..longest)
            } else {
                TIME_LIMIT
            },
        }
    }
}

/// Work that ends for good after so many polls.
struct Mortal<'a, F> {
    work: Pin<&'a mut F>,
    polls: usize,
    freezes: Option<usize>,
    world: &'a World,
}

impl<F: Future> Future for Mortal<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.freezes = self.freezes.map(|left| left.saturating_sub(1));
        if self.freezes == Some(0) {
            self.freezes = None;
            self.world.chance.count(Fault::Frozen);
            self.world.leap(self.world.chance.time(TIME_LIMIT..4 * TIME_LIMIT));
        }
        self.work.as_mut().poll(context).map(Some)
    }
}
