//! The front: the functions under their URLs, and the console under all others.

use std::{io, sync::Arc};

use bytes::Bytes;
use fakes::server::{FakeReply, Server};
use http::Request;

use crate::up::console::Console;

/// The path of the functions, the same that `cargo lambda watch` serves.
const FUNCTIONS: &str = "/lambda-url/";

pub(super) async fn start(port: u16, console: Arc<Console>) -> io::Result<Server> {
    Server::start(port, move |request| {
        let console = console.clone();
        async move { answer(&console, request).await }
    })
    .await
}

async fn answer(console: &Arc<Console>, request: Request<Bytes>) -> FakeReply {
    let Some(rest) = request.uri().path().strip_prefix(FUNCTIONS) else {
        return console.answer(request).await;
    };
    let name = rest.split('/').next().unwrap_or_default().to_owned();
    let Some(response) = console.call(&name, request).await else {
        let names: Vec<_> = console.functions().map(|name| format!("{FUNCTIONS}{name}/")).collect();
        return FakeReply::text(404, "text/plain", format!("Try {}\n", names.join(", ")));
    };
    FakeReply::Answer(response)
}
