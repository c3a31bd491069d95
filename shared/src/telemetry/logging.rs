//! Diagnostics beside the event log: warnings of our own, as JSON on standard output.

use std::panic;

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::{ConfigError, Environment};

/// How much is logged.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogLevel {
    /// Errors only.
    Error,
    /// Also warnings.
    Warn,
    /// Also one line per request and delivery.
    Info,
    /// Also what helps to understand the functions at work.
    Debug,
    /// Also everything else. It is no more personal than the rest.
    Trace,
}

impl LogLevel {
    /// Reads `LOG_LEVEL`.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let text = env.optional("LOG_LEVEL").unwrap_or("info").to_ascii_lowercase();
        Ok(match text.as_str() {
            "error" => Self::Error,
            "warn" => Self::Warn,
            "info" => Self::Info,
            "debug" => Self::Debug,
            "trace" => Self::Trace,
            _ => {
                let wanted = "wanted `error`, `warn`, `info`, `debug` or `trace`";
                return Err(ConfigError::new("LOG_LEVEL", wanted));
            }
        })
    }

    /// Whether the log entry of each request and delivery is written in full.
    pub fn shows_requests(self) -> bool {
        self >= Self::Info
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// Starts the log of a function's process.
///
/// Libraries log from `warn` on, at every level: at lower ones the Lambda runtime logs whole
/// events, and HTTP clients log URLs. A panic logs its place and not its message, which may quote
/// its input.
pub fn start_logging(level: LogLevel, function_crate: &str) {
    let ours = Targets::new()
        .with_default(level.filter().min(LevelFilter::WARN))
        .with_target(env!("CARGO_CRATE_NAME"), level.filter())
        .with_target(function_crate, level.filter());
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_ansi(false);
    // A second call in one process finds the first in place.
    let _ = tracing_subscriber::registry().with(json.with_filter(ours)).try_init();
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

/// An error with all its sources, for a diagnostic.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command, thread};

    use super::*;

    /// Set in the process that is to panic, as the hook is global to it.
    const PANICS: &str = "PANICS_WITH_A_MARK";
    const MARK: &str = "hunter2";

    /// No text parses as this, and the error quotes the text.
    #[derive(Debug, PartialEq)]
    struct Marked;

    impl std::str::FromStr for Marked {
        type Err = String;

        fn from_str(text: &str) -> Result<Self, String> {
            Err(text.to_owned())
        }
    }

    fn panic_in_every_way() {
        start_logging(LogLevel::Trace, "shared");
        let quoted = format!("{MARK}\u{e9}");
        let ways: [Box<dyn FnOnce() + Send>; 4] = [
            Box::new(|| panic!("{MARK}")),
            Box::new(move || drop(quoted[MARK.len() + 1..].to_owned())),
            Box::new(|| assert_eq!(MARK.parse::<Marked>().unwrap(), Marked)),
            Box::new(|| panic::panic_any(MARK.to_owned())),
        ];
        for way in ways {
            assert!(thread::spawn(way).join().is_err());
        }
    }

    #[test]
    fn panic_log_has_the_location_and_redacts_the_message() {
        if env::var_os(PANICS).is_some() {
            return panic_in_every_way();
        }
        let name = "telemetry::logging::tests::panic_log_has_the_location_and_redacts_the_message";
        let mut this = Command::new(env::current_exe().unwrap());
        this.args([name, "--exact", "--nocapture"]).env(PANICS, "").env("RUST_BACKTRACE", "full");
        let said = this.output().unwrap();
        let output = [said.stdout, said.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output[0].matches(r#""message":"panicked""#).count(), 4, "{output:?}");
        assert_eq!(output[0].matches(r#""place":"#).count(), 4, "{output:?}");
        assert!(!output.concat().contains(MARK), "{output:?}");
    }
}
