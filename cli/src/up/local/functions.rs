//! The code of the functions, each with its settings, called as Lambda calls it.

use std::sync::Arc;

use bytes::Bytes;
use fakes::function_url_event;
use http::{Request, Response};
use shared::{
    config::Environment,
    function::{Function, Invocation},
    key::FunctionArn,
    lambda::{LAMBDA_TIMEOUT, StartError},
    settings::Ports,
};
use time::OffsetDateTime;

use super::Fakes;

/// The name of the table that the functions open.
const TABLE: &str = "records";

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

const BUILDS: [(&str, Build); 3] = [
    (mandrill_welcome::NAME, mandrill_welcome::build),
    (segment_identify::NAME, segment_identify::build),
    (mailchimp_inbound::NAME, mailchimp_inbound::build),
];

/// A function did not start.
#[derive(Debug, thiserror::Error)]
#[error("{name} did not start")]
pub struct FunctionError {
    name: &'static str,
    source: StartError,
}

/// The functions of a local stack.
pub(crate) struct Functions(Vec<Named>);

/// A function by the name in its URL.
struct Named {
    name: &'static str,
    function: Arc<dyn Function>,
}

impl Functions {
    /// Builds the functions with these fakes.
    pub(crate) fn build(fakes: &Fakes, ports: &Ports) -> Result<Self, FunctionError> {
        let build = |(name, build): (&'static str, Build)| {
            let mut settings = fakes.settings(name);
            settings.push(("RECORDS_TABLE", TABLE.to_owned()));
            settings.push(("SCREEN_REJECTS", "true".to_owned()));
            match build(&Environment::of(settings), ports) {
                Ok(function) => Ok(Named { name, function }),
                Err(source) => Err(FunctionError { name, source }),
            }
        };
        Ok(Self(BUILDS.into_iter().map(build).collect::<Result<_, _>>()?))
    }

    /// Prepares the functions for calls.
    pub(crate) async fn warm(&self) -> Result<(), FunctionError> {
        for Named { name, function } in &self.0 {
            let warmed = function.warm().await;
            warmed.map_err(|fault| FunctionError { name, source: fault.into() })?;
        }
        Ok(())
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|named| named.name)
    }

    /// Calls a function by name; `None` if there is none with that name.
    pub(crate) async fn call(
        &self,
        name: &str,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let Named { name, function } = self.0.iter().find(|named| named.name == name)?;
        let invocation =
            Invocation { arn: arn(name), ends: OffsetDateTime::now_utc() + LAMBDA_TIMEOUT };
        let answer =
            function.accept(function_url_event(request).into(), &invocation).await.into_lambda();
        let mut response = Response::new(Bytes::from(answer.body.unwrap_or_default()));
        *response.status_mut() = u16::try_from(answer.status_code)
            .ok()
            .and_then(|status| status.try_into().ok())
            .unwrap_or_default();
        *response.headers_mut() = answer.headers;
        Some(response)
    }
}

fn arn(name: &str) -> FunctionArn {
    FunctionArn::new(&format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"))
}
