//! The sample bodies of `events/`, as the tests of this crate read them.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    event::{self, Decoded, Event},
    form::{self, Form},
};

/// The folder and the prefix of the files' names.
const FOLDER: &str = "../../events";
const PREFIX: &str = "mailchimp-";

/// The body of one sample, byte for byte.
pub(crate) fn body(name: &str) -> Vec<u8> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(format!("{PREFIX}{name}.json"));
    let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let event: Value = serde_json::from_slice(&text).unwrap();
    let body = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"] == true { STANDARD.decode(body).unwrap() } else { body.into() }
}

/// The names of all samples with a form, sorted.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER))
        .expect("the folder of sample events")
        .map(|entry| entry.expect("a sample event").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.strip_prefix(PREFIX)?.to_owned()))
        .filter(|name| !body(name).is_empty())
        .collect();
    names.sort();
    names
}

/// One sample, decoded.
pub(crate) fn form(name: &str) -> Form {
    form::decode(&body(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// One sample, decoded and read.
pub(crate) fn decoded(name: &str) -> Decoded {
    event::read(&form(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// One sample of a known type.
pub(crate) fn event(name: &str) -> Event {
    match decoded(name) {
        Decoded::Event(event) => event,
        Decoded::Unknown { kind } => panic!("{name}: unknown type {kind}"),
    }
}
