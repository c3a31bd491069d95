//! How long a request may wait for its connection.
//!
//! Only a connection that was never made lets us say that a request was not written. So connecting
//! always ends before the request does, with any timeout: if both ended at once, the two cases
//! could not be told apart.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tower::{BoxError, util::MapFutureLayer};

/// The longest time for connecting, from the look-up of the name to the end of the TLS handshake. A
/// connection that takes longer is hardly usable.
pub(super) const LONGEST: Duration = Duration::from_secs(3);

/// The fraction of a request's time that connecting may take. The rest is for the answer, as what
/// is cut off after connecting is in doubt.
const PARTS: u32 = 2;

tokio::task_local! {
    /// Until when the request of this task may wait for its connection.
    static UNTIL: Instant;
}

/// How long a request with the timeout `total` may wait for its connection; `None`: without limit.
fn limit(total: Option<Duration>) -> Duration {
    total.map_or(LONGEST, |total| LONGEST.min(total / PARTS))
}

/// Sends a request by a future that connects if needed. The same deadline holds for each connection
/// made in it, also for one that replaces a closed connection of the pool.
pub(super) async fn within_limit<F: Future>(total: Option<Duration>, send: F) -> F::Output {
    UNTIL.scope(Instant::now() + limit(total), send).await
}

/// Ends each connecting at its request's deadline.
pub(super) fn layer<F, C>() -> MapFutureLayer<impl Fn(F) -> Connecting<C> + Clone>
where
    F: Future<Output = Result<C, BoxError>> + Send + 'static,
    C: 'static,
{
    MapFutureLayer::new(|connect: F| -> Connecting<C> {
        // This is called within the request's task; the connecting itself may outlive it.
        let until = UNTIL.try_with(|until| *until);
        let until = until.unwrap_or_else(|_| Instant::now() + LONGEST);
        Box::pin(async move { timeout_at(until, connect).await? })
    })
}

type Connecting<C> = std::pin::Pin<Box<dyn Future<Output = Result<C, BoxError>> + Send>>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn connect_timeout_is_shorter_than_the_request_timeout(total in 1_u64..10_000_000) {
            let total = Duration::from_micros(total);
            prop_assert!(limit(Some(total)) < total);
            prop_assert!(limit(Some(total)) <= LONGEST);
        }
    }

    #[test]
    fn request_without_a_timeout_has_a_connect_timeout() {
        assert_eq!(limit(None), LONGEST);
    }
}
