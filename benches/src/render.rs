//! Rendering: from the bytes of ctx to the bytes of the output, and the cleanup. Both evaluators
//! run in the caller's thread: without the template thread of a function, and without Kratos' pipe
//! to its rendering process.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use mandrill_welcome::Mail;
use serde_json::Value;
use shared::{
    ctx::Ctx,
    template::{Rendering, Source, Template},
};

use crate::{
    effort::Effort,
    event::ctx,
    install::{Missing, go_jsonnet},
    median,
    table::{Figure, Goal, Row},
    workspace::scratch,
};

pub(crate) async fn rows(effort: &Effort) -> Vec<Row> {
    let bytes = for_template(&ctx()).to_string();
    let go_jsonnet = go_jsonnet();
    let mut rows = Vec::new();
    for (name, source) in [
        ("welcome", mandrill_welcome::shipped_template()),
        ("identify", segment_identify::shipped_template()),
    ] {
        let what = format!("render {name}.jsonnet");
        let (ours, printed) = side_by_side(&source, bytes.as_bytes(), effort.renderings).await;
        let theirs = go_jsonnet.as_ref().map_err(Clone::clone);
        let theirs =
            theirs.and_then(|program| time_go(program, &source, &bytes, effort.renderings));
        rows.push(Row::new(&what, ours, "go-jsonnet", theirs, Goal::TimesFaster(40.0)));
        let serde = "serde_json, parsed and printed";
        rows.push(Row::new(what, ours, serde, Ok(printed), Goal::AtMostTimes(1.5)));
    }
    rows
}

/// The ctx as a function passes it to its template.
fn for_template(ctx: &Value) -> Value {
    let ctx = Ctx::decode(ctx.to_string().as_bytes()).expect("a ctx");
    ctx.sanitize().for_template(&Mail::sample().for_shipped_template())
}

/// Our evaluator, and one parse and print of the same ctx, in turns.
async fn side_by_side(source: &Source, ctx: &[u8], times: usize) -> (Figure, Figure) {
    let template = Template::begin(Rendering::InPlace, source.clone());
    template.check().expect("a shipped template parses");
    let (mut ours, mut printed) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let started = Instant::now();
        std::hint::black_box(render(&template, ctx).await);
        ours.push(started.elapsed());
        let started = Instant::now();
        std::hint::black_box(print(ctx));
        printed.push(started.elapsed());
    }
    (Figure::Time(median(&ours)), Figure::Time(median(&printed)))
}

async fn render(template: &Template, ctx: &[u8]) -> Vec<u8> {
    let ctx: Value = serde_json::from_slice(ctx).expect("ctx is JSON");
    let result = template.render(vec![("ctx", ctx)]).await.expect("it renders");
    serde_json::to_vec(&result).expect("JSON can be written")
}

fn print(ctx: &[u8]) -> Vec<u8> {
    let ctx: Value = serde_json::from_slice(ctx).expect("ctx is JSON");
    serde_json::to_vec(&ctx).expect("JSON can be written")
}

/// go-jsonnet, timed by itself.
fn time_go(program: &Path, source: &Source, ctx: &str, times: usize) -> Result<Figure, Missing> {
    let file = |name: &str, content: &str| {
        let path = scratch().join(name);
        fs::write(&path, content).expect("the folder is ours");
        path
    };
    let mut command = Command::new(program);
    command.arg(file("template.jsonnet", source.code())).arg(file("ctx.json", ctx));
    let output = command.arg(times.to_string()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    let times: Vec<_> =
        lines.lines().filter_map(|line| Some(Duration::from_nanos(line.parse().ok()?))).collect();
    Ok(Figure::Time(median(&times)))
}
