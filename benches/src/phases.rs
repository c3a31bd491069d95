//! A start by phase: the same steps as in the `main` of a function, with a clock between them.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use comfy_table::{Table, presets::ASCII_MARKDOWN};
use shared::{
    aws::Aws,
    config::Environment,
    http::Client,
    settings::Ports,
    telemetry::{LogLevel, Sink, start_logging},
};
use tokio::{runtime::Builder, task::spawn_blocking};

use crate::{
    contender::Programs, median, sandbox::Sandbox, surroundings::Surroundings, table::Figure,
    workspace,
};

/// The phases, named after what ends them.
const PHASES: [&str; 7] = [
    "exec until `main`",
    "async runtime",
    "logging",
    "HTTP client with TLS",
    "AWS configuration",
    "function, template parsing started",
    "prefetch of both secrets, template ready",
];

/// Runs a start and reports when each phase ended, in nanoseconds since 1970.
pub(crate) fn start_once() {
    let mut ends = vec![now()];
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    ends.push(now());
    runtime.block_on(async {
        let env = Environment::of_process();
        start_logging(LogLevel::Info, "benchmark");
        ends.push(now());
        let client = Client::new().expect("the client can be built");
        ends.push(now());
        let aws = Aws::in_function(&client);
        ends.push(now());
        let ports = Ports::on_aws(&aws, client, Sink::Stdout);
        let function = mandrill_welcome::build(&env, &ports).expect("its variables are set");
        ends.push(now());
        function.warm().await.expect("a shipped template parses");
        ends.push(now());
    });
    let ends: Vec<_> = ends.iter().map(u128::to_string).collect();
    let _ = writeln!(std::io::stdout(), "{}", ends.join(" "));
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos()
}

/// The medians of many starts, next to those of the real binary.
pub(crate) async fn measure(starts: usize) -> String {
    let surroundings = Surroundings::start().await;
    let variables = surroundings.plain();
    let welcome = Programs::ours_of(&workspace::binary("bootstrap"), &variables);
    let mut phases = vec![Vec::new(); PHASES.len()];
    let mut whole = Vec::new();
    for _ in 0..starts {
        let mut command = Command::new(std::env::current_exe().expect("a program knows itself"));
        command.arg("start-once").env_clear().envs(&variables).stdout(Stdio::piped());
        let (begun, output) =
            spawn_blocking(move || (now(), command.output())).await.expect("nothing in it panics");
        let output = output.expect("this program runs");
        let line = String::from_utf8_lossy(&output.stdout);
        let ends: Vec<u128> = line.split_whitespace().flat_map(str::parse).collect();
        assert_eq!(ends.len(), PHASES.len(), "a start failed");
        let mut from = begun;
        for (phase, end) in phases.iter_mut().zip(ends) {
            phase.push(Duration::from_nanos(u64::try_from(end.saturating_sub(from)).unwrap_or(0)));
            from = end;
        }
        let sandbox = Sandbox::start(&welcome).await;
        whole.push(sandbox.start);
        sandbox.end().await;
    }
    page(&phases.iter().map(|phase| median(phase)).collect::<Vec<_>>(), median(&whole))
}

fn page(phases: &[Duration], whole: Duration) -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["phase", "median"]);
    for (phase, time) in PHASES.iter().zip(phases) {
        table.add_row([(*phase).to_owned(), Figure::Time(*time).to_string()]);
    }
    let sum: Duration = phases.iter().sum();
    table.add_row(["sum".to_owned(), Figure::Time(sum).to_string()]);
    let real = "the real binary, exec until the first `/next`";
    table.add_row([real.to_owned(), Figure::Time(whole).to_string()]);
    format!("{table}\n")
}
