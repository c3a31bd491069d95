//! Ctrl-C and SIGTERM: the batch under way is finished and saved, and nothing new is begun.

use tokio::{select, signal, sync::watch};

/// Somebody ended the run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

/// Whether somebody wants the run to end.
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens to the signals, from now on.
    pub(super) fn on_signals() -> Self {
        let (pull, pulled) = watch::channel(false);
        tokio::spawn(async move {
            signalled().await;
            pull.send_replace(true);
        });
        Self(pulled)
    }

    /// Does work that can be given up at any time, unless somebody wants the run to end.
    pub(super) async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        let mut pulled = self.0.clone();
        select! {
            biased;
            // It fails once nobody listens to signals, and then never comes.
            Ok(_) = pulled.wait_for(|is_pulled| *is_pulled) => Err(Interrupted),
            done = work => Ok(done),
        }
    }
}

#[cfg(unix)]
async fn signalled() {
    let terminate = signal::unix::signal(signal::unix::SignalKind::terminate());
    match terminate {
        Ok(mut terminate) => {
            select! {
                _ = signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signalled() {
    let _ = signal::ctrl_c().await;
}

#[cfg(test)]
pub(super) mod tests {
    use std::{future::pending, time::Duration};

    use tokio::time::sleep;

    use super::*;

    /// A run that ends when `true` is sent.
    pub(in super::super) fn by_hand() -> (watch::Sender<bool>, Stop) {
        let (pull, pulled) = watch::channel(false);
        (pull, Stop(pulled))
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_given_up_once_the_run_is_to_end() {
        let (pull, stop) = by_hand();
        assert_eq!(stop.or(async { 5 }).await, Ok(5));
        let waiting = stop.or(pending::<()>());
        let pulling = async {
            sleep(Duration::from_secs(1)).await;
            pull.send_replace(true);
        };
        let (waited, ()) = tokio::join!(waiting, pulling);
        assert_eq!(waited, Err(Interrupted));
        assert_eq!(stop.or(async { 5 }).await, Err(Interrupted));
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_if_nobody_listens_to_signals() {
        let (pull, stop) = by_hand();
        drop(pull);
        let work = async { sleep(Duration::from_secs(1)).await };
        assert_eq!(stop.or(work).await, Ok(()));
    }
}
