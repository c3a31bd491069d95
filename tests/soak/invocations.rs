//! Sign-ups in one process of a real binary, each of somebody else, delivered inline with records
//! in memory: of those it keeps a bounded number.

use fakes::{FakeMandrill, FakeSecretsManager, WEBHOOK_KEY};
use integration::{
    Deployment,
    sign_up::{ctx, random_id, sign_up},
};
use mandrill_welcome::SAMPLE_SENDER;

use crate::curve::Curve;

const WEBHOOK_SECRET: &str = "webhook";
const MANDRILL_SECRET: &str = "mandrill";
const MANDRILL_KEY: &str = "the-mandrill-key";

/// How often Mandrill's fake forgets, for the sake of this process.
const FORGETS_AFTER: u64 = 1_000;

/// Invokes so many times.
pub(crate) async fn soak(times: u64) -> Curve {
    let free = "loopback has a free port";
    let mandrill = FakeMandrill::start(0, MANDRILL_KEY).await.expect(free);
    let secrets = FakeSecretsManager::start(0).await.expect(free);
    secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
    secrets.put(MANDRILL_SECRET, MANDRILL_KEY);
    let deployment = Deployment::of(mandrill_welcome::NAME)
        .var("AWS_ENDPOINT_URL", secrets.url())
        .var("WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
        .var("MANDRILL_SECRET_ID", MANDRILL_SECRET)
        .var("MANDRILL_URL", mandrill.url())
        .var("FROM_EMAIL", SAMPLE_SENDER);
    let mut sandbox = deployment.start().await;
    let ctx = ctx();
    let mut curve = Curve::of(sandbox.process(), times);
    for time in 1..=times {
        let answer = sandbox.invoke(sign_up(&ctx, random_id(), random_id())).await;
        assert_eq!(answer.row(), (200, "delivered"));
        curve.done(time);
        if time.is_multiple_of(FORGETS_AFTER) {
            assert_eq!(mandrill.take_received().len() as u64, FORGETS_AFTER, "a call each");
            mandrill.forget();
        }
    }
    assert_eq!(sandbox.starts(), 1, "it was one process");
    curve
}
