//! The port over reqwest.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
#[cfg(feature = "aws")]
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::BytesMut;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

#[cfg(feature = "aws")]
use super::sdk;
use super::{Error, Http, MAX_ANSWER_BYTES, Request, Response, address::PublicOnly, connecting};

/// A sandbox is frozen between two requests, for minutes or hours, and peers and networks drop idle
/// connections: a request on such a connection may be lost without notice. Wall-clock time, since
/// other clocks may stop in a frozen sandbox.
const MAX_IDLE: Duration = Duration::from_secs(5);

/// The one HTTP client of a function: one connection pool and one TLS configuration, for vendors
/// and for AWS.
#[derive(Clone, Debug)]
pub struct Client {
    tls: ClientConfig,
    reach: Reach,
    pool: Arc<Mutex<Option<Pool>>>,
}

/// Whom a client calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    /// Everybody: the hosts are the operator's.
    Everybody,
    /// Only public addresses.
    Public,
}

#[derive(Debug)]
struct Pool {
    client: reqwest::Client,
    used: SystemTime,
}

impl Client {
    /// Builds the client.
    ///
    /// # Errors
    /// If the TLS configuration cannot be made; this depends only on the binary.
    pub fn new() -> Result<Self, ClientError> {
        let (tls, reach) = (tls()?, Reach::Everybody);
        let pool = Pool { client: connect_anew(&tls, reach)?, used: SystemTime::now() };
        Ok(Self { tls, reach, pool: Arc::new(Mutex::new(Some(pool))) })
    }

    /// The same, but for public addresses only: a name that resolves to another one is not called. A
    /// literal address is not resolved; whoever admits one checks it ([`super::is_public`]).
    #[must_use]
    pub fn to_public_hosts(&self) -> Self {
        Self { tls: self.tls.clone(), reach: Reach::Public, pool: Arc::default() }
    }

    /// The same client for the AWS SDK.
    #[cfg(feature = "aws")]
    pub fn for_sdk(&self) -> SharedHttpClient {
        sdk::client(self.clone())
    }

    /// Sends the request and reads the answer, up to the limit.
    pub(super) async fn exchange(&self, request: reqwest::Request) -> Result<Response, Error> {
        let client = self.fresh_enough().map_err(|error| Error::NotWritten(error.into()))?;
        let total = request.timeout().copied();
        let sent = connecting::within_limit(total, client.execute(request)).await;
        let mut answer = sent.map_err(error)?;
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

    /// The open connections, or none if they have idled too long. A clock that was set back counts
    /// as too long.
    fn fresh_enough(&self) -> Result<reqwest::Client, reqwest::Error> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        let is_fresh =
            |pool: &Pool| now.duration_since(pool.used).is_ok_and(|idle| idle <= MAX_IDLE);
        let client = match pool.take().filter(is_fresh) {
            Some(pool) => pool.client,
            None => connect_anew(&self.tls, self.reach)?,
        };
        *pool = Some(Pool { client: client.clone(), used: now });
        Ok(client)
    }
}

