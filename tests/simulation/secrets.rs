//! Secrets Manager: away, slow, or holding what somebody still has to mend.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use shared::secrets::{PLACEHOLDER, SecretError, SecretStore, Stage};
use tokio::time::sleep;

use crate::{
    chance::Fault,
    settings::{CALLER_SECRET, CALLERS, VENDOR_KEY, WRONG_KEY},
    world::World,
};

/// The adapter gives up after 2 s.
const SLOWEST: Duration = Duration::from_millis(1900);

/// The secrets, as one sandbox reaches them.
pub(crate) struct Secrets(pub(crate) Arc<World>);

#[async_trait]
impl SecretStore for Secrets {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let world = &self.0;
        let chance = &world.chance;
        let slow = chance.strikes(Fault::SecretsSlow);
        let longest = if slow { SLOWEST } else { Duration::from_millis(50) };
        sleep(chance.time(Duration::from_millis(1)..longest)).await;
        if world.plan.secrets_down.holds(world.elapsed()) {
            chance.count(Fault::SecretsDown);
            return Err(SecretError::Unreachable("down for a while".into()));
        }
        if chance.strikes(Fault::SecretsAway) {
            return Err(SecretError::Unreachable("away".into()));
        }
        Ok((stage == Stage::Current).then(|| world.secret(id).into()))
    }
}

impl World {
    fn secret(&self, id: &str) -> String {
        let at = self.elapsed();
        let value = if id == CALLERS {
            CALLER_SECRET
        } else if self.plan.placeholder.holds(at) {
            self.chance.count(Fault::Placeholder);
            PLACEHOLDER
        } else if self.plan.wrong_key.holds(at) {
            self.chance.count(Fault::WrongKey);
            WRONG_KEY
        } else {
            VENDOR_KEY
        };
        value.to_owned()
    }
}
