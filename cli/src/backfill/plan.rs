//! What is decided before anything is listed: nothing is sent if this cannot be.

use shared::{config::Endpoint, template::Source};
use time::OffsetDateTime;

use super::{
    function::Deployed,
    job::Job,
    order::Order,
    ory::NoOry,
    rate::Rate,
    repeats::{self, MayRepeat},
    start::{NoStart, Start, Wanted},
    state::RunId,
    state_file::StateFile,
    target::{NoTarget, Target},
    template::UnfitTemplate,
};
use crate::exit::InvalidInput;

/// The variable with the URL of a function's queue.
const QUEUE_URL: &str = "QUEUE_URL";

/// The variable with the name of the stack.
const STACK: &str = "STACK";

/// A run that cannot be.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPlan {
    #[error(transparent)]
    Target(#[from] NoTarget),
    #[error("the function {0} has no queue: {QUEUE_URL} is not set")]
    NoQueue(String),
    #[error("--consent-in-ory-is-proof and --confirm are for mailchimp-subscribe, not for {0}")]
    NoContacts(&'static str),
    #[error(
        "--consent-in-ory-is-proof and --confirm need the template, to count the people: give it with \
         --template"
    )]
    Uncounted,
    #[error(transparent)]
    MayRepeat(#[from] MayRepeat),
    #[error(transparent)]
    Template(#[from] UnfitTemplate),
    #[error(transparent)]
    Ory(#[from] NoOry),
}

/// What a run is about.
pub(super) struct Plan {
    pub(super) deployed: Deployed,
    pub(super) target: Target,
    pub(super) job: Job,
    /// The template; `None` if it is not on this machine.
    pub(super) source: Option<Source>,
    pub(super) endpoint: Endpoint,
    pub(super) queue_url: String,
    pub(super) rate: Rate,
}

impl Plan {
    /// What the order means for this function.
    pub(super) fn of(order: &Order, deployed: Deployed) -> Result<Self, NoPlan> {
        let target = Target::of(&deployed.handler, &deployed.env)?;
        let is_subscribe = target.name == mailchimp_subscribe::NAME;
        if order.add_as.is_some() && !is_subscribe {
            return Err(NoPlan::NoContacts(target.name));
        }
        let queue_url = deployed.variable(QUEUE_URL);
        let queue_url = queue_url.ok_or_else(|| NoPlan::NoQueue(deployed.name.clone()))?;
        if target.name == relay::NAME && !order.options.may_repeat {
            repeats::check(&deployed.env)?;
        }
        let source = order.options.template.find(target, &deployed.env)?;
        if order.add_as.is_some() && source.is_none() {
            return Err(NoPlan::Uncounted);
        }
        let endpoint = order.options.ory.endpoint(&deployed)?;
        let rate = order.options.rate.unwrap_or(target.usual_rate);
        let job = Job { function: target.name, run: order.kind, add_as: order.add_as };
        Ok(Self { deployed, target, job, source, endpoint, queue_url, rate })
    }

    /// Which run it is.
    fn run_id(&self, order: &Order) -> RunId {
        RunId {
            command: order.kind.flow().to_owned(),
            function: self.deployed.name.clone(),
            queue_url: self.queue_url.clone(),
            ory_url: self.endpoint.as_str().to_owned(),
            filters: order.options.filters.clone(),
            add_as: order.add_as,
        }
    }

    /// How it starts, from what the file says of the run before.
    pub(super) fn start(
        &self,
        order: &Order,
        file: &StateFile,
    ) -> Result<Start, Box<dyn std::error::Error>> {
        let resume = order.options.going.resume;
        let wanted = Wanted { kind: order.kind, run: self.run_id(order), resume };
        let (saved, now) = (file.read()?, OffsetDateTime::now_utc());
        let start = if order.options.dry_run {
            wanted.anew(saved.as_ref(), now)
        } else {
            wanted.start(saved, now)
        };
        let named = |why: NoStart| InvalidInput::new(format!("{}: {why}", file.path().display()));
        Ok(start.map_err(named)?)
    }

    /// What is about to be done, in a few lines.
    pub(super) fn described(&self, run: &RunId) -> String {
        let queue = self.queue_url.rsplit('/').next().unwrap_or_default();
        let stack = self.deployed.variable(STACK).map(|stack| format!(" of the stack {stack}"));
        let which = run.filters.described();
        let which = if which.is_empty() { "all".to_owned() } else { which.join(", ") };
        format!(
            "{} ({}{})\n  sends the identities of {} to the queue {queue}\n  which: {which}\n  \
             at most {} a second",
            self.deployed.name,
            self.target.name,
            stack.unwrap_or_default(),
            self.endpoint.as_str(),
            self.rate,
        )
    }
}
