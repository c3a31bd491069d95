//! A function's answer to its caller.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What the function URL would answer over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The JSON body; `null` where there is none.
    pub body: Value,
}

impl Answer {
    /// Reads what the function gave to Lambda.
    pub fn read(given: &Value) -> Self {
        let headers = given["headers"].as_object().into_iter().flatten();
        let header = |(name, value): (&String, &Value)| {
            (name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_owned())
        };
        let body = match given["body"].as_str() {
            None | Some("") => Value::Null,
            Some(text) => serde_json::from_str(text).expect("the body is JSON"),
        };
        assert_ne!(given["isBase64Encoded"], true, "JSON needs no base64");
        Self {
            status: given["statusCode"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .expect("an answer has a status"),
            headers: headers.map(header).collect(),
            body,
        }
    }

    /// The status code with the body's own `status`, as in the status table.
    pub fn row(&self) -> (u16, &str) {
        (self.status, self.body["status"].as_str().unwrap_or_default())
    }

    /// Where the first of Ory's messages stands, and its id.
    pub fn message(&self) -> (&str, i64) {
        let group = &self.body["messages"][0];
        let id = group["messages"][0]["id"].as_i64();
        (group["instance_ptr"].as_str().unwrap_or_default(), id.unwrap_or_default())
    }

    /// Checks that Kratos can handle the answer, whatever the hook's settings: 204 and nothing,
    /// 200 or 202 with a JSON object, or an error with Ory's message body; never 429, no
    /// redirect, no `Retry-After`.
    pub fn assert_fit_for_ory(&self) {
        for header in self.headers.keys() {
            assert!(["allow", "content-type"].contains(&header.as_str()), "{header} in {self:?}");
        }
        match self.status {
            204 => assert_eq!((&self.body, self.headers.len()), (&Value::Null, 0)),
            200 | 202 => {
                let object = self.body.as_object().expect("a success has a JSON object");
                assert!(!object.is_empty(), "a success says something");
            }
            429 => panic!("Kratos waits after a 429 as long as it is told to"),
            400..=599 => assert_are_messages(&self.body),
            other => panic!("Kratos does not expect {other}"),
        }
        let content_type = self.headers.get("content-type").map(String::as_str);
        assert_eq!(content_type, (self.status != 204).then_some("application/json"));
    }
}

/// Ory's message body: at least one group with at least one message, each with all its fields.
fn assert_are_messages(body: &Value) {
    let list = |value: &Value| {
        value.as_array().filter(|list| !list.is_empty()).expect("a list that is not empty").clone()
    };
    assert_eq!(body.as_object().map(Map::len), Some(1), "{body}");
    for group in list(&body["messages"]) {
        let pointer = group["instance_ptr"].as_str().expect("a message stands somewhere");
        assert!(pointer.starts_with("#/"), "{pointer}");
        for message in list(&group["messages"]) {
            assert!(message["id"].is_i64(), "{message}");
            assert!(message["text"].as_str().is_some_and(|text| !text.is_empty()), "{message}");
            assert!(["error", "info", "success"].map(Value::from).contains(&message["type"]));
            assert!(message["context"].is_object(), "{message}");
        }
    }
}
