//! TLS in front of fakes that speak plain HTTP, with its own certificate.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::workspace::scratch;

/// An authority that the contenders trust, and the certificate for loopback.
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    connections: Arc<AtomicU64>,
    /// The authority's certificate, in DER.
    pub(crate) root_der: PathBuf,
    /// The same in PEM.
    pub(crate) root_pem: PathBuf,
}

impl Tls {
    pub(crate) fn new() -> Self {
        let key = || KeyPair::generate().expect("ring makes keys");
        let (root_key, own_key) = (key(), key());
        let mut root = params("benchmark");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = root.self_signed(&root_key).expect("a root signs itself");
        let issuer = Issuer::new(root, root_key);
        let own = params("127.0.0.1").signed_by(&own_key, &issuer).expect("a root signs");
        let keep = |name: &str, content: &[u8]| keep(&scratch().join(name), content);
        Self {
            connections: Arc::default(),
            config: Arc::new(config(own.der().clone(), own_key.serialize_der())),
            root_der: keep("root.der", certificate.der()),
            root_pem: keep("root.pem", certificate.pem().as_bytes()),
        }
    }

    /// Terminates TLS in front of `upstream`; returns its address. It runs as long as the
    /// benchmark.
    pub(crate) async fn before(&self, upstream: SocketAddr) -> SocketAddr {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let acceptor = TlsAcceptor::from(self.config.clone());
        let connections = self.connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(pass(acceptor.clone(), stream, upstream));
            }
        });
        address
    }

    /// How many connections were ever accepted. Each begins with a handshake.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

/// An error only means that one side has closed the connection.
async fn pass(acceptor: TlsAcceptor, stream: TcpStream, upstream: SocketAddr) {
    let Ok(mut plain) = TcpStream::connect(upstream).await else { return };
    let _ = (stream.set_nodelay(true), plain.set_nodelay(true));
    if let Ok(mut stream) = acceptor.accept(stream).await {
        let _ = copy_bidirectional(&mut stream, &mut plain).await;
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("it is a name");
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn config(certificate: CertificateDer<'static>, key: Vec<u8>) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key).expect("it was just made");
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they fit together")
}

fn keep(path: &Path, content: &[u8]) -> PathBuf {
    std::fs::write(path, content).expect("the folder is ours");
    path.to_owned()
}
