//! Malicious peers. Their responses are written byte by byte.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

const MEBIBYTE: usize = 1024 * 1024;

/// How a malicious peer answers every request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attack {
    /// One byte of the answer's head each second.
    HeadByTheSecond,
    /// The head, and then one byte of the body each second.
    BodyByTheSecond,
    /// A body of 50 MB.
    FiftyMegabytes,
    /// A body of a megabyte that says it is gzip of a gigabyte, and is.
    Bomb,
    /// A redirect to where a machine in the cloud is told its own keys.
    ToTheMetadata,
}

impl Attack {
    pub(crate) const ALL: [Self; 5] = [
        Self::HeadByTheSecond,
        Self::BodyByTheSecond,
        Self::FiftyMegabytes,
        Self::Bomb,
        Self::ToTheMetadata,
    ];

    async fn answer(self, stream: &mut TcpStream, written: &AtomicUsize) -> std::io::Result<()> {
        let head =
            |more: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{more}");
        let endless = head("content-length: 1000\r\n\r\n");
        match self {
            Self::HeadByTheSecond => by_the_second(stream, endless.as_bytes()).await,
            Self::BodyByTheSecond => {
                stream.write_all(endless.as_bytes()).await?;
                by_the_second(stream, &[b' '; 1000]).await
            }
            Self::FiftyMegabytes => {
                stream.write_all(head("content-length: 52428800\r\n\r\n").as_bytes()).await?;
                let piece = vec![b' '; MEBIBYTE];
                for _ in 0..50 {
                    stream.write_all(&piece).await?;
                    written.fetch_add(MEBIBYTE, Ordering::Relaxed);
                }
                Ok(())
            }
            Self::Bomb => {
                let bomb = bomb();
                let more =
                    format!("content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
                stream.write_all(head(&more).as_bytes()).await?;
                stream.write_all(&bomb).await
            }
            Self::ToTheMetadata => {
                let answer = "HTTP/1.1 307 Temporary Redirect\r\ncontent-length: 0\r\nlocation: \
                    http://169.254.169.254/latest/meta-data/iam/security-credentials/\r\n\r\n";
                stream.write_all(answer.as_bytes()).await
            }
        }
    }
}

async fn by_the_second(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// One member after the other, each a mebibyte of blanks.
fn bomb() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&vec![b' '; MEBIBYTE]).unwrap();
    let member = member.finish().unwrap();
    member.repeat(1024.min(MEBIBYTE / member.len()))
}

/// A running peer.
pub(crate) struct Peer {
    url: String,
    requests: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Peer {
    pub(crate) async fn start(attack: Attack) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, written) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let counted = (requests.clone(), written.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, written) = counted.clone();
                tokio::spawn(async move {
                    let _ = serve(stream, attack, &requests, &written).await;
                });
            }
        });
        Self { url, requests, written, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The number of requests of events, each on its own connection.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many bytes of a body of 50 MB somebody took.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request, one answer; what else comes is read, so that nobody is reset for it.
async fn serve(
    mut stream: TcpStream,
    attack: Attack,
    requests: &AtomicUsize,
    written: &AtomicUsize,
) -> std::io::Result<()> {
    let mut request = BytesMut::with_capacity(65_536);
    if stream.read_buf(&mut request).await? == 0 {
        return Ok(());
    }
    if request.starts_with(b"HEAD ") || request.starts_with(b"GET /ping ") {
        // The function connects while it starts.
        attack.answer(&mut stream, &AtomicUsize::default()).await?;
    } else {
        requests.fetch_add(1, Ordering::Relaxed);
        attack.answer(&mut stream, written).await?;
    }
    stream.shutdown().await?;
    copy(&mut stream, &mut sink()).await.map(drop)
}
