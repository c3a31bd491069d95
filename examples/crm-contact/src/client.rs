//! The CRM's contacts API over HTTP.
//! <https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/upsert-contacts>

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use shared::{
    config::Endpoint,
    deliver::{Api, EventFacts, InvalidOutput, Rendered, Vendor, WhenInDoubt},
    http::{Error, Http, Request, Response},
    outcome::Outcome,
};

use crate::{contact::Contact, outcome::classify};

/// Creates a contact, or updates the one with the same `id`.
const UPSERT: &str = "crm/v3/objects/contacts/batch/upsert";

/// The CRM.
pub(crate) struct Crm {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: Arc<dyn Http>,
}

#[async_trait]
impl Api for Crm {
    type Call = Contact;

    async fn call(
        &self,
        contact: &Contact,
        token: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let request = Request::post_json(self.endpoint.join(UPSERT), contact.body(), timeout);
        self.http.send(request.bearer(token)).await
    }

    /// The same contact twice is one contact.
    fn when_in_doubt(&self, _contact: &Contact) -> WhenInDoubt<'_, Contact> {
        WhenInDoubt::Repeat
    }
}

impl Vendor for Crm {
    fn prepare(
        &self,
        rendered: Rendered,
        _event: &EventFacts<'_>,
    ) -> Result<Contact, InvalidOutput> {
        Contact::prepare(rendered).map_err(InvalidOutput::Rule)
    }

    fn classify(&self, _contact: &Contact, answer: &Response) -> Outcome {
        classify(answer)
    }
}
