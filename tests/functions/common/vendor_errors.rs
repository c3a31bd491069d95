//! Connection errors on the way to a vendor.

use std::time::Duration;

use serde_json::json;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    ory::{ann, event},
    setup::{Running, Setup, Vendor},
    vendor_replies,
};

pub(crate) async fn refused_connection_is_try_later_for_any_vendor<V: Vendor>(setup: Setup<V>) {
    // Nobody listens on the first port.
    let nobody = setup.var(&format!("{}_{}", V::NAME, V::URL), "http://127.0.0.1:1/v1");
    let mut running = nobody.start().await;
    assert_eq!(running.call(event(&ann())).await.status, 503);
    let line = running.end().await.only_line();
    assert_eq!((&line["outcome"], &line["calls"]), (&json!("try_later"), &json!(3)));
    assert_eq!(line.get("vendor_status"), None);
}

/// To the same path at another vendor.
pub(crate) async fn redirect_is_not_followed<V: Vendor>(mut running: Running<V>, path: &str) {
    let elsewhere = V::start().await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/{path}", elsewhere.url());
        running.vendor.reply_next(vendor_replies::with_header(status, "location", &location));
        assert_eq!(running.call(event(&ann())).await.status, 503, "{status}");
        assert_eq!(running.received().len(), 1, "{status}");
    }
    assert!(elsewhere.take_received().is_empty());
    for line in running.end().await.event_log() {
        assert_eq!(line["outcome"], "blocked");
    }
}

/// Linux drops what comes on top of a full backlog, so whoever connects hears nothing.
pub(crate) async fn deaf(path: &str) -> (String, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    let briefly = Duration::from_millis(200);
    while let Ok(stream) = timeout(briefly, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (format!("http://{address}/{path}"), listener, waiting)
}
