//! The check that ends a deployment, `.ci/smoke`, over the outputs of a stack.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Output, Stdio},
    thread,
};

use serde_json::{Value, json};

use super::repository;

/// A server that answers a GET of `/NUMBER` with that status. It ends with the tests.
fn server() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|connection| answer(connection.unwrap())));
    format!("http://{address}")
}

fn answer(mut connection: TcpStream) {
    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
    let request = lines.next().unwrap().unwrap();
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let status = request.strip_prefix("GET /").unwrap().split([' ', '.']).next().unwrap();
    write!(connection, "HTTP/1.1 {status} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
}

/// Nobody serves at this port.
const NOBODY: &str = "http://127.0.0.1:1/";

/// Runs the check over outputs whose values are these paths of the server, or whole URLs.
fn smoke(outputs: &[(&str, &str)]) -> Output {
    let server = server();
    let outputs: Vec<_> = outputs
        .iter()
        .map(|(name, value)| match value.strip_prefix('/') {
            Some(path) => json!({"OutputKey": name, "OutputValue": format!("{server}/{path}")}),
            None => json!({"OutputKey": name, "OutputValue": value}),
        })
        .collect();
    let mut python = Command::new("python3");
    python.arg(repository().join(".ci/smoke")).stdin(Stdio::piped());
    let mut python = python.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let text = Value::from(outputs).to_string();
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    python.wait_with_output().unwrap()
}

fn printed(output: Output) -> String {
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn functions_that_answer_as_they_should_pass() {
    let output = smoke(&[
        ("MandrillWelcomeUrl", "/405"),
        ("SegmentIdentifyUrl", "/405"),
        ("MailchimpInboundUrl", "/200"),
        ("MailchimpSubscribeUrl", "/405"),
        ("MandrillInboundUrl", "/405"),
        ("MandrillUrl", "/500"),
        ("MandrillWebhookUrl", "/500.lambda-url.example"),
    ]);
    assert!(output.status.success(), "{output:?}");
    let rows = "MandrillWelcomeUrl: 405\nSegmentIdentifyUrl: 405\nMailchimpInboundUrl: 200\n\
                MailchimpSubscribeUrl: 405\nMandrillInboundUrl: 405\n";
    assert_eq!(printed(output), rows);
}

#[test]
fn a_function_that_is_switched_off_is_not_missed() {
    assert!(smoke(&[("SegmentIdentifyUrl", "/405")]).status.success());
}

#[test]
fn a_function_that_does_not_start_fails_the_check_after_all_were_called() {
    let output = smoke(&[("MandrillWelcomeUrl", "/502"), ("SegmentIdentifyUrl", "/405")]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("Go back"), "{told}");
    let rows = printed(output);
    assert!(rows.starts_with("MandrillWelcomeUrl: 502 from http://"), "{rows}");
    assert!(rows.ends_with("SegmentIdentifyUrl: 405\n"), "{rows}");
}

#[test]
fn a_url_that_nobody_serves_fails_the_check() {
    let output = smoke(&[("MailchimpInboundUrl", NOBODY)]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(printed(output).starts_with("MailchimpInboundUrl: no answer ("));
}

#[test]
fn a_function_that_the_check_does_not_know_fails_it() {
    let output = smoke(&[("NewUrl", "/200.lambda-url.example"), ("SegmentIdentifyUrl", "/405")]);
    assert_eq!(output.status.code(), Some(1));
    let rows = printed(output);
    assert!(rows.starts_with("NewUrl: 200 from ") && rows.contains("does not know"), "{rows}");
}

#[test]
fn a_stack_without_a_function_fails_the_check() {
    assert_eq!(smoke(&[("MandrillUrl", "/200")]).status.code(), Some(1));
}
