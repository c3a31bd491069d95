//! Lambda: sandboxes that come and go, each with a clock of its own, and are killed.

use std::{
    collections::BTreeMap,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use shared::{
    answer::WebhookResponse,
    clock::Clock,
    function::{Function, Invocation},
    queue::ReceivedMessage,
    settings::Ports,
    telemetry::Sink,
    template::Rendering,
};
use time::{Duration as Span, OffsetDateTime};
use tokio::time::{Instant, timeout};

use crate::{
    at_work::DOUBT,
    chance::Chance,
    fault::Fault,
    judge::Wrong,
    locked::Locked,
    network::Network,
    queue::{FaultyQueue, Port, key},
    secrets::Secrets,
    settings::{Deployed, Settings, Which},
    table::Table,
    world::World,
};

/// How far a sandbox's clock is off, either way. A lease outlives its invocation by 2 s, so two
/// clocks may be 2 s apart: one behind by this much, one ahead.
const SKEW: Duration = Duration::from_secs(1);

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
    deployed: Deployed,
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

    /// A message that an operator puts into the queue.
    pub(crate) async fn enqueue(&self, body: String) {
        self.queue.put(body).await;
    }

    /// A call of the function's URL about this event, by somebody who presents this secret; `None`
    /// where its sandbox was killed.
    pub(crate) async fn accept(&self, number: usize, secret: &str) -> Option<WebhookResponse> {
        let event = self.world.plan.events[number].request(secret);
        let limit = self.which().limit() + GRACE;
        self.invoke(vec![number], |_, function, invocation| async move {
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
    pub(crate) async fn deliver(&self, received: Vec<ReceivedMessage>) -> Option<Vec<String>> {
        let of = |message: &ReceivedMessage| {
            let key = key(&message.body)?;
            self.world.plan.by_key(&key).map(|(number, _)| (message.id.clone(), number))
        };
        let events: BTreeMap<String, usize> = received.iter().filter_map(of).collect();
        self.invoke(
            events.values().copied().collect(),
            |sandbox, function, invocation| async move {
                let kept = function.deliver(received, &invocation).await;
                let events: Vec<_> = kept.iter().filter_map(|id| events.get(id).copied()).collect();
                self.world.ends_work(sandbox, &events);
                kept
            },
        )
        .await
    }

    /// Has a sandbox do its work, for as long as it lives.
    async fn invoke<F: Future>(
        &self,
        about: Vec<usize>,
        work: impl FnOnce(usize, Arc<dyn Function>, Invocation) -> F,
    ) -> Option<F::Output> {
        let world = &self.world;
        let sandbox = self.sandbox().await;
        let most = self.which().timeout();
        let invocation = Invocation { arn: self.which().arn(), ends: world.now() + most };
        world.judge.count_invocation();
        let number = sandbox.number;
        world.begins_work(number, about);
        world.say(format_args!("sandbox {number}: {} begins", self.which().name()));
        let work = pin!(work(number, sandbox.function.clone(), invocation));
        let fate = Fate::draw(most, &world.chance);
        let Fate { polls, freezes, time } = fate;
        let mortal = Mortal { work, polls, freezes, most, number, world };
        let ended = match timeout(time.min(most), mortal).await {
            Ok(Some(output)) => Ok(output),
            Ok(None) => Err(Fault::KilledAtPoll),
            Err(_) if time < most => Err(Fault::KilledAtTime),
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
                world.was_killed(number);
                world.troubles(number, DOUBT);
                world.say(format_args!("sandbox {number}: {}", fault.label()));
                None
            }
        }
    }

    /// An idle sandbox, or a new one.
    async fn sandbox(&self) -> Sandbox {
        let chance = &self.world.chance;
        let deployed = self.deployed();
        let idle = {
            let mut idle = self.idle.lock();
            idle.retain(|sandbox| sandbox.deployed == deployed);
            let count = idle.len();
            (count > 0 && chance.is(0.8)).then(|| idle.swap_remove(chance.number(0..count)))
        };
        if let Some(sandbox) = idle {
            return sandbox;
        }
        let sandbox = self.start(deployed);
        sandbox.function.warm().await.expect("a shipped template parses");
        sandbox
    }

    /// What a sandbox that starts now is made of.
    fn deployed(&self) -> Deployed {
        let world = &self.world;
        let at = world.elapsed();
        let is_later = self.settings().changes_later() && world.plan.deployed <= at;
        Deployed { is_later, is_broken: world.plan.broken_template.holds(at) }
    }

    fn start(&self, deployed: Deployed) -> Sandbox {
        let world = &self.world;
        let settings = self.settings();
        for (fault, strikes) in [
            (Fault::BrokenTemplate, deployed.is_broken),
            (Fault::RenamedKey, deployed.is_later && !settings.is_unfit_later),
            (Fault::UnfitSegment, deployed.is_later && settings.is_unfit_later),
            (Fault::NoTable, !settings.has_table),
            (Fault::ShortLived, settings.record_ttl == Duration::from_hours(1)),
        ] {
            if strikes {
                world.chance.count(fault);
            }
        }
        let number = world.judge.count_sandbox();
        let skew = world.chance.time(Duration::ZERO..2 * SKEW);
        let skew = Span::try_from(skew).unwrap_or_default() - SKEW;
        let table = Table { world: world.clone(), sandbox: number };
        let port = Port { queue: self.queue.clone(), sandbox: number };
        let (table, port) = (Arc::new(table), Arc::new(port));
        let network = Arc::new(Network { world: world.clone(), sandbox: number });
        let ports = Ports {
            secrets: Arc::new(Secrets { world: world.clone(), sandbox: number }),
            queues: Arc::new(move |_| port.clone()),
            tables: Arc::new(move |_| table.clone()),
            public_http: network.clone(),
            http: network,
            clock: Arc::new(SkewedClock { world: world.clone(), skew }),
            event_log: Sink::Nowhere,
            rendering: Rendering::InPlace,
        };
        Sandbox { number, deployed, function: settings.start(deployed, &ports) }
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
    fn draw(most: Duration, chance: &Chance) -> Self {
        let at_poll = chance.would_strike(Fault::KilledAtPoll);
        let at_time = chance.would_strike(Fault::KilledAtTime);
        let freezes = chance.would_strike(Fault::Frozen);
        let longest = most.mul_f64(0.99);
        Self {
            freezes: freezes.then(|| chance.number(1..16)),
            polls: if at_poll { chance.number(1..16) } else { usize::MAX },
            time: if at_time { chance.scale(Duration::from_millis(5)..longest) } else { most },
        }
    }
}

/// Work that ends for good after so many polls.
struct Mortal<'a, F> {
    work: Pin<&'a mut F>,
    polls: usize,
    freezes: Option<usize>,
    /// How long the function may run.
    most: Duration,
    number: usize,
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
            self.world.troubles(self.number, DOUBT);
            self.world.leap(self.world.chance.time(self.most..4 * self.most));
        }
        self.work.as_mut().poll(context).map(Some)
    }
}
