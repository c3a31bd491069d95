use proptest::{collection::hash_map, prelude::*};
use serde_json::json;

use super::*;
use crate::samples;

fn decoded(body: &str) -> Value {
    Value::Object(decode(body.as_bytes()).expect(body))
}

#[test]
fn bracket_notation_rules() {
    let table = [
        ("", json!({})),
        ("a=1", json!({"a": "1"})),
        ("a=1&b=2", json!({"a": "1", "b": "2"})),
        // Encodings.
        ("a=x+y", json!({"a": "x y"})),
        ("a=x%20y", json!({"a": "x y"})),
        ("a=x%2By%2by", json!({"a": "x+y+y"})),
        ("a+b%3D=1", json!({"a b=": "1"})),
        ("a=%C3%A9", json!({"a": "é"})),
        ("a=é", json!({"a": "é"})),
        ("a=1=2", json!({"a": "1=2"})),
        ("a=%26", json!({"a": "&"})),
        ("a=%00", json!({"a": "\0"})),
        // Brackets.
        ("a[b][c]=1", json!({"a": {"b": {"c": "1"}}})),
        ("a%5Bb%5D%5Bc%5D=1", json!({"a": {"b": {"c": "1"}}})),
        ("a%5bb%5d[c]=1", json!({"a": {"b": {"c": "1"}}})),
        ("a[b]=1&a[c]=2", json!({"a": {"b": "1", "c": "2"}})),
        ("a[0]=x&a[1]=y", json!({"a": {"0": "x", "1": "y"}})),
        ("a[99999999999999999999]=x", json!({"a": {"99999999999999999999": "x"}})),
        ("a[b c]=1", json!({"a": {"b c": "1"}})),
        // Brackets that do not fit together.
        ("a[b=1", json!({"a[b": "1"})),
        ("a]=1", json!({"a]": "1"})),
        ("a[b]c=1", json!({"a[b]c": "1"})),
        ("a[b]c[d]=1", json!({"a[b]c[d]": "1"})),
        ("a[[b]]=1", json!({"a[[b]]": "1"})),
        ("a]b[c]=1", json!({"a]b[c]": "1"})),
        ("[a]=1", json!({"[a]": "1"})),
        // Empty brackets.
        ("a[]=x&a[]=y", json!({"a": {"0": "x", "1": "y"}})),
        ("a[7]=x&a[]=y&a[b]=z&a[]=w", json!({"a": {"7": "x", "8": "y", "b": "z", "9": "w"}})),
        ("a[][b]=x&a[][]=y", json!({"a": {"0": {"b": "x"}, "1": {"0": "y"}}})),
        ("a[18446744073709551615]=x&a[]=y", json!({"a": {"18446744073709551615": "y"}})),
        // The last one wins.
        ("a=1&a=2", json!({"a": "2"})),
        ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
        ("a[b]=2&a=1", json!({"a": "1"})),
        ("a[b]=1&a[b][c]=2", json!({"a": {"b": {"c": "2"}}})),
        ("a=1&a[]=2", json!({"a": {"0": "2"}})),
        // Empty input.
        ("a=", json!({"a": ""})),
        ("a", json!({"a": ""})),
        ("a[b]", json!({"a": {"b": ""}})),
        ("&&a=1&&", json!({"a": "1"})),
        ("=1", json!({"": "1"})),
        // Bad escapes stand for themselves.
        ("a=100%", json!({"a": "100%"})),
        ("a=%zz%4", json!({"a": "%zz%4"})),
        ("a=%%41", json!({"a": "%A"})),
    ];
    for (body, expected) in table {
        assert_eq!(decoded(body), expected, "{body}");
    }
}

