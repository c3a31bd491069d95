//! Tells in the terminal what happens, as it happens.

use std::collections::{BTreeMap, BTreeSet};

use fakes::Fault;

use super::{
    Console,
    event::{Event, Work},
    story,
};
use crate::up::local::Service;

impl Console {
    /// Gives a line for each request and delivery that ends from now on, and for each fault that
    /// is injected, until one cannot be printed.
    pub(crate) async fn tell<E>(&self, mut print: impl FnMut(&str) -> Result<(), E>) -> E {
        let mut turns = self.events.turns();
        let (before, mut turn) = self.events.since(0, |_| false);
        let mut told: BTreeSet<u64> =
            before.iter().flat_map(|event| self.lines(event)).map(|(order, _)| order).collect();
        let mut faults = self.faults();
        loop {
            // The sender lives as long as the events.
            let _ = turns.changed().await;
            let (events, now) = self.events.since(turn, |_| false);
            turn = now;
            let mut lines: Vec<_> = events.iter().flat_map(|event| self.lines(event)).collect();
            lines.retain(|(order, _)| told.insert(*order));
            lines.sort();
            let switched = switched(&faults, &self.faults());
            faults = self.faults();
            let lines = switched.into_iter().chain(lines.into_iter().map(|(_, line)| line));
            for line in lines {
                if let Err(error) = print(&line) {
                    return error;
                }
            }
        }
    }

    /// A line for each request and delivery that has ended, with its order.
    fn lines(&self, event: &Event) -> Vec<(u64, String)> {
        let line = |work: &Work, said: String| {
            (work.order, format!("{} -> {}: {said}", event.title, event.function))
        };
        let requests = event.requests.iter().filter(|request| request.answer.is_some());
        let requests = requests.map(|request| line(&request.work, story::of_request(request)));
        let deliveries = event.deliveries.iter().filter(|delivery| delivery.ended.is_some());
        let deliveries = deliveries
            .map(|delivery| line(&delivery.work, story::of_delivery(delivery, self.clock.speed())));
        requests.chain(deliveries).collect()
    }

    fn faults(&self) -> BTreeMap<Service, Fault> {
        self.faults.lock().clone()
    }
}

fn switched(before: &BTreeMap<Service, Fault>, now: &BTreeMap<Service, Fault>) -> Vec<String> {
    let fault =
        |faults: &BTreeMap<_, _>, service| faults.get(&service).copied().unwrap_or_default();
    let switched = now.keys().copied().filter(|s| fault(before, *s) != fault(now, *s));
    switched.map(|s| format!("{}: {}", s.name(), s.state(fault(now, s)))).collect()
}
