//! `renew`, on a function that was deployed and on those that must be left alone.

use crate::{
    lambda::{FakeLambda, Function},
    world::{Done, run},
};

/// What the program did, and what became of the function.
async fn renewed(function: Function, arguments: &[&str]) -> (Done, FakeLambda) {
    let lambda = FakeLambda::with(function).await;
    let url = lambda.url();
    let environment = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", "anybody"),
        ("AWS_SECRET_ACCESS_KEY", "anything"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let done = run(&[&["renew", "welcome"], arguments].concat(), &environment).await;
    (done, lambda)
}

/// The program fails with this, and changes nothing.
async fn assert_refused(function: Function, arguments: &[&str], because: &str) {
    let (before, live) = (function.latest.variables.clone(), function.live);
    let (done, lambda) = renewed(function, arguments).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains(because), "{done:?}");
    let function = lambda.function.lock().unwrap();
    assert_eq!((&function.latest.variables, function.live), (&before, live));
    assert_eq!(function.versions.len(), 3);
}

#[tokio::test]
async fn alias_moves_to_a_new_version_with_the_same_environment() {
    let (done, lambda) = renewed(Function::deployed(), &["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.contains("from version 3"), "{done:?}");
    assert!(done.stdout.contains("`live` is at version 4"), "{done:?}");
    assert!(done.stdout.contains("--name live --function-version 3"), "{done:?}");
    let function = lambda.function.lock().unwrap();
    assert_eq!(function.live, Some(4));
    let mut variables = function.versions[3].variables.clone();
    assert!(variables.remove("RENEWED_AT").is_some());
    assert_eq!(variables, function.versions[2].variables);
}

#[tokio::test]
async fn changed_variable_is_named_and_its_value_is_not() {
    let mut function = Function::deployed();
    function.latest.variables.insert("MANDRILL_URL".into(), "https://canary-2.test".into());
    let (done, lambda) = renewed(function, &["--yes"]).await;
    assert!(done.stdout.contains("changed since version 3: MANDRILL_URL\n"), "{done:?}");
    assert!(!done.stdout.contains("canary"), "{done:?}");
    let function = lambda.function.lock().unwrap();
    assert_eq!(function.versions[3].variables["MANDRILL_URL"], "https://canary-2.test");
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_yes_is_said() {
    assert_refused(Function::deployed(), &[], "--yes").await;
}

#[tokio::test]
async fn function_that_was_rolled_back_is_left_alone() {
    let mut function = Function::deployed();
    function.latest.code = "newer";
    assert_refused(function, &["--yes"], "undo a roll-back").await;
}

#[tokio::test]
async fn function_in_a_gradual_deployment_is_left_alone() {
    let function = Function { is_shifting: true, ..Function::deployed() };
    assert_refused(function, &["--yes"], "shifting").await;
}

#[tokio::test]
async fn function_without_the_alias_is_left_alone() {
    let function = Function { live: None, ..Function::deployed() };
    assert_refused(function, &["--yes"], "GetAlias: ResourceNotFoundException").await;
}

#[tokio::test]
async fn change_of_somebody_else_is_not_overwritten() {
    let function = Function { is_contended: true, ..Function::deployed() };
    assert_refused(function, &["--yes"], "PreconditionFailedException").await;
}
