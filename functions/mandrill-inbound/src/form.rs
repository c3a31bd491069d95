//! The fields of a form as bytes: Mandrill signs what they decode to, whatever its encoding.

use percent_encoding::percent_decode;

/// The field that holds the events.
const EVENTS: &[u8] = b"mandrill_events";

/// The most fields. Mandrill sends one.
pub const MAX_FIELDS: usize = 100;

/// The decoded fields of a form, in their order. They hold personal data, and have no `Debug`.
pub struct Form(Vec<(Vec<u8>, Vec<u8>)>);

/// The form has more than [`MAX_FIELDS`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the form has more than {MAX_FIELDS} fields")]
pub struct TooManyFields;

impl Form {
    /// Decodes the body of a form.
    ///
    /// # Errors
    /// It has too many fields.
    pub fn decode(body: &[u8]) -> Result<Self, TooManyFields> {
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let fields: Vec<_> = pairs.take(MAX_FIELDS + 1).map(field).collect();
        if fields.len() > MAX_FIELDS { Err(TooManyFields) } else { Ok(Self(fields)) }
    }

    /// The fields sorted by the bytes of their names; those of one name stay in their order.
    pub fn sorted(&self) -> Vec<(&[u8], &[u8])> {
        let fields = self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let mut fields: Vec<_> = fields.collect();
        fields.sort_by_key(|(name, _)| *name);
        fields
    }

    /// The events as JSON; the last where there are several, as in PHP.
    pub fn events(&self) -> Option<&[u8]> {
        let mut fields = self.0.iter().rev();
        fields.find(|(name, _)| name == EVENTS).map(|(_, value)| value.as_slice())
    }

    /// Whether it is the call by which Mandrill tries a new webhook: events, and none in them.
    pub fn is_test(&self) -> bool {
        let [(name, value)] = self.0.as_slice() else { return false };
        name == EVENTS && value.trim_ascii() == b"[]"
    }
}

fn field(pair: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let mut half = || decoded(halves.next().unwrap_or_default());
    (half(), half())
}

fn decoded(encoded: &[u8]) -> Vec<u8> {
    let spaced = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte });
    percent_decode(&spaced.collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    fn sorted(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let form = Form::decode(body).unwrap();
        form.sorted().into_iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    }

    #[test]
    fn fields_are_decoded_to_bytes_and_sorted_by_name() {
        type Row = (&'static [u8], &'static [(&'static [u8], &'static [u8])]);
        let table: [Row; 8] = [
            (b"b=1&a=2", &[(b"a", b"2"), (b"b", b"1")]),
            (b"a=2&B=1", &[(b"B", b"1"), (b"a", b"2")]),
            (b"a=2&a=1&a=3", &[(b"a", b"2"), (b"a", b"1"), (b"a", b"3")]),
            (b"a=1+2%2B%26%3D", &[(b"a", b"1 2+&=")]),
            (b"a=%FF%fe", &[(b"a", b"\xff\xfe")]),
            (b"%C3%A4=1&z=2", &[(b"z", b"2"), (b"\xc3\xa4", b"1")]),
            (b"a&&=b&a=%4", &[(b"", b"b"), (b"a", b""), (b"a", b"%4")]),
            (b"a=b=c", &[(b"a", b"b=c")]),
        ];
        for (body, expected) in table {
            let expected = expected.iter().map(|(name, value)| (name.to_vec(), value.to_vec()));
            let body_shown = String::from_utf8_lossy(body);
            assert_eq!(sorted(body), expected.collect::<Vec<_>>(), "{body_shown}");
        }
    }

    #[test]
    fn events_are_the_last_field_of_their_name() {
        let events =
            |body: &str| Form::decode(body.as_bytes()).unwrap().events().map(<[u8]>::to_vec);
        assert_eq!(events("mandrill_events=%5B%5D").unwrap(), b"[]");
        assert_eq!(events("mandrill_events=1&x=3&mandrill_events=2").unwrap(), b"2");
        assert_eq!(events("events=1"), None);
        assert_eq!(events(""), None);
    }

    #[test]
    fn test_call_has_an_empty_list_and_nothing_else() {
        let is_test = |body: &str| Form::decode(body.as_bytes()).unwrap().is_test();
        for test in ["mandrill_events=[]", "mandrill_events=%5B%5D", "mandrill_events=+%5B%5D%0A"] {
            assert!(is_test(test), "{test}");
        }
        for other in [
            "",
            "mandrill_events=",
            "mandrill_events=[{}]",
            "mandrill_events=[1]",
            "mandrill_events=[]&a=b",
            "mandrill_events=[]&mandrill_events=[{}]",
            "mandrill_event=[]",
        ] {
            assert!(!is_test(other), "{other}");
        }
    }

    #[test]
    fn form_of_too_many_fields_is_refused() {
        let body = "a=1&".repeat(MAX_FIELDS);
        assert!(Form::decode(body.as_bytes()).is_ok());
        assert!(Form::decode(format!("{body}a=1").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn fields_are_those_of_another_decoder(fields: Vec<(String, String)>) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let mut expected = fields;
            expected.truncate(MAX_FIELDS);
            prop_assume!(expected.len() < MAX_FIELDS);
            expected.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
            let expected: Vec<_> =
                expected.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
            prop_assert_eq!(sorted(body.as_bytes()), expected);
        }
    }
}