#[test]
fn each_form_limit_is_exact() {
    let deep = |levels: usize| format!("a{}=1", "[b]".repeat(levels - 1));
    let wide = |pairs: usize| "a[]=1&".repeat(pairs);
    let named = |bytes: usize| format!("b=1&{}=1", "a".repeat(bytes));
    let long = |bytes: usize| format!("a={}", "x".repeat(bytes - 2));

    assert!(decode(deep(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(decode(deep(MAX_DEPTH + 1).as_bytes()), Err(FormError::TooDeep { pair: 1 }));
    assert!(decode(wide(MAX_PAIRS).as_bytes()).is_ok());
    assert_eq!(decode(wide(MAX_PAIRS + 1).as_bytes()), Err(FormError::TooManyPairs));
    assert!(decode(named(MAX_NAME_BYTES).as_bytes()).is_ok());
    assert_eq!(
        decode(named(MAX_NAME_BYTES + 1).as_bytes()),
        Err(FormError::NameTooLong { pair: 2 })
    );
    assert!(decode(long(MAX_BODY_BYTES).as_bytes()).is_ok());
    assert_eq!(decode(long(MAX_BODY_BYTES + 1).as_bytes()), Err(FormError::BodyTooLong));
}

#[test]
fn invalid_utf8_is_replaced_and_the_rest_is_kept() {
    let table = [
        (&b"a=1&b=x\xffy"[..], json!({"a": "1", "b": "x\u{fffd}y"})),
        (b"a=1&b=%FF", json!({"a": "1", "b": "\u{fffd}"})),
        (b"a=1&b%C3=1", json!({"a": "1", "b\u{fffd}": "1"})),
        (b"b=%ED%A0%80&a=1", json!({"a": "1", "b": "\u{fffd}\u{fffd}\u{fffd}"})),
    ];
    for (body, form) in table {
        assert_eq!(Value::Object(decode(body).unwrap()), form, "{body:?}");
    }
}

#[test]
fn every_sample_is_one_line_without_a_newline() {
    for name in samples::names() {
        assert!(!samples::body(&name).iter().any(u8::is_ascii_whitespace), "{name}");
        assert!(samples::form(&name).contains_key("type"), "{name}");
    }
}

/// One way to write a form.
#[derive(Debug, Clone, Copy)]
struct Style {
    escapes: Escapes,
    brackets: Brackets,
    space: &'static str,
    lower_hex: bool,
}

#[derive(Debug, Clone, Copy)]
enum Escapes {
    /// Only what would otherwise be read differently.
    Fewest,
    /// All but letters and digits, as Mailchimp does.
    Usual,
    Everything,
}

#[derive(Debug, Clone, Copy)]
enum Brackets {
    Raw,
    Upper,
    Lower,
}

impl Style {
    fn text(self, text: &str) -> Vec<u8> {
        text.bytes().flat_map(|byte| self.byte(byte)).collect()
    }

    fn byte(self, byte: u8) -> Vec<u8> {
        match (self.escapes, byte) {
            (Escapes::Fewest | Escapes::Usual, b' ') => self.space.into(),
            (Escapes::Fewest, b'&' | b'=' | b'+' | b'%') | (Escapes::Everything, _) => {
                self.escape(byte)
            }
            (Escapes::Usual, _) if !byte.is_ascii_alphanumeric() => self.escape(byte),
            _ => vec![byte],
        }
    }

    fn escape(self, byte: u8) -> Vec<u8> {
        if self.lower_hex { format!("%{byte:02x}") } else { format!("%{byte:02X}") }.into()
    }

    fn name(self, path: &[&str]) -> Vec<u8> {
        let (open, close) = match self.brackets {
            Brackets::Raw => ("[", "]"),
            Brackets::Upper => ("%5B", "%5D"),
            Brackets::Lower => ("%5b", "%5d"),
        };
        let mut name = self.text(path[0]);
        for part in &path[1..] {
            name.extend([open.as_bytes(), &self.text(part), close.as_bytes()].concat());
        }
        name
    }

    /// Every leaf as a pair.
    fn pairs(self, form: &Form) -> Vec<Vec<u8>> {
        let mut pairs = Vec::new();
        let mut branches: Vec<(Vec<&str>, &Form)> = vec![(Vec::new(), form)];
        while let Some((path, branch)) = branches.pop() {
            for (name, value) in branch {
                let path = [&path[..], &[name.as_str()]].concat();
                match value {
                    Value::Object(below) => branches.push((path, below)),
                    leaf => {
                        let text = leaf.as_str().expect("a leaf is a string");
                        pairs.push([self.name(&path), self.text(text)].join(&b'='));
                    }
                }
            }
        }
        pairs
    }
}

fn styles() -> impl Strategy<Value = Style> {
    (
        prop_oneof![Just(Escapes::Fewest), Just(Escapes::Usual), Just(Escapes::Everything)],
        prop_oneof![Just(Brackets::Raw), Just(Brackets::Upper), Just(Brackets::Lower)],
        prop_oneof![Just("+"), Just("%20")],
        any::<bool>(),
    )
        .prop_map(|(escapes, brackets, space, lower_hex)| Style {
            escapes,
            brackets,
            space,
            lower_hex,
        })
}

/// Any form that can be encoded: names are not empty and contain no brackets.
fn forms() -> impl Strategy<Value = Form> {
    let branch = |value: BoxedStrategy<Value>| {
        hash_map("[^\\[\\]]{1,6}|[0-9]", value, 1..5).prop_map(Form::from_iter)
    };
    let leaf = any::<String>().prop_map(Value::String).boxed();
    let value = leaf.prop_recursive(5, 40, 4, move |below| branch(below).prop_map(Value::Object));
    branch(value.boxed())
}

proptest! {
    #[test]
    fn form_round_trips_in_every_style_and_order(
        (form, pairs) in (forms(), styles()).prop_flat_map(|(form, style)| {
            let pairs = Just(style.pairs(&form)).prop_shuffle();
            (Just(form), pairs)
        })
    ) {
        prop_assert_eq!(decode(&pairs.join(&b'&')), Ok(form));
    }

    #[test]
    fn any_bytes_parse_without_a_panic(body in any::<Vec<u8>>()) {
        let _ = decode(&body);
    }

    #[test]
    fn form_like_input_parses_without_a_panic(body in "([ab\\[\\]&=+%0-9]|%5B|%5D|\\[\\]){0,120}") {
        let _ = decode(body.as_bytes());
    }
}
