//! The routes of the page.

use std::sync::Arc;

use bytes::Bytes;
use fakes::{Fault, server::FakeReply};
use http::{Method, Request};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Console,
    editor::{self, Draft},
    feed, guard, page, sending, showing,
};
use crate::up::{local::Service, samples::SAMPLES};

#[derive(Deserialize)]
struct Send {
    file: String,
    function: String,
}

#[derive(Deserialize)]
struct SendAgain {
    event: usize,
}

#[derive(Deserialize)]
struct InjectFault {
    service: Service,
    fault: Fault,
}

impl Console {
    /// Answers every request that is not for a function.
    pub(crate) async fn answer(self: &Arc<Self>, request: Request<Bytes>) -> FakeReply {
        if !guard::admits(&request) {
            return refusal(403, "requests must come from the console page on this machine");
        }
        let path = request.uri().path();
        match *request.method() {
            // The server leaves out the body of an answer to HEAD.
            Method::GET | Method::HEAD => self.get(path),
            Method::POST => self.post(path, request.body()).await,
            _ => None,
        }
        .unwrap_or_else(|| refusal(404, "not found"))
    }

    fn get(self: &Arc<Self>, path: &str) -> Option<FakeReply> {
        match path {
            "/console/feed" => Some(feed::answer(self)),
            _ => page::file(path).or_else(|| self.mail(path)),
        }
    }

    /// `/console/mail/EVENT`
    fn mail(&self, path: &str) -> Option<FakeReply> {
        let event = path.strip_prefix("/console/mail/")?;
        let event = self.events.event(event.parse().ok()?)?;
        showing::html_of_mail(&event).map(page::mail)
    }

    async fn post(self: &Arc<Self>, path: &str, body: &[u8]) -> Option<FakeReply> {
        match path {
            "/console/send" => {
                let Send { file, function } = read(body)?;
                let sample = SAMPLES.iter().find(|s| s.file == file && s.function == function)?;
                done(sending::send(self, sample).is_ok())
            }
            "/console/send-again" => {
                let SendAgain { event } = read(body)?;
                done(sending::send_again(self, event).is_ok())
            }
            "/console/fault" => {
                let InjectFault { service, fault } = read(body)?;
                let can_have = service.faults().contains(&fault);
                if can_have {
                    self.inject_fault(service, fault);
                }
                done(can_have)
            }
            "/console/render" => {
                let draft: Draft = read(body)?;
                let rendered = editor::render(self, &draft).await?;
                *self.draft.lock() = Some(draft);
                Some(json(200, &rendered))
            }
            _ => None,
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

fn done(is_done: bool) -> Option<FakeReply> {
    is_done.then(|| json(200, &Value::Null))
}

fn refusal(status: u16, why: &str) -> FakeReply {
    json(status, &serde_json::json!({ "error": why }))
}

fn json(status: u16, body: &Value) -> FakeReply {
    let response = page::careful(status).header("content-type", "application/json");
    FakeReply::Answer(response.body(body.to_string().into()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;
    use shared::http::{Client, Http, Request};

    use super::*;
    use crate::up::local::{LocalStack, Mode, PortNumbers};

    #[tokio::test]
    async fn head_is_get_without_a_body() {
        let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
        let client = Client::new().unwrap();
        let send = async |method, path| {
            let url = format!("{}{path}", stack.root()).parse().unwrap();
            let (headers, timeout) = (HeaderMap::new(), Duration::from_secs(10));
            let request = Request { method, url, headers, body: Bytes::new(), timeout };
            client.send(request).await.unwrap()
        };
        for (path, status) in [("/", 200), ("/console/console.js", 200), ("/nothing", 404)] {
            let [get, head] = [send(Method::GET, path).await, send(Method::HEAD, path).await];
            assert_eq!((get.status, head.status), (status, status), "{path}");
            assert!(!get.body.is_empty() && head.body.is_empty(), "{path}");
        }
        let feed = send(Method::HEAD, "/console/feed").await;
        assert_eq!((feed.status, &feed.body[..]), (200, &b""[..]));
    }
}
