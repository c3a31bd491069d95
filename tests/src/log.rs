//! The logs of a function.

use serde_json::Value;

/// The lines of a function's processes, in their order.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Standard output, which CloudWatch keeps.
    pub stdout: Vec<String>,
    /// Standard error, which CloudWatch keeps too.
    pub stderr: Vec<String>,
}

impl Log {
    /// The event log: the lines of requests and deliveries.
    pub fn event_log(&self) -> Vec<Value> {
        self.lines_of(&["request", "delivery"])
    }

    /// The lines of deliveries from the queue.
    pub fn deliveries(&self) -> Vec<Value> {
        self.lines_of(&["delivery"])
    }

    /// The lines of starts that had something to say.
    pub fn starts(&self) -> Vec<Value> {
        let mut lines = self.lines_of(&["start"]);
        lines.retain(|line| line["outcome"].is_string());
        lines
    }

    /// The lines with which processes begin: what was built.
    pub fn versions(&self) -> Vec<Value> {
        let mut lines = self.lines_of(&["start"]);
        lines.retain(|line| line["version"].is_string());
        lines
    }

    fn lines_of(&self, messages: &[&str]) -> Vec<Value> {
        let lines = self.stdout.iter().filter_map(|line| serde_json::from_str(line).ok());
        let is_one =
            |line: &Value| line["message"].as_str().is_some_and(|told| messages.contains(&told));
        lines.filter(is_one).collect()
    }

    /// The event log of a function that was called once.
    pub fn only_line(&self) -> Value {
        let event_log = self.event_log();
        let [line] = event_log.as_slice() else { panic!("not one line but {event_log:#?}") };
        line.clone()
    }

    /// Whether any line, on either stream, contains the text.
    pub fn contains(&self, text: &str) -> bool {
        self.count_of(text) > 0
    }

    /// How many lines, on both streams, hold the text.
    pub fn count_of(&self, text: &str) -> usize {
        self.stdout.iter().chain(&self.stderr).filter(|line| line.contains(text)).count()
    }

    /// The log followed by another.
    pub(crate) fn append(&mut self, other: Self) {
        self.stdout.extend(other.stdout);
        self.stderr.extend(other.stderr);
    }
}
