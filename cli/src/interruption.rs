//! Ctrl-C and SIGTERM, which must not end a command that has something to put back.

use tokio::{select, sync::watch};

/// The person, or whoever runs the program, wants it to end.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// Whether the program is to end, from the time on at which this was made. The signals do not end the
/// program any more.
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Listens for the signals.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (tell, told) = watch::channel(false);
        let signals = Signals::listen()?;
        tokio::spawn(async move {
            signals.first().await;
            tell.send_replace(true);
        });
        Ok(Self(told))
    }

    /// Does the work, and drops it where it is when the program is to end. So the work must have
    /// nothing to put back.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        let mut told = self.0.clone();
        select! {
            biased;
            Ok(_) = told.wait_for(|is_over| *is_over) => Err(Interrupted),
            done = work => Ok(done),
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn first(mut self) {
        select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn first(mut self) {
        self.0.recv().await;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::future::pending;

    use super::*;

    /// One that comes when `true` is sent.
    pub(crate) fn by_hand() -> (watch::Sender<bool>, Interruption) {
        let (tell, told) = watch::channel(false);
        (tell, Interruption(told))
    }

    #[tokio::test]
    async fn work_is_done_until_the_program_is_to_end_and_none_is_begun_after_it() {
        let (tell, interruption) = by_hand();
        assert_eq!(interruption.unless(async { 1 }).await.unwrap(), 1);
        tell.send_replace(true);
        assert!(interruption.unless(pending::<()>()).await.is_err());
        assert!(interruption.unless(async { panic!("begun") }).await.is_err());
        drop(tell);
        assert!(interruption.unless(pending::<()>()).await.is_err());
    }

    #[tokio::test]
    async fn work_goes_on_where_no_signal_can_come_any_more() {
        let (tell, interruption) = by_hand();
        drop(tell);
        assert_eq!(interruption.unless(async { 1 }).await.unwrap(), 1);
    }
}
