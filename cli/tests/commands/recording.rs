//! `docs/recovery.svg`, a recording of what `cargo run` prints while Mandrill is down:
//!
//! ```sh
//! UPDATE_DOCS=1 cargo test -p ory-actions --features aws --test commands recording
//! ```

use std::{env, fmt::Write as _, fs, path::Path, time::Duration};

use ory_actions::up::local::{LocalStack, Mode, PortNumbers};
use serde_json::{Value, json};
use shared::http::{Client, Http, Request};
use tokio::{
    select,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

/// A line comes within this time, unless it never will.
const PATIENCE: Duration = Duration::from_secs(20);

/// A wait has jitter: it is from 1 s to 2 s, and the last digit of the recording.
const WAITS: [&str; 2] = ["again in 1 s", "again in 2 s"];

/// In pixels.
const LINE: usize = 24;
const MARGIN: usize = 20;
const WIDTH: usize = 860;

const STYLE: &str = "\
text { font: 15px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6e6e3; white-space: pre; }
.note { fill: #9aa0a6; } .bad { fill: #f2938c; } .wait { fill: #f2b866; } .good { fill: #7fd49b; }
@media (prefers-reduced-motion: no-preference) { text { animation: appear .1s both; } }
@keyframes appear { from { opacity: 0; } }
";

/// A line of the recording.
enum Line {
    /// What the person types or does.
    Note(&'static str),
    /// What the program prints.
    Printed(String),
}

#[tokio::test]
async fn recording_shows_what_the_program_prints() {
    let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
    let (lines, printed) = unbounded_channel();
    let recorded = select! {
        biased;
        () = stack.tell(|line: &str| send(&lines, line)) => panic!("the receiver is alive"),
        recorded = record(&stack, printed) => recorded,
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/recovery.svg");
    let svg = drawn(&recorded).replace(WAITS[0], WAITS[1]);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &svg).unwrap();
    } else {
        let docs = fs::read_to_string(&file).unwrap();
        assert_eq!(
            docs, svg,
            "UPDATE_DOCS=1 cargo test -p ory-actions --features aws --test commands recording"
        );
    }
}

fn send(lines: &UnboundedSender<String>, line: &str) -> Result<(), ()> {
    lines.send(line.to_owned()).map_err(|_| ())
}

async fn record(stack: &LocalStack, mut printed: UnboundedReceiver<String>) -> Vec<Line> {
    let mut recorded = vec![Line::Note("$ cargo run  # what it prints after the table of samples")];
    let fault = |fault: &str| json!({"service": "mandrill", "fault": fault});
    recorded.push(Line::Note("# In the console: Mandrill goes down, and somebody signs up."));
    press(stack, "fault", fault("down")).await;
    let sample = json!({"file": "registration.json", "function": "mandrill-welcome"});
    press(stack, "send", sample).await;
    take(3, &mut printed, &mut recorded).await;
    recorded.push(Line::Note("# Mandrill works again. Nothing else is done."));
    press(stack, "fault", fault("none")).await;
    // The wait is skipped here.
    press(stack, "retry", json!({"event": 1})).await;
    take(2, &mut printed, &mut recorded).await;
    recorded
}

async fn press(stack: &LocalStack, button: &str, body: Value) {
    let url = format!("{}/console/{button}", stack.root()).parse().unwrap();
    let request = Request::post_json(url, body.to_string(), PATIENCE);
    assert_eq!(Client::new().unwrap().send(request).await.unwrap().status, 200, "{button}");
}

async fn take(count: usize, printed: &mut UnboundedReceiver<String>, to: &mut Vec<Line>) {
    for _ in 0..count {
        to.push(Line::Printed(timeout(PATIENCE, printed.recv()).await.unwrap().unwrap()));
    }
}

fn drawn(lines: &[Line]) -> String {
    let height = lines.len() * LINE + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>An event is enqueued, fails because Mandrill is down, and is then delivered</title>\n\
         <style>\n{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#16181b\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let (class, text) = match line {
            Line::Note(text) => ("note", (*text).to_owned()),
            Line::Printed(text) => (class(text), text.clone()),
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let baseline = MARGIN + (number + 1) * LINE - LINE / 4;
        let (x, delay) = (MARGIN, number);
        let start = format!("<text class=\"{class}\" x=\"{x}\" y=\"{baseline}\"");
        writeln!(svg, "{start} style=\"animation-delay: {delay}s\">{text}</text>").unwrap();
    }
    svg + "</svg>\n"
}

fn class(printed: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| printed.contains(word));
    match () {
        () if has(&["again in"]) => "wait",
        () if has(&["delivered", "works"]) => "good",
        () if has(&["down"]) => "bad",
        () => "said",
    }
}
