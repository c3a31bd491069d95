//! Hostile values for names, addresses and other fields.

use serde_json::{Value, json};

/// Nested as deep as may stand at a trait's place: the decoder takes 127 levels, and ctx has its own.
const DEEPEST: usize = 120;

/// Far longer than any name.
const LONG: usize = 100_000;

/// Texts, none of which may do anything but be read.
pub fn texts() -> Vec<String> {
    let plain =
        MARKUP.iter().chain(&LINES).chain(&MERGE_TAGS).chain(&LINKS).chain(&ADDRESSES).chain(&ODD);
    let unseen = UNSEEN.iter().map(|letter| format!("Ann{letter}moc.live"));
    let unseen_alone = UNSEEN.iter().map(|letter| format!("A{letter}nn"));
    let controls = (0..32_u8).chain([0x7f]).map(|byte| format!("A{}nn", char::from(byte)));
    let accents = ["\u{335}", "\u{489}", "\u{1ab0}", "\u{1dc4}", "\u{20dd}", "\u{fe20}"];
    let flooded = accents.map(|accent| format!("Z{}oe", accent.repeat(20)));
    let long =
        ["x", "<", "é", "\u{202e}", "\u{336}", "*|X|*", "a.b "].map(|part| part.repeat(LONG));
    plain
        .map(|text| (*text).to_owned())
        .chain(unseen)
        .chain(unseen_alone)
        .chain(controls)
        .chain(flooded)
        .chain(long)
        .collect()
}

/// The texts, and what is none.
pub fn values() -> Vec<Value> {
    let nested =
        |wrap: fn(Value) -> Value| (0..DEEPEST).fold(json!("deep"), |inner, _| wrap(inner));
    let mut values: Vec<_> = texts().into_iter().map(Value::from).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-0.0),
        json!(0.1),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(5e-324),
        json!([]),
        json!({}),
        json!([null]),
        json!(["<b>", ["*|X|*"], {"a": "http://evil.example"}]),
        json!({"*|X|*": "{{x}}", "<b>": "\r\nBcc: eve@evil.example", "": 1, "__proto__": {"x": 1}}),
        json!({"first": {"first": "evil.com"}, "last": ["evil.com"], "name": "evil.com"}),
        json!({"first": 5, "last": true}),
        json!({"via": "email", "value": "eve@evil.example\r\nBcc: ann@example.com"}),
        json!([{"via": ["email"], "value": {"a": "b"}}]),
        json!(vec!["evil.com"; 1000]),
        nested(|inner| json!([inner])),
        nested(|inner| json!({"first": inner})),
    ]);
    values
}

const MARKUP: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</p><a href=//evil.example>win</a><p>",
    "<svg/onload=alert(1)>",
    "<!-- ",
    "]]>",
    "&lt;b&gt;",
    "&#60;script&#62;",
    "&",
    "<b>Ann</b>",
    "\u{ff1c}script\u{ff1e}",
];

const LINES: [&str; 8] = [
    "Ann\r\nBcc: eve@evil.example",
    "Ann\nSubject: You won",
    "Ann\rTo: eve@evil.example",
    "\r\n\r\n<b>another body</b>",
    "Ann%0d%0aBcc: eve@evil.example",
    "Ann\\r\\nBcc",
    "Ann\u{2028}Bcc\u{2029}",
    "Ann\u{85}Bcc",
];

const MERGE_TAGS: [&str; 10] = [
    "*|FNAME|*",
    "*|IF:EMAIL|*won*|END:IF|*",
    "*|MC:SUBJECT|*",
    "*|",
    "|*",
    "{{unsub}}",
    "{{{html}}}",
    "{{#each people}}{{this}}{{/each}}",
    "{{",
    "{% raw %}${7*7}%s%d",
];

const LINKS: [&str; 26] = [
    "http://evil.example",
    "HTTPS://EVIL.EXAMPLE/x?y",
    "hxxp://evil[.]example",
    "www.evil.example",
    "evil.com",
    "Win at evil.com now",
    "//evil",
    "\\\\evil\\share",
    "mailto:eve@evil.example",
    "eve@evil.example",
    "eve\u{ff20}evil",
    "eve\u{fe6b}evil",
    "javascript:alert(1)",
    "tel:+15550199",
    "evil\u{ff0e}com",
    "evil\u{3002}com",
    "evil\u{ff61}com",
    "evil\u{2024}com",
    "evil\u{2025}com",
    "evil\u{fe52}com",
    "\u{ff45}\u{ff56}\u{ff49}\u{ff4c}\u{ff0e}\u{ff43}\u{ff4f}\u{ff4d}",
    "https\u{ff1a}\u{ff0f}\u{ff0f}evil",
    "https\u{fe55}\u{2215}\u{2215}evil",
    "evil\u{2044}path",
    "evil\u{29f8}path",
    "https\u{2236}evil",
];

const ADDRESSES: [&str; 8] = [
    "ann@example.com\r\nBcc: eve@evil.example",
    "ann@example.com\0",
    "ann\u{85}@example.com",
    "ann\u{202e}@example.com",
    "ann@example.com,eve@evil.example",
    "ann@example.com; eve@evil.example",
    "Ann <eve@evil.example>",
    "\"*|X|*\"@example.com",
];

const ODD: [&str; 12] = [
    "You have won a prize and only have to call us today",
    "",
    " ",
    "\u{a0}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "\u{1f600} Ann \u{1f1e9}\u{1f1ea}",
    "\u{feff}\u{fffe}\u{ffff}",
    "A\u{fffe}nn",
    "\u{f8ff}\u{f0000}",
    "=HYPERLINK(\"evil\")",
    "../../etc/passwd",
    "'; DROP TABLE people; --",
];

/// Letters that nobody sees, and such as turn the text around them.
const UNSEEN: [char; 31] = [
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{1160}',
    '\u{17b4}',
    '\u{180e}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{202a}',
    '\u{202b}',
    '\u{202c}',
    '\u{202d}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2067}',
    '\u{2068}',
    '\u{2069}',
    '\u{2800}',
    '\u{3164}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{fff9}',
    '\u{1d173}',
    '\u{e0041}',
    '\u{e0100}',
];
