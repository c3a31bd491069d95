//! Secrets in memory, for tests: with two versions each, and outages on demand.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use secrecy::SecretString;

use super::{SecretError, SecretStore, Stage};

/// A secret store in memory.
#[derive(Default)]
pub struct MemorySecrets {
    secrets: Mutex<HashMap<String, (String, Option<String>)>>,
    down: AtomicBool,
    refusing: AtomicBool,
    delay: Mutex<Duration>,
    fetches: AtomicUsize,
}

impl MemorySecrets {
    /// Gives the secret a new current version; what was current becomes the previous one.
    pub fn put(&self, id: &str, value: &str) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let before = secrets.remove(id).map(|(current, _)| current);
        secrets.insert(id.to_owned(), (value.to_owned(), before));
    }

    /// Makes every fetch fail as if the store did not answer, or ends that.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// Makes every fetch be denied, as by a policy, or ends that.
    pub fn set_refusing(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::Relaxed);
    }

    /// Delays every answer by this much.
    pub fn set_delay(&self, delay: Duration) {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }

    /// How often a current version has been asked for.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl SecretStore for MemorySecrets {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        if stage == Stage::Current {
            self.fetches.fetch_add(1, Ordering::Relaxed);
        }
        let delay = *self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if self.refusing.load(Ordering::Relaxed) {
            return Err(SecretError::Refused("AccessDeniedException".to_owned()));
        }
        if self.down.load(Ordering::Relaxed) {
            return Err(SecretError::Unreachable("switched off".into()));
        }
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let (current, previous) =
            secrets.get(id).ok_or_else(|| SecretError::Refused("no such secret".to_owned()))?;
        Ok(match stage {
            Stage::Current => Some(current.clone().into()),
            Stage::Previous => previous.clone().map(Into::into),
        })
    }
}
