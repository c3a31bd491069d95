//! The binary that is deployed. That it runs each function is in the tests of the function.

use integration::Deployment;
use shared::version::{ARCHITECTURE, commit};

/// So that the log tells which release handled an event.
#[tokio::test]
async fn every_process_logs_once_what_was_built() {
    let log = Deployment::of("mandrill-welcome").var("_HANDLER", "none").fail_to_start().await;
    let [line] = &log.versions()[..] else { panic!("{log:#?}") };
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line["architecture"], ARCHITECTURE);
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["commit"].as_str(), commit());
}

#[tokio::test]
async fn unknown_handler_stops_the_start_and_is_named() {
    for handler in ["bootstrap", "mandrill_welcome", ""] {
        let log = Deployment::of("mandrill-welcome").var("_HANDLER", handler).fail_to_start().await;
        assert!(log.contains("_HANDLER: ") && log.contains("mandrill-welcome"), "{log:#?}");
    }
}
