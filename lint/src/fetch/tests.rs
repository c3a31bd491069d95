use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use super::{HttpsFetch, Limits};
use crate::Fetch as _;

/// A server that gives one answer to everybody, and counts the calls.
fn server(answer: Vec<u8>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            let lines = BufReader::new(&stream).lines();
            let end = |line: &Result<String, _>| line.as_ref().is_ok_and(|line| !line.is_empty());
            assert!(lines.take_while(end).count() > 0);
            // Whoever has heard enough hangs up.
            let _ = stream.write_all(&answer);
        }
    });
    (address, calls)
}

fn with_body(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nLocation: /other\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Allows what only a test needs.
fn fetch() -> HttpsFetch {
    HttpsFetch::with(Limits {
        schemes: &["http"],
        is_allowed: |address| address.is_loopback(),
        timeout: Duration::from_secs(5),
        bytes: 16,
        urls: 2,
    })
}

#[test]
fn template_is_fetched_once() {
    let (address, calls) = server(with_body("200 OK", b"function(ctx) {}"));
    let fetch = fetch();
    let url = format!("http://{address}/x.jsonnet");
    for _ in 0..3 {
        assert_eq!(fetch.fetch(&url).as_deref(), Ok("function(ctx) {}"));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn answer_that_is_no_template_is_refused() {
    let table = [
        (with_body("302 Found", b""), "redirects"),
        (with_body("404 Not Found", b""), "answers 404"),
        (with_body("200 OK", &[b'a'; 17]), "over 0 KiB"),
        (with_body("200 OK", &[0xff]), "not UTF-8"),
        (b"nothing like HTTP\r\n\r\n".to_vec(), "no answer"),
    ];
    for (answer, why) in table {
        let (address, calls) = server(answer);
        let error = fetch().fetch(&format!("http://{address}/")).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{why}");
    }
}

#[test]
fn slow_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let limits = Limits { timeout: Duration::from_millis(50), ..fetch().limits };
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let error = HttpsFetch::with(limits).fetch(&url).unwrap_err().to_string();
    assert!(error.contains("took over 0.05 seconds"), "{error}");
}

#[test]
fn private_address_is_not_called() {
    let (address, calls) = server(with_body("200 OK", b"{}"));
    let guarded = Limits { schemes: &["http"], ..Limits::PUBLIC };
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/", address.port());
        let error = HttpsFetch::with(guarded).fetch(&url).unwrap_err().to_string();
        assert!(error.contains("not public"), "{error}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn url_is_checked_before_it_is_called() {
    let table = [
        ("http://example.com/", "only `https://`"),
        ("file:///etc/passwd", "only `https://`"),
        ("https://user:secret@example.com/", "has a user"),
        ("https://", "invalid"),
    ];
    for (url, why) in table {
        let error = HttpsFetch::new().fetch(url).unwrap_err().to_string();
        assert!(error.contains(why), "{url}: {error}");
    }
}

#[test]
fn only_so_many_are_fetched() {
    let (address, calls) = server(with_body("200 OK", b"{}"));
    let fetch = fetch();
    let results =
        [1, 2, 3].map(|number| fetch.fetch(&format!("http://{address}/{number}")).is_ok());
    assert_eq!(results, [true, true, false]);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}
