//! The port over reqwest.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::BytesMut;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{Error, Http, MAX_ANSWER_BYTES, Request, Response, sdk};

/// A connection that takes longer to make will hardly be of use; and only a connection that was
/// never made lets us say that the request was not written.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A sandbox sleeps between two requests, and peers close what idles: an old connection costs a
/// retry, or worse, an answer that never comes.
const MAX_IDLE: Duration = Duration::from_secs(5);

/// The one HTTP client of a function: one connection pool and one TLS configuration, for vendors
/// and for the AWS SDK.
#[derive(Clone, Debug)]
pub struct Client(pub(super) reqwest::Client);

impl Client {
    /// Builds the client.
    ///
    /// # Errors
    /// Where the TLS configuration cannot be made; nothing outside the binary has part in that.
    pub fn new() -> Result<Self, ClientError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(MAX_IDLE)
            .user_agent(concat!("ory-actions/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    /// The same client for the AWS SDK.
    pub fn for_sdk(&self) -> SharedHttpClient {
        sdk::client(self.clone())
    }

    /// Sends and reads the answer, up to the limit.
    pub(super) async fn exchange(&self, request: reqwest::Request) -> Result<Response, Error> {
        let mut answer = self.0.execute(request).await.map_err(error)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(error)? {
            let room = MAX_ANSWER_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == MAX_ANSWER_BYTES {
                break;
            }
        }
        let headers = std::mem::take(answer.headers_mut());
        Ok(Response { status: answer.status().as_u16(), headers, body: body.freeze() })
    }
}

/// The client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The TLS library refused its own defaults.
    #[error("the TLS configuration cannot be made")]
    Tls(#[from] rustls::Error),
    /// The HTTP library refused our settings.
    #[error("the HTTP client cannot be built")]
    Http(#[from] reqwest::Error),
}

/// Mozilla's roots, compiled in: nothing is read from disk on a cold start.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[async_trait]
impl Http for Client {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let mut raw = reqwest::Request::new(request.method, request.url);
        *raw.headers_mut() = request.headers;
        *raw.body_mut() = Some(request.body.into());
        *raw.timeout_mut() = Some(request.timeout);
        self.exchange(raw).await
    }
}

/// URLs are taken off the error, as a query string may carry an address.
fn error(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::NotWritten(error.into())
    } else {
        Error::MaybeWritten(error.into())
    }
}
