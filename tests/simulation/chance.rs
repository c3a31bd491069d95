//! What a run leaves to chance, drawn from its seed: the same seed, the same run.

use std::{ops::Range, time::Duration};

use fastrand::Rng;

use crate::{locked::Locked, named::named};

named! {
    /// What can go wrong in the world. A table of the report counts how often each did.
    pub(crate) enum Fault {
        ToldAgain = "caller: Mailchimp told the same again, later",
        StrangersId = "Mailchimp: another's ORY_ID",
        Rubbish = "Mailchimp: an ORY_ID that is none",
        CallerGaveUp = "caller: gave up waiting",
        CalledTwice = "caller: sent the same request twice at once",
        KilledAtPoll = "sandbox: killed at an await point",
        KilledAtTime = "sandbox: killed at some time",
        Frozen = "sandbox: frozen at an await point, past its lease",
        KilledAtEnd = "sandbox: killed at the end of its time",
        SendLost = "queue: send failed",
        SendUnsaid = "queue: send failed after it was done",
        SendHangs = "queue: send hung",
        HideLost = "queue: hide failed",
        HideUnsaid = "queue: hide failed after it was done",
        QueueSlow = "queue: slow",
        DeleteLost = "queue: delete failed",
        HandedTwice = "queue: message handed out again",
        TableAway = "table: away",
        TableUnsaid = "table: away after it was done",
        TableTwice = "table: done a second time, later",
        TableSlow = "table: slow",
        SecretsAway = "secrets: away",
        SecretsDown = "secrets: down for a while",
        SecretsSlow = "secrets: slow",
        WrongKey = "secrets: a wrong vendor key",
        Placeholder = "secrets: a placeholder for the vendor key",
        Refused = "vendor: connection refused",
        ResetBefore = "vendor: reset before it acted",
        ResetAfter = "vendor: reset after it acted",
        Slow = "vendor: slow",
        AnsweredLate = "vendor: acted, and answered too late",
        ActedLate = "vendor: acted after we gave up",
        TooMany = "vendor: 429",
        ServerError = "vendor: 500",
        Html = "vendor: 502 with HTML",
        Truncated = "vendor: acted, its answer cut short",
        Gateway = "vendor: acted, its gateway answered 504",
        Conflict = "Ory: 409",
        WrongToken = "Ory: 401",
        Unknown = "Ory: nobody by this address",
        Vanished = "Ory: identity deleted meanwhile",
        BadRequest = "Segment: 400",
        Rejected = "Mandrill: rejected the recipient",
        Unsigned = "Mandrill: rejected the sender",
        Unpaid = "Mandrill: PaymentRequired",
        SearchRefused = "Mandrill: refused to search",
        IndexSlow = "Mandrill: index over 30 minutes behind",
        IndexNever = "Mandrill: mail never in the index",
        DeadLetters = "queue: sent again from the dead letters",
    }
}

/// How often a fault strikes in a run: from never to dreadful.
const LEVELS: [f64; 5] = [0.0, 0.03, 0.1, 0.25, 0.5];

/// A run's dice.
pub(crate) struct Chance {
    rng: Locked<Rng>,
    rates: [f64; Fault::COUNT],
    struck: Locked<[u64; Fault::COUNT]>,
}

impl Chance {
    /// The dice of the run with this seed. Each fault has a rate of its own.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let level = LEVELS[rng.usize(..LEVELS.len())];
        let spared = rng.f64() * 0.7;
        let rates =
            std::array::from_fn(|_| if rng.f64() < spared { 0.0 } else { level * rng.f64() });
        Self { rng: Locked::new(rng), rates, struck: Locked::new([0; Fault::COUNT]) }
    }

    /// Whether the fault strikes now.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        let strikes = self.would_strike(fault);
        if strikes {
            self.count(fault);
        }
        strikes
    }

    /// Whether the fault is to strike later, if it comes to that.
    pub(crate) fn would_strike(&self, fault: Fault) -> bool {
        self.is(self.rates[fault as usize])
    }

    /// Counts a fault that struck.
    pub(crate) fn count(&self, fault: Fault) {
        self.struck.lock()[fault as usize] += 1;
    }

    /// How often each fault struck.
    pub(crate) fn struck(&self) -> [u64; Fault::COUNT] {
        *self.struck.lock()
    }

    /// True with this probability.
    pub(crate) fn is(&self, probability: f64) -> bool {
        self.rng.lock().f64() < probability
    }

    /// A whole number.
    pub(crate) fn number(&self, range: Range<usize>) -> usize {
        self.rng.lock().usize(range)
    }

    /// 128 bits.
    pub(crate) fn bits(&self) -> u128 {
        self.rng.lock().u128(..)
    }

    /// A time between these.
    pub(crate) fn time(&self, range: Range<Duration>) -> Duration {
        range.start + range.end.saturating_sub(range.start).mul_f64(self.rng.lock().f64())
    }

    /// A time between these, of any order of magnitude.
    pub(crate) fn scale(&self, range: Range<Duration>) -> Duration {
        let ratio = range.end.as_secs_f64() / range.start.as_secs_f64();
        range.start.mul_f64(ratio.powf(self.rng.lock().f64()))
    }

    /// How long a message takes over a network, there or back.
    pub(crate) fn latency(&self) -> Duration {
        self.time(Duration::from_millis(1)..Duration::from_millis(40))
    }
}
