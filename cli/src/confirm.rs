//! Asks before something is changed.

use std::{
    io::{self, IsTerminal, Write},
    thread,
};

use tokio::sync::oneshot;

/// Nobody is there to answer.
#[derive(Debug, thiserror::Error)]
#[error("nobody can answer here; add --yes to go on without a question")]
struct NoTerminal;

/// Whether the person at the terminal agrees. Anything but `y` and `yes` is a no.
pub(crate) async fn confirm() -> Result<bool, Box<dyn std::error::Error>> {
    if !io::stdin().is_terminal() {
        return Err(NoTerminal.into());
    }
    write!(io::stderr(), "Go on? [y/N] ")?;
    io::stderr().flush()?;
    Ok(is_yes(&answer().await?))
}

/// What is typed. It is read on a thread of its own, which does not keep the program from noticing
/// Ctrl-C, or from ending.
async fn answer() -> io::Result<String> {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        // Nobody listens any more where the program ends.
        let _ = tell.send(read.map(|_| answer));
    });
    told.await.map_err(io::Error::other)?
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Y\n", " yes\r\n"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yellow\n", "yes!\n"].into_iter().any(is_yes));
    }
}
