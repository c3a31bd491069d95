//! Third-party programs, found on the path.

use std::{
    array, env,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{ChildStdin, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

/// A server starts within this time, unless it never will.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a program until its own input ends, as it does however the test's process ends.
const UNTIL_INPUT_ENDS: &str = r#""$@" & peer=$!; cat > /dev/null; kill "$peer"; wait "$peer""#;

/// Where `program` is; where it is not on the path, `install` tells how it gets there.
pub(crate) fn program(name: &str, install: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|p| p.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is not on the path; `{install} FOLDER` puts it into FOLDER/bin")
    })
}

/// Ports that nobody uses just now.
///
/// They are below those that the system assigns: a fake or an outgoing connection of another test
/// would take one of these before the peer listens on it.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
    let mut free = ports.filter(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    array::from_fn(|_| free.next().unwrap())
}

/// A running server; it ends when this is dropped, or with this process.
pub(crate) struct Server {
    port: u16,
    _input: ChildStdin,
}

impl Server {
    /// Starts what the command says, and waits until it listens on the port.
    pub(crate) fn start(command: &Command, port: u16) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", UNTIL_INPUT_ENDS, "sh"]).arg(command.get_program());
        shell.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let input = shell.spawn().unwrap().stdin.take().unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "{command:?} does not serve");
            sleep(Duration::from_millis(50));
        }
        Self { port, _input: input }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
