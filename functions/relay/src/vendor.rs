//! The vendor of a relay: whichever the configuration names.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use shared::{
    clock::SharedClock,
    deliver::{Api, EventFacts, InvalidOutput, Rendered, Vendor, WhenInDoubt},
    http::{Error, Http, Peer, Response},
    outcome::Outcome,
};

use crate::{
    call::{Call, Limits},
    outcome::Outcomes,
    preset::OnInDoubt,
    request::Target,
};

/// How much of an answer is read, in bytes: it is classified and goes nowhere else.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A vendor, as the configuration describes it.
pub(crate) struct AnyVendor {
    pub(crate) target: Target,
    pub(crate) limits: Limits,
    pub(crate) outcomes: Outcomes,
    pub(crate) on_in_doubt: OnInDoubt,
    pub(crate) http: Arc<dyn Http>,
    pub(crate) clock: SharedClock,
}

#[async_trait]
impl Api for AnyVendor {
    type Call = Call;

    async fn call(
        &self,
        call: &Call,
        secret: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let request = self.target.request(call, secret, self.clock.now(), timeout);
        let request = request.map_err(|unsendable| Error::Unsendable(unsendable.into()))?;
        let mut answer = self.http.send(request).await?;
        answer.body.truncate(MAX_ANSWER_BYTES);
        Ok(answer)
    }

    fn when_in_doubt(&self, _call: &Call) -> WhenInDoubt<'_, Call> {
        match self.on_in_doubt {
            OnInDoubt::Repeat => WhenInDoubt::Repeat,
            OnInDoubt::Hold => WhenInDoubt::Hold,
        }
    }

    fn peer(&self) -> Option<Peer> {
        Some(Peer::new(self.http.clone(), self.target.origin.url()))
    }
}

impl Vendor for AnyVendor {
    fn prepare(&self, rendered: Rendered, event: &EventFacts<'_>) -> Result<Call, InvalidOutput> {
        Call::read(&rendered, &self.limits, event.idempotency_key).map_err(InvalidOutput::Rule)
    }

    fn classify(&self, _call: &Call, answer: &Response) -> Outcome {
        self.outcomes.classify(answer)
    }
}
