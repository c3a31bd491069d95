//! The bootstraps of `sam build` in AWS' own Runtime Interface Emulator, over HTTP.

use std::process::Command;

use integration::Answer;
use ory_actions::up::{
    local::{Fakes, PortNumbers},
    samples::SAMPLES,
};
use serde_json::Value;
use shared::{
    http::{Client, Http, Request},
    lambda::LAMBDA_TIMEOUT,
};
use url::Url;

use crate::{
    assert_as_expected,
    bootstraps::{FUNCTIONS, bootstrap},
    peer::{Server, free_ports, program},
};

/// Where the emulator takes events, as Lambda's own API does.
const INVOCATIONS: &str = "2015-03-31/functions/function/invocations";

#[tokio::test]
async fn every_sample_gives_the_same_result_in_the_lambda_emulator() {
    let client = Client::new().unwrap();
    for (function, logical_id) in FUNCTIONS {
        let fakes = Fakes::start(PortNumbers::default()).await.unwrap();
        let emulator = emulator(function, logical_id, &fakes);
        let url: Url = format!("{}/{INVOCATIONS}", emulator.url()).parse().unwrap();
        for sample in SAMPLES.iter().filter(|sample| sample.function == function) {
            let event = sample.json().to_owned();
            let request = Request::post_json(url.clone(), event, LAMBDA_TIMEOUT);
            let response = client.send(request).await.unwrap();
            let given: Value = serde_json::from_slice(&response.body).unwrap();
            assert_as_expected(sample, &Answer::read(&given), &fakes.take_received());
        }
    }
}

/// A function in the emulator, pointed at the fakes.
fn emulator(function: &str, logical_id: &str, fakes: &Fakes) -> Server {
    let [port, runtime_api] = free_ports();
    let mut command = Command::new(program("aws-lambda-rie", "tests/real/emulator/install"));
    command.arg(format!("--runtime-interface-emulator-address=127.0.0.1:{port}"));
    command.arg(format!("--runtime-api-address=127.0.0.1:{runtime_api}"));
    command.arg(bootstrap(logical_id));
    command.env("AWS_LAMBDA_FUNCTION_NAME", function).env("_HANDLER", function);
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
    command.env("AWS_LAMBDA_FUNCTION_TIMEOUT", LAMBDA_TIMEOUT.as_secs().to_string());
    command.env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
    command.env("AWS_ENDPOINT_URL", fakes.secrets_manager.url());
    command.envs(fakes.settings(function));
    Server::start(&command, port)
}
