//! Secrets Manager: away, slow, refusing, or holding what somebody still has to fix.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use shared::secrets::{PLACEHOLDER, SecretError, SecretStore, Stage};
use tokio::time::sleep;

use crate::{
    at_work::LATER,
    fault::Fault,
    locked::Locked,
    settings::{CALLER_SECRET, CALLERS, NEXT_SECRET, VENDOR_KEY, WRONG_KEY},
    world::World,
};

/// The adapter gives up after 2 s.
const SLOWEST: Duration = Duration::from_millis(1900);

/// The secrets, as one sandbox reaches them.
pub(crate) struct Secrets {
    pub(crate) world: Arc<World>,
    pub(crate) sandbox: usize,
}

#[async_trait]
impl SecretStore for Secrets {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let world = &self.world;
        let chance = &world.chance;
        if id == CALLERS && stage == Stage::Current {
            world.looks_up(self.sandbox);
        }
        let slow = chance.strikes(Fault::SecretsSlow);
        let longest = if slow { SLOWEST } else { Duration::from_millis(50) };
        sleep(chance.time(Duration::from_millis(1)..longest)).await;
        if world.plan.secrets_denied.holds(world.elapsed()) {
            chance.count(Fault::SecretsDenied);
            world.secrets_failed(self.sandbox);
            return Err(SecretError::Refused("AccessDeniedException".to_owned()));
        }
        if world.plan.secrets_down.holds(world.elapsed()) {
            chance.count(Fault::SecretsDown);
            world.secrets_failed(self.sandbox);
            return Err(SecretError::Unreachable("down for a while".into()));
        }
        if chance.strikes(Fault::SecretsAway) {
            world.secrets_failed(self.sandbox);
            return Err(SecretError::Unreachable("away".into()));
        }
        Ok(world.secret(id, stage).map(|secret| secret.to_owned().into()))
    }
}

/// Since when Secrets Manager has answered.
#[derive(Default)]
pub(crate) struct Failures(Locked<Option<Duration>>);

impl World {
    fn secrets_failed(&self, sandbox: usize) {
        self.troubles(sandbox, LATER);
        *self.secret_failures.0.lock() = Some(self.elapsed());
    }

    /// Whether Secrets Manager failed anybody in the last while.
    pub(crate) fn did_secrets_fail(&self, within: Duration) -> bool {
        let last = *self.secret_failures.0.lock();
        last.is_some_and(|last| self.elapsed().saturating_sub(last) < within)
    }

    /// When the callers' secret was last changed.
    pub(crate) fn secret_changed(&self) -> Option<Duration> {
        let rotated = self.plan.rotated.map(|[rotated, _]| rotated);
        let all = rotated.into_iter().chain(self.plan.turned_off);
        all.filter(|at| *at <= self.elapsed()).max()
    }

    fn secret(&self, id: &str, stage: Stage) -> Option<&'static str> {
        let at = self.elapsed();
        if id == CALLERS {
            return self.callers_secret(stage);
        }
        if stage == Stage::Previous {
            return None;
        }
        Some(if self.plan.placeholder.holds(at) {
            self.chance.count(Fault::Placeholder);
            PLACEHOLDER
        } else if self.plan.wrong_key.holds(at) {
            self.chance.count(Fault::WrongKey);
            WRONG_KEY
        } else {
            VENDOR_KEY
        })
    }

    /// A rotation leaves the old version for a while; a leaked key is turned off by putting the new
    /// one twice, as docs/operations.md says.
    fn callers_secret(&self, stage: Stage) -> Option<&'static str> {
        let at = self.elapsed();
        let is_off = self.plan.turned_off.is_some_and(|off| off <= at);
        let is_rotated = self.plan.rotated.is_some_and(|[rotated, _]| rotated <= at);
        match stage {
            Stage::Current if is_off || is_rotated => Some(NEXT_SECRET),
            Stage::Current => Some(CALLER_SECRET),
            Stage::Previous if is_off => Some(NEXT_SECRET),
            Stage::Previous => is_rotated.then_some(CALLER_SECRET),
        }
    }

    /// What the callers present.
    pub(crate) fn presented(&self) -> &'static str {
        let at = self.elapsed();
        let is_off = self.plan.turned_off.is_some_and(|off| off <= at);
        match self.plan.rotated {
            _ if is_off => NEXT_SECRET,
            Some([_, presented]) if presented <= at => {
                self.chance.count(Fault::Rotated);
                NEXT_SECRET
            }
            _ => CALLER_SECRET,
        }
    }
}