/// A client with no connection yet.
fn connect_anew(tls: &ClientConfig, reach: Reach) -> Result<reqwest::Client, reqwest::Error> {
    let builder = match reach {
        Reach::Everybody => reqwest::Client::builder(),
        Reach::Public => reqwest::Client::builder().dns_resolver(Arc::new(PublicOnly)),
    };
    builder
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        // Each address of a name with several gets its share of this.
        .connect_timeout(connecting::LONGEST)
        .connector_layer(connecting::layer())
        .pool_idle_timeout(MAX_IDLE)
        .user_agent(concat!("ory-actions/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The TLS library rejected its own defaults.
    #[error("the TLS configuration cannot be made")]
    Tls(#[from] rustls::Error),
    /// The HTTP library rejected our settings.
    #[error("the HTTP client cannot be built")]
    Http(#[from] reqwest::Error),
}

/// Mozilla's roots, compiled in: nothing is read from disk on a cold start.
fn tls() -> Result<ClientConfig, rustls::Error> {
    #[cfg_attr(not(feature = "extra-root"), expect(unused_mut, reason = "no root comes after"))]
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    #[cfg(feature = "extra-root")]
    add_extra_root(&mut roots)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// For the benchmark, whose fakes have a certificate of their own: one more root, from the file
/// that `EXTRA_ROOT` names, in DER. No deployed binary has this feature.
#[cfg(feature = "extra-root")]
fn add_extra_root(roots: &mut RootCertStore) -> Result<(), rustls::Error> {
    let file = std::env::var_os("EXTRA_ROOT").and_then(|path| std::fs::read(path).ok());
    file.map_or(Ok(()), |certificate| roots.add(certificate.into()))
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

/// URLs are removed from the error, as a query string may contain an address.
fn error(error: reqwest::Error) -> Error {
    let error = error.without_url();
    // A URL beyond 64 KB is rejected before anything is sent.
    if error.is_connect() || error.is_builder() {
        Error::NotWritten(error.into())
    } else {
        Error::MaybeWritten(error.into())
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpSocket, TcpStream},
        sync::mpsc,
        time::{Instant, timeout},
    };
    use url::Url;

    use super::*;

    /// A peer that keeps connections open and reports each new one.
    async fn peer() -> (Url, mpsc::UnboundedReceiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let (tell, connections) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tell.send(()).unwrap();
                tokio::spawn(answer_all(stream));
            }
        });
        (url, connections)
    }

    async fn answer_all(mut stream: TcpStream) {
        let mut request = [0; 4096];
        while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    }

    async fn call(client: &Client, url: &Url) {
        let request = get(url, Duration::from_secs(10));
        assert_eq!(client.send(request).await.unwrap().status, 200);
    }

    fn get(url: &Url, timeout: Duration) -> Request {
        Request {
            method: Method::GET,
            url: url.clone(),
            headers: HeaderMap::new(),
            body: Vec::new().into(),
            timeout,
        }
    }

    /// An address that accepts no more connections: a client gets no answer. Linux drops
    /// connections over a full backlog; lasts as long as the returned value.
    async fn deaf() -> (Url, impl Sized) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        let briefly = Duration::from_millis(100);
        while let Ok(stream) = timeout(briefly, TcpStream::connect(address)).await {
            waiting.push(stream.unwrap());
        }
        (format!("http://{address}/").parse().unwrap(), (listener, waiting))
    }

    /// No call begins with less than a second left.
    #[tokio::test]
    async fn connect_timeout_is_not_written_for_any_total_timeout() {
        let (url, _deaf) = deaf().await;
        let client = Client::new().unwrap();
        for total in [1000, 2000, 3000] {
            let timeout = Duration::from_millis(total);
            let (request, began) = (get(&url, timeout), Instant::now());
            let error = client.send(request).await.unwrap_err();
            assert!(matches!(error, Error::NotWritten(_)), "{total} ms: {error:?}");
            assert!(began.elapsed() < timeout, "{total} ms: {:?}", began.elapsed());
        }
    }

    /// The pool's connection to it is busy.
    #[tokio::test]
    async fn later_connect_timeout_is_not_written() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let url: Url = format!("http://{address}/").parse().unwrap();
        let client = Client::new().unwrap();
        let (first, accepted) = tokio::join!(
            timeout(Duration::from_millis(200), client.send(get(&url, Duration::from_secs(9)))),
            listener.accept()
        );
        assert!(first.is_err(), "it has its connection, and no answer");
        let mut waiting = Vec::new();
        while let Ok(stream) =
            timeout(Duration::from_millis(100), TcpStream::connect(address)).await
        {
            waiting.push(stream.unwrap());
        }
        let error = client.send(get(&url, Duration::from_millis(500))).await.unwrap_err();
        assert!(matches!(error, Error::NotWritten(_)), "{error:?}");
        drop((accepted, listener));
    }

    /// Whatever the name resolved to when somebody looked: this look is the one that counts.
    #[tokio::test]
    async fn name_of_this_machine_is_not_called_by_the_client_for_public_hosts() {
        let (mut url, mut connections) = peer().await;
        url.set_host(Some("localhost")).unwrap();
        let client = Client::new().unwrap();
        call(&client, &url).await;
        assert!(connections.try_recv().is_ok());

        let request = get(&url, Duration::from_secs(10));
        let error = client.to_public_hosts().send(request).await.unwrap_err();
        assert!(matches!(error, Error::NotWritten(_)), "{error:?}");
        assert!(connections.try_recv().is_err(), "it was called");
    }

    #[tokio::test]
    async fn response_timeout_is_maybe_written() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let client = Client::new().unwrap();
        let error = client.send(get(&url, Duration::from_millis(300))).await.unwrap_err();
        assert!(matches!(error, Error::MaybeWritten(_)), "{error:?}");
    }

    #[tokio::test]
    async fn connection_is_reused_unless_idle_by_the_wall_clock() {
        let (url, mut connections) = peer().await;
        let client = Client::new().unwrap();
        call(&client, &url).await;
        call(&client, &url).await;
        assert!(connections.try_recv().is_ok() && connections.try_recv().is_err());

        for used in [SystemTime::UNIX_EPOCH, SystemTime::now() + Duration::from_hours(1)] {
            client.pool.lock().unwrap().as_mut().unwrap().used = used;
            call(&client, &url).await;
            assert!(connections.try_recv().is_ok(), "the old connection was used");
        }
    }
}
