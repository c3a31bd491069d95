//! The binary that is deployed. That it runs each function is in the tests of the function.

use integration::Deployment;

#[tokio::test]
async fn unknown_handler_stops_the_start_and_is_named() {
    for handler in ["bootstrap", "mandrill_welcome", ""] {
        let log = Deployment::of("mandrill-welcome").var("_HANDLER", handler).fail_to_start().await;
        assert!(log.contains("_HANDLER: ") && log.contains("mandrill-welcome"), "{log:#?}");
    }
}
