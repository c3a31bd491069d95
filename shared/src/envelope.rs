//! The envelope: a function URL's event, parsed as far as needed before authentication.
//!
//! Anybody can send an event of 6 MB, so it stays raw text: what is not needed yet is skipped, and
//! a body is neither copied nor decoded before its caller is authenticated.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

/// The largest body that we accept, decoded, in bytes. Kratos' own templates yield at most 256 KiB,
/// and Mailchimp's largest forms are some kilobytes.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// An envelope that is rejected before authentication.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not what a function URL sends.
    #[error("the event is not a function URL's")]
    Foreign,
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("the body is too large")]
    TooLarge,
}

/// An event from Lambda: its parts, each still raw text. It is a call of the function's URL
/// (payload format 2.0), or messages of a queue.
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RawEvent {
    request_context: Part,
    headers: Part,
    cookies: Part,
    raw_query_string: Part,
    body: Part,
    is_base64_encoded: Part,
    #[serde(rename = "Records")]
    records: Part,
}

type Part = Option<Box<RawValue>>;

impl RawEvent {
    /// The messages, where it is an event of a queue.
    pub fn records(&self) -> Option<&RawValue> {
        self.records.as_deref()
    }
}

impl From<Value> for RawEvent {
    /// Anything but an object has no parts.
    fn from(event: Value) -> Self {
        serde_json::from_value(event).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct RequestContext {
    http: RequestLine,
}

#[derive(Deserialize)]
struct RequestLine {
    method: String,
}

/// `http`'s own headers, as JSON has them.
#[derive(Default, Deserialize)]
struct Headers(#[serde(deserialize_with = "http_serde::header_map::deserialize")] HeaderMap);

/// A required part.
fn required<T: DeserializeOwned>(part: &Part) -> Result<T, EnvelopeError> {
    optional(part)?.ok_or(EnvelopeError::Foreign)
}

/// An optional part, missing or null.
fn optional<T: DeserializeOwned>(part: &Part) -> Result<Option<T>, EnvelopeError> {
    let read = part.as_ref().map(|part| serde_json::from_str(part.get()));
    read.transpose().map_err(|_| EnvelopeError::Foreign)
}

/// A request, its body not yet decoded.
pub struct WebhookRequest {
    method: Method,
    headers: HeaderMap,
    cookies: Vec<String>,
    query: String,
    body: Body,
}

enum Body {
    /// It is over the limit, and was not kept.
    TooLarge,
    /// As in the event: a JSON string, or nothing.
    Kept { json: Option<Box<RawValue>>, is_base64: bool },
}

impl Body {
    /// # Errors
    /// If the event has something other than a text here.
    fn open(json: Part, is_base64: bool, most: usize) -> Result<Self, EnvelopeError> {
        let Some(json) = json else { return Ok(Self::Kept { json, is_base64 }) };
        let text = json.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Ok(if is_too_large(text.ok_or(EnvelopeError::Foreign)?, is_base64, most) {
            Self::TooLarge
        } else {
            Self::Kept { json: Some(json), is_base64 }
        })
    }
}

/// Whether the body is over the limit once it is decoded, given the inside of its JSON string; for
/// base64, by an upper bound that is at most two bytes off.
fn is_too_large(text: &str, is_base64: bool, most: usize) -> bool {
    let text = if is_base64 { text.trim_end_matches('=') } else { text };
    // Four characters of base64 are three bytes; what is left over of four is rounded down.
    let most = if is_base64 { (most * 4 + 3) / 3 } else { most };
    text.len() > most && (text.len() > most * LONGEST_ESCAPE || is_longer_than(most, text))
}

/// The most characters that JSON needs for one byte: `\u0041`.
const LONGEST_ESCAPE: usize = 6;

/// Whether the inside of a JSON string stands for more than `most` bytes; stops counting there.
fn is_longer_than(most: usize, text: &str) -> bool {
    let mut bytes = text.as_bytes();
    let mut length = 0;
    while let (true, [first, rest @ ..]) = (length <= most, bytes) {
        (length, bytes) = match (first, rest) {
            (b'\\', [b'u', a, b, c, _, rest @ ..]) => {
                (length + bytes_of_escape([*a, *b, *c]), rest)
            }
            (b'\\', [_, rest @ ..]) => (length + 1, rest),
            _ => (length + 1, rest),
        };
    }
    length > most
}

/// How many bytes of UTF-8 the UTF-16 unit with these first hexadecimal digits takes, or half a
/// pair.
fn bytes_of_escape(digits: [u8; 3]) -> usize {
    match digits.map(|digit| digit.to_ascii_lowercase()) {
        [b'0', b'0', b'0'..=b'7'] => 1,
        [b'0', b'0'..=b'7', _] | [b'd', b'8' | b'9' | b'a'..=b'f', _] => 2,
        _ => 3,
    }
}

/// The text of a JSON string. A body is JSON itself mostly, with an escaped quote every few
/// characters, for which the parser is slow.
fn unescaped(json: &str) -> Result<Vec<u8>, BodyError> {
    let inside = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside.and_then(simply_unescaped) {
        Some(text) => Ok(text),
        None => serde_json::from_str(json).map(String::into_bytes).map_err(|_| BodyError::NotText),
    }
}

/// The text of the inside of a JSON string whose escapes are all of two characters.
fn simply_unescaped(inside: &str) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(inside.len());
    let mut bytes = inside.bytes();
    while let Some(byte) = bytes.next() {
        text.push(if byte == b'\\' { stands_for(bytes.next()?)? } else { byte });
    }
    Some(text)
}

/// What a letter after a backslash stands for; `None` for `u`.
fn stands_for(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

impl WebhookRequest {
    /// Parses the envelope.
    ///
    /// # Errors
    /// If the event is not a function URL's.
    pub fn open(event: RawEvent) -> Result<Self, EnvelopeError> {
        Self::open_up_to(event, MAX_BODY_BYTES)
    }

    /// Parses the envelope, of a body that may have this many bytes.
    ///
    /// # Errors
    /// If the event is not a function URL's.
    pub fn open_up_to(event: RawEvent, most: usize) -> Result<Self, EnvelopeError> {
        let context: RequestContext = required(&event.request_context)?;
        let Headers(headers) = optional(&event.headers)?.unwrap_or_default();
        Ok(Self {
            method: context.http.method.parse().map_err(|_| EnvelopeError::Foreign)?,
            headers,
            cookies: optional(&event.cookies)?.unwrap_or_default(),
            query: optional(&event.raw_query_string)?.unwrap_or_default(),
            body: Body::open(event.body, required(&event.is_base64_encoded)?, most)?,
        })
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Rejects a body that is too large.
    pub fn within_size(self) -> Result<Self, EnvelopeError> {
        match self.body {
            Body::TooLarge => Err(EnvelopeError::TooLarge),
            Body::Kept { .. } => Ok(self),
        }
    }

    /// The body's bytes, for a caller whose signature over them is checked next.
    ///
    /// # Errors
    /// If it cannot be decoded.
    pub fn into_unverified_body(self) -> Result<Vec<u8>, BodyError> {
        let Body::Kept { json, is_base64 } = self.body else { return Err(BodyError::TooLarge) };
        let text = json.map_or(Ok(Vec::new()), |json| unescaped(json.get()))?;
        if is_base64 { STANDARD.decode(text).map_err(|_| BodyError::NotBase64) } else { Ok(text) }
    }

    /// A header's values, the name in any case. Lambda joins repeated headers with a comma.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// The values of a cookie. Lambda lists cookies separately; other front ends leave them in the
    /// header.
    pub fn cookie(&self, name: &str) -> impl Iterator<Item = &str> {
        let listed = self.cookies.iter().map(String::as_str);
        listed
            .chain(self.header("cookie"))
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .filter(move |(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim())
    }

    /// The values of a query parameter, decoded.
    pub fn query(&self, name: &str) -> impl Iterator<Item = String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// A request with an authenticated caller. Only [`crate::auth`] makes one, so code that takes this
/// type cannot be reached without authentication.
pub struct Authenticated(WebhookRequest);

/// A body that cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyError {
    /// The event's text is not valid: half a surrogate pair.
    #[error("the body is not text")]
    NotText,
    /// The body's base64 does not decode.
    #[error("the body is not base64")]
    NotBase64,
    /// It was not kept.
    #[error("the body is too large")]
    TooLarge,
}

impl Authenticated {
    pub(crate) fn new(request: WebhookRequest) -> Self {
        Self(request)
    }

    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name).next()
    }

    /// The body's bytes.
    ///
    /// # Errors
    /// If it cannot be decoded.
    pub fn into_body(self) -> Result<Vec<u8>, BodyError> {
        self.0.into_unverified_body()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn opened(event: Value) -> Result<WebhookRequest, EnvelopeError> {
        WebhookRequest::open(event.into())
    }

    /// An event whose body is written like this.
    fn written(body: &str, base64: bool) -> RawEvent {
        let event = event("BODY", base64).to_string().replace("\"BODY\"", body);
        serde_json::from_str(&event).unwrap()
    }

    fn event(body: &str, base64: bool) -> Value {
        json!({
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": "secret=a%2Bb&x=1&secret=two",
            "cookies": ["key=one; other=2", "key=two"],
            "headers": {"X-Key": "value", "cookie": "key=three"},
            "requestContext": {"http": {"method": "POST"}, "timeEpoch": 0},
            "body": body,
            "isBase64Encoded": base64,
        })
    }

    #[test]
    fn headers_cookies_and_query_are_parsed() {
        let request = opened(event("", false)).unwrap();
        assert_eq!(request.header("x-key").collect::<Vec<_>>(), ["value"]);
        assert_eq!(request.cookie("key").collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(request.cookie("other").collect::<Vec<_>>(), ["2"]);
        assert_eq!(request.query("secret").collect::<Vec<_>>(), ["a+b", "two"]);
        assert_eq!(request.cookie("Key").count(), 0);
    }

    #[test]
    fn base64_body_is_decoded_and_an_invalid_one_is_reported() {
        let body = |text: &str, base64| {
            Authenticated::new(opened(event(text, base64)).unwrap()).into_body()
        };
        assert_eq!(body("{}", false).unwrap(), b"{}");
        assert_eq!(body("e30=", true).unwrap(), b"{}");
        assert_eq!(body("e30*", true), Err(BodyError::NotBase64));
    }

    #[test]
    fn size_limit_applies_to_the_decoded_body() {
        let fits = |text: &str, base64| opened(event(text, base64)).unwrap().within_size().is_ok();
        let most = "x".repeat(MAX_BODY_BYTES);
        assert!(fits(&most, false));
        assert!(fits(&STANDARD.encode(&most), true));
        assert!(!fits(&format!("{most}x"), false));
        assert!(!fits(&STANDARD.encode(format!("{most}x")), true));
    }

    #[test]
    fn other_lambda_events_are_not_function_url_events() {
        for event in [json!({}), json!({"Records": []}), json!(null), json!([1]), json!("x")] {
            assert_eq!(opened(event).err(), Some(EnvelopeError::Foreign));
        }
        for body in ["{}", "[]", "5", "true"] {
            let event = written(body, false);
            assert_eq!(WebhookRequest::open(event).err(), Some(EnvelopeError::Foreign), "{body}");
        }
    }

    #[test]
    fn missing_body_is_empty() {
        let mut without = event("", false);
        without.as_object_mut().unwrap().remove("body");
        for event in [without.into(), written("null", false), written("null", true)] {
            let request = WebhookRequest::open(event).unwrap().within_size().unwrap();
            assert_eq!(Authenticated::new(request).into_body().unwrap(), b"");
        }
    }

    #[test]
    fn lone_surrogate_is_invalid_text() {
        for body in [r#""\ud800""#, r#""\udc00\ud800""#, r#""a\ud83dx""#] {
            let request =
                WebhookRequest::open(written(body, false)).unwrap().within_size().unwrap();
            assert_eq!(Authenticated::new(request).into_body(), Err(BodyError::NotText), "{body}");
        }
    }

    /// A text in JSON, each character as itself, or as the escape that its number chooses.
    fn escaped(text: &str, escapes: &[bool]) -> String {
        let mut json = String::from("\"");
        for (one, escape) in text.chars().zip(escapes.iter().cycle()) {
            if *escape {
                let mut units = [0; 2];
                let units = one.encode_utf16(&mut units).iter();
                json.extend(units.map(|unit| format!("\\u{unit:04X}")));
            } else {
                let plain = Value::from(one.to_string()).to_string();
                json += &plain[1..plain.len() - 1];
            }
        }
        json + "\""
    }

    proptest! {
        /// In any way to write a text in JSON, its length is that of the decoded text.
        #[test]
        fn text_body_length_is_the_decoded_length(
            text in "(\\PC|[\"\\\\/\n\u{0}é\u{800}\u{ffff}😀]){0,40}",
            escapes in prop::collection::vec(any::<bool>(), 1..8),
        ) {
            let json = escaped(&text, &escapes);
            prop_assert_eq!(&serde_json::from_str::<String>(&json).unwrap(), &text);
            let inside = &json[1..json.len() - 1];
            for most in 0..=text.len() + 2 {
                prop_assert_eq!(is_longer_than(most, inside), text.len() > most);
            }
            let request = WebhookRequest::open(written(&json, false)).unwrap();
            prop_assert_eq!(Authenticated::new(request).into_body().unwrap(), text.into_bytes());
        }

        /// Every short escape is read as the JSON parser reads it.
        #[test]
        fn body_is_unescaped_as_the_parser_does(
            json in r#""([a-z\u{e9}]|\\["\\/bfnrt]|\\u00e9){0,20}""#,
        ) {
            let expected: String = serde_json::from_str(&json).unwrap();
            let request = WebhookRequest::open(written(&json, false)).unwrap();
            let body = Authenticated::new(request).into_body().unwrap();
            prop_assert_eq!(body, expected.into_bytes());
        }
    }

    #[test]
    fn size_limit_applies_to_the_unescaped_text() {
        let fits = |json: &str, base64| {
            WebhookRequest::open(written(json, base64)).unwrap().within_size().is_ok()
        };
        for (one, bytes) in [(r"\u0041", 1), (r"\n", 1), (r"\u00e9", 2), (r"\ud83d\ude00", 4)] {
            let most = one.repeat(MAX_BODY_BYTES / bytes);
            assert!(fits(&format!("\"{most}\""), false), "{one}");
            assert!(!fits(&format!("\"{most}x\""), false), "{one}");
        }
        let encoded = STANDARD.encode("x".repeat(MAX_BODY_BYTES)).replace('A', r"\u0041");
        assert!(fits(&format!("\"{encoded}\""), true));
        assert!(!fits(&format!("\"AAAA{encoded}\""), true));
    }
}
