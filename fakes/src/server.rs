//! A small HTTP server on loopback, which can also fail as real ones do.

use std::{
    convert::Infallible,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use http::{Request, Response};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// What a handler does with a request.
#[derive(Clone, Debug)]
pub enum FakeReply {
    /// Sends a response.
    Answer(Response<Bytes>),
    /// Sends a response after a delay.
    After(Duration, Box<FakeReply>),
    /// Reads the request and closes the connection without a response.
    HangUp,
    /// Sends a response with a streamed body.
    Stream(Response<Pieces>),
}

/// A streamed body, which lasts as long as the client listens.
#[derive(Clone)]
pub struct Pieces(Arc<dyn Fn() -> BoxStream<'static, Bytes> + Send + Sync>);

impl Pieces {
    /// The body of the stream that `open` opens when the response is sent.
    pub fn new(open: impl Fn() -> BoxStream<'static, Bytes> + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pieces")
    }
}

impl FakeReply {
    /// A response with a JSON body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    /// A response with any body.
    pub fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let response = Response::builder().status(status).header("content-type", content_type);
        // An invalid status is a mistake of the test; it becomes a 500.
        Self::Answer(response.body(body.into()).unwrap_or_default())
    }

    /// How long it takes until it is sent.
    pub(crate) fn lasts(&self) -> Duration {
        match self {
            Self::After(wait, next) => *wait + next.lasts(),
            Self::Answer(_) | Self::HangUp | Self::Stream(_) => Duration::ZERO,
        }
    }
}

/// A running server; it stops when it is dropped.
pub struct Server {
    address: SocketAddr,
    resetting: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves on loopback; port 0 takes any free one.
    pub async fn start<H, F>(port: u16, handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = FakeReply> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let resetting = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(accept(listener, handler, resetting.clone()));
        Ok(Self { address, resetting, task })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its root, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts or stops resetting every new connection before a request is read, and closing every open
    /// one at its next request.
    pub fn set_resetting(&self, resetting: bool) {
        self.resetting.store(resetting, Ordering::Relaxed);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<H, F>(listener: TcpListener, handler: H, resetting: Arc<AtomicBool>)
where
    H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = FakeReply> + Send + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        if resetting.load(Ordering::Relaxed) {
            tokio::spawn(reset(stream));
        } else {
            tokio::spawn(serve(stream, handler.clone(), resetting.clone()));
        }
    }
}

/// Resets once the request is on its way: any earlier, and the peer may see a connection that was
/// never established.
async fn reset(stream: TcpStream) {
    let _ = stream.peek(&mut [0]).await;
    let _ = stream.set_zero_linger();
}

/// An error only means that one side has closed the connection, so it is ignored.
async fn serve<H, F>(stream: TcpStream, handler: H, resetting: Arc<AtomicBool>)
where
    H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = FakeReply> + Send + 'static,
{
    let service = service_fn(move |request| answer(request, handler.clone(), resetting.clone()));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The body: complete, or streamed.
type Body = Either<Full<Bytes>, Sent>;
/// The streamed body.
type Sent = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

async fn answer<H, F>(
    request: Request<Incoming>,
    handler: H,
    resetting: Arc<AtomicBool>,
) -> io::Result<Response<Body>>
where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = FakeReply>,
{
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if resetting.load(Ordering::Relaxed) {
        return Err(io::Error::other("reset"));
    }
    let mut reply = handler(Request::from_parts(parts, body)).await;
    loop {
        match reply {
            FakeReply::Answer(response) => {
                return Ok(response.map(|body| Either::Left(Full::new(body))));
            }
            FakeReply::Stream(response) => {
                return Ok(response.map(|pieces| Either::Right(sent(&pieces))));
            }
            FakeReply::After(wait, next) => {
                sleep(wait).await;
                reply = *next;
            }
            FakeReply::HangUp => return Err(io::Error::other("hung up")),
        }
    }
}

fn sent(pieces: &Pieces) -> Sent {
    StreamBody::new((pieces.0)().map(|piece| Ok(Frame::data(piece))).boxed())
}
