//! go-jsonnet, the evaluator of Kratos, in a process of its own.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use super::{answer::Answer, cases::Case};
use crate::peer;

const PROGRAM: &str = "go-jsonnet";
const INSTALL: &str = "tests/real/jsonnet/go-jsonnet/install";

/// A running evaluator.
pub(super) struct GoJsonnet {
    process: Child,
    jobs: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl GoJsonnet {
    pub(super) fn start() -> Self {
        let mut command = Command::new(peer::program(PROGRAM, INSTALL));
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let jobs = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, jobs, answers }
    }

    /// Renders. A template that ends the process has failed, as a worker of Kratos would have.
    pub(super) fn render(&mut self, case: &Case) -> Answer {
        let job = json!({"name": case.template, "code": case.code, "ctx": case.ctx.to_string()});
        writeln!(self.jobs, "{job}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        if line.is_empty() {
            *self = Self::start();
            return Answer::Fault("the process ended".to_owned());
        }
        let answer: Value = serde_json::from_str(&line).unwrap();
        if answer["cancelled"] == true {
            return Answer::Cancelled;
        }
        if let Some(text) = answer["fault"].as_str() {
            return Answer::Fault(text.to_owned());
        }
        let json = answer["json"].as_str().unwrap();
        serde_json::from_str(json)
            .map_or_else(|error| Answer::Fault(format!("{error} in {json}")), Answer::Json)
    }
}

impl Drop for GoJsonnet {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
