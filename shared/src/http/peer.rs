//! Servers that the first event will call: a function connects to them while it starts.
//!
//! Lambda lets a function start at full speed, and nobody waits for it then. A connection made in the
//! first event costs the person several round trips and a TLS handshake.

use std::{fmt, sync::Arc, time::Duration};

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::timeout;
use url::Url;

use super::{Http, Request};
use crate::telemetry::chain;

/// How long a start waits for connections.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// A server that the first event will call, and the client that will.
#[derive(Clone)]
pub struct Peer {
    http: Arc<dyn Http>,
    method: Method,
    url: Url,
}

impl Peer {
    /// The server at the origin of `url`, which `http` will call.
    pub fn new(http: Arc<dyn Http>, url: &Url) -> Self {
        let mut origin = url.clone();
        origin.set_path("");
        origin.set_query(None);
        origin.set_fragment(None);
        Self { http, method: Method::HEAD, url: origin }
    }

    /// The service of AWS at `endpoint`. Its hosts answer a ping, which needs no signature.
    #[cfg(feature = "aws")]
    pub(crate) fn of_aws(http: Arc<dyn Http>, endpoint: &Url) -> Self {
        let mut peer = Self::new(http, endpoint);
        peer.method = Method::GET;
        peer.url.set_path("ping");
        peer
    }

    /// Makes a connection, by the smallest request there is: the client has no call that only
    /// connects. Whatever the answer is, the connection stays in the client's pool.
    async fn connect(&self) {
        let request = Request {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: CONNECT_LIMIT,
        };
        if let Err(error) = self.http.send(request).await {
            tracing::debug!(peer = ?self, error = chain(&error), "failed to connect in advance");
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url.origin().ascii_serialization())
    }
}

/// Connects to all peers at once, within the limit. Whoever does not answer is called by the first
/// event as if nothing had been tried.
pub async fn connect(peers: &[Peer]) {
    let all = join_all(peers.iter().map(Peer::connect));
    if timeout(CONNECT_LIMIT, all).await.is_err() {
        tracing::debug!("gave up connecting in advance after {CONNECT_LIMIT:?}");
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::time::Instant;

    use super::{
        super::{Error, Response},
        *,
    };

    /// A client whose calls all end so, and that notes them.
    struct Noting {
        calls: std::sync::Mutex<Vec<String>>,
        answers: bool,
    }

    impl Noting {
        fn new(answers: bool) -> Arc<Self> {
            Arc::new(Self { calls: std::sync::Mutex::default(), answers })
        }
    }

    #[async_trait]
    impl Http for Noting {
        async fn send(&self, request: Request) -> Result<Response, Error> {
            self.calls.lock().unwrap().push(format!("{} {}", request.method, request.url));
            assert!(request.headers.is_empty() && request.body.is_empty());
            if self.answers {
                return Err(Error::NotWritten("refused".into()));
            }
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn origin_is_called_without_path_query_or_key() {
        let http = Noting::new(true);
        let url = "https://api.example.com/v1/people/ada@example.com?key=k#f".parse().unwrap();
        let vendor = Peer::new(http.clone(), &url);
        #[cfg(feature = "aws")]
        let aws = Peer::of_aws(http.clone(), &url);
        assert_eq!(format!("{vendor:?}"), "https://api.example.com");
        connect(&[vendor]).await;
        assert_eq!(http.calls.lock().unwrap()[..], ["HEAD https://api.example.com/"]);
        #[cfg(feature = "aws")]
        {
            connect(&[aws]).await;
            assert_eq!(http.calls.lock().unwrap()[1], "GET https://api.example.com/ping");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn peers_that_hang_delay_a_start_by_the_limit_together() {
        let http = Noting::new(false);
        let url = "https://example.com/".parse().unwrap();
        let began = Instant::now();
        connect(&[Peer::new(http.clone(), &url), Peer::new(http.clone(), &url)]).await;
        assert_eq!(began.elapsed(), CONNECT_LIMIT);
        assert_eq!(http.calls.lock().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn peer_that_refuses_delays_nothing() {
        let began = Instant::now();
        let url = "https://example.com/".parse().unwrap();
        connect(&[Peer::new(Noting::new(true), &url)]).await;
        assert!(began.elapsed().is_zero());
    }
}
