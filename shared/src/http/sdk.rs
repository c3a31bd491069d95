//! Runs the AWS SDK on the function's own client: a second stack would cost a second set of trust
//! roots, a second pool and megabytes of binary.

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector, http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use reqwest::Request;

use super::{Client, Error};

pub(super) fn client(client: Client) -> SharedHttpClient {
    http_client_fn(move |settings, _components| {
        SharedHttpConnector::new(Connector { client: client.clone(), settings: settings.clone() })
    })
}

#[derive(Debug)]
struct Connector {
    client: Client,
    settings: HttpConnectorSettings,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client.clone();
        let timeout = self.settings.read_timeout();
        HttpConnectorFuture::new(async move {
            let mut request = outgoing(request)?;
            *request.timeout_mut() = timeout;
            let answer = client.exchange(request).await.map_err(connector_error)?;
            incoming(answer)
        })
    }
}

fn outgoing(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| user(error.into()))?;
    let (parts, body) = request.into_parts();
    // All our calls have their body in memory; we never make a stream.
    let body = body.bytes().map(<[u8]>::to_vec).unwrap_or_default();
    let request = ::http::Request::from_parts(parts, body);
    Request::try_from(request).map_err(|error| user(error.into()))
}

fn incoming(answer: super::Response) -> Result<HttpResponse, ConnectorError> {
    let mut response = ::http::Response::new(SdkBody::from(answer.body));
    *response.status_mut() = ::http::StatusCode::from_u16(answer.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    *response.headers_mut() = answer.headers;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

/// All of these are transient to the SDK, which tries again where its own rules allow.
fn connector_error(error: Error) -> ConnectorError {
    ConnectorError::io(error.into())
}

fn user(error: super::Cause) -> ConnectorError {
    ConnectorError::user(error)
}
