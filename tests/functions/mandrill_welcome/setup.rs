//! The function, called as Ory calls it.

use integration::Answer;
use ory_actions::{stack::WEBHOOK_KEY, standins::Mandrill};

use crate::common::setup;

pub(super) type Setup = setup::Setup<Mandrill>;
pub(super) type Welcome = setup::Running<Mandrill>;

impl Setup {
    pub(super) async fn new() -> Self {
        Self::of("mandrill-welcome", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
    }
}

impl Welcome {
    /// With the shipped template and no setting that is not required.
    pub(super) async fn start() -> Self {
        Setup::new().await.start().await
    }
}
