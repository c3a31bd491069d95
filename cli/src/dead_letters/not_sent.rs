//! For which functions an operator can say that a call in doubt did not go out.

use relay::OnInDoubt;

use super::function::Live;
use crate::relay_settings;

/// The word has no meaning for a function.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoMeaning {
    #[error(
        "--not-sent is for a relay that holds calls in doubt. {0} holds none: it finds out by itself, or \
         repeats the call where that does no harm. Redrive without --not-sent"
    )]
    NoRelay(String),
    #[error(
        "--not-sent is for a relay that holds calls in doubt. This one repeats them (ON_IN_DOUBT). Redrive \
         without --not-sent"
    )]
    Repeats,
}

/// Whether the function holds calls in doubt, as far as that is known.
pub(super) fn check(function: &Live) -> Result<(), NoMeaning> {
    if function.handler != relay::NAME {
        return Err(NoMeaning::NoRelay(function.handler.escape_debug().to_string()));
    }
    match relay_settings::on_in_doubt(&function.environment()) {
        Some(OnInDoubt::Repeat) => Err(NoMeaning::Repeats),
        Some(OnInDoubt::Hold) | None => Ok(()),
    }
}
