//! What a run leaves to chance, drawn from its seed: the same seed, the same run.

use std::{ops::Range, time::Duration};

use fastrand::Rng;

use crate::{fault::Fault, locked::Locked};

/// How often a fault strikes in a run: from never to dreadful.
const LEVELS: [f64; 5] = [0.0, 0.03, 0.1, 0.2, 0.4];

/// The same where few faults may strike at all: their work is to be seen.
const LEVELS_OF_FEW: [f64; 3] = [0.1, 0.3, 0.6];

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
        let levels: &[f64] = if Fault::are_few() { &LEVELS_OF_FEW } else { &LEVELS };
        let level = levels[rng.usize(..levels.len())];
        let spared = if Fault::are_few() { 0.0 } else { rng.f64() * 0.7 };
        let rates = std::array::from_fn(|fault| {
            let rate = if rng.f64() < spared { 0.0 } else { level * rng.f64() };
            if Fault::ALL[fault].is_allowed() { rate } else { 0.0 }
        });
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

    /// Whether a run has the fault at all, with this probability.
    pub(crate) fn has(&self, fault: Fault, probability: f64) -> bool {
        let probability = if Fault::are_few() { 0.6 } else { probability };
        self.is(probability) && fault.is_allowed()
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
