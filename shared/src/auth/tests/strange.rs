//! Callers that present strange credentials: each has a defined answer, and only the exact key
//! passes.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
use proptest::prelude::*;
use serde_json::Value;
use tokio::runtime::Builder;

use super::*;

/// A password whose base64 has characters in which the two alphabets differ, and padding.
const PASSWORD: &str = "a-pass:word>~?>~?~?of-length";

/// The name of the header and the cookie; Basic is accepted as well.
const NAME: &str = "X-Webhook-Key";

fn auth_of(secret: &Value) -> CallerAuth {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", &secret.to_string());
    auth(&store, ory(NAME))
}

fn both() -> CallerAuth {
    auth_of(&json!({"api_key": KEY, "username": "ory", "password": PASSWORD}))
}

fn ory_s_login() -> String {
    format!("ory:{PASSWORD}")
}

#[tokio::test(start_paused = true)]
async fn one_correct_value_is_enough_if_header_and_cookie_disagree() {
    let auth = both();
    let wrong = "a-wrong-key-of-decent-length";
    let table = [
        // The header, the cookies, and whether they pass.
        (None, vec![], false),
        (Some(""), vec![""], false),
        (Some(KEY), vec![KEY], true),
        (Some(KEY), vec![wrong], true),
        (Some(wrong), vec![KEY], true),
        (Some(""), vec![KEY], true),
        (Some(KEY), vec![""], true),
        (Some(wrong), vec![wrong], false),
        (None, vec![wrong, KEY], true),
        (None, vec![KEY, wrong], true),
        (None, vec![wrong, wrong], false),
    ];
    for (key, cookies, pass) in table {
        let headers = key.map_or_else(|| json!({}), |key| json!({ NAME: key }));
        let case = format!("{headers} {cookies:?}");
        let cookies: Vec<_> = cookies.iter().map(|value| format!("{NAME}={value}")).collect();
        assert_eq!(passes(&auth, request(&headers, &cookies, "")).await, pass, "{case}");
    }
}

/// Function URLs join repeated headers with a comma, so two keys become a third one.
#[tokio::test(start_paused = true)]
async fn repeated_header_is_a_different_key() {
    let auth = both();
    let basic = basic_header(&ory_s_login());
    for joined in [format!("{KEY},{KEY}"), format!("{KEY}, x"), format!("x,{KEY}")] {
        assert!(!passes(&auth, header(NAME, &joined)).await, "{joined}");
    }
    for joined in [format!("{basic},{basic}"), format!("{basic}, {KEY}"), format!("x,{basic}")] {
        assert!(!passes(&auth, header("authorization", &joined)).await, "{joined}");
    }
    // Listed apart, each counts, as with cookies.
    let listed = request(&json!({ NAME: ["no", KEY] }), &[], "");
    assert!(passes(&auth, listed).await);
}

#[tokio::test(start_paused = true)]
async fn key_is_accepted_only_verbatim() {
    let auth = both();
    let upper = KEY.to_uppercase();
    let wide: String = KEY.chars().filter_map(|c| char::from_u32(c as u32 + 0xfee0)).collect();
    let strange = [
        upper.as_str(),
        &KEY[1..],
        &KEY[..KEY.len() - 1],
        &format!("\"{KEY}\""),
        &format!("{KEY}\t{KEY}"),
        &format!("{KEY};"),
        &format!("Bearer {KEY}"),
        &STANDARD.encode(KEY),
        &hex::encode(KEY),
        &hex::encode(Sha256::digest(KEY)),
        &hex::encode(Sha256::new().chain_update(b"key\0").chain_update(KEY).finalize()),
        &KEY.replace('-', "%2D"),
        &KEY.repeat(400),
        &"x".repeat(9 * 1024),
        &format!("{KEY}é"),
        &wide,
    ];
    for value in strange {
        assert!(!passes(&auth, header(NAME, value)).await, "{value}");
        let cookie = request(&json!({}), &[format!("{NAME}={value}")], "");
        let case = format!("{value} as a cookie");
        // A semicolon ends a cookie.
        assert_eq!(passes(&auth, cookie).await, value == format!("{KEY};"), "{case}");
    }
    assert!(passes(&auth, header(&NAME.to_uppercase(), KEY)).await, "a header's name has no case");
    let cookie = request(&json!({}), &[format!("{}={KEY}", NAME.to_uppercase())], "");
    assert!(!passes(&auth, cookie).await, "a cookie's has");
}

#[tokio::test(start_paused = true)]
async fn basic_credentials_require_standard_base64() {
    let auth = both();
    let login = ory_s_login();
    let encoded = STANDARD.encode(&login);
    let url_safe = URL_SAFE.encode(&login);
    let unpadded = STANDARD_NO_PAD.encode(&login);
    assert!(encoded != url_safe && encoded != unpadded, "the password tells the alphabets apart");
    let of = |bytes: &[u8]| format!("Basic {}", STANDARD.encode(bytes));
    let latin_1: Vec<u8> = login.bytes().chain([0xe9]).collect();
    let table = [
        // As in RFC 7617: the scheme in any case, followed by spaces.
        (format!("Basic {encoded}"), true),
        (format!("basic {encoded}"), true),
        (format!("BASIC {encoded}"), true),
        (format!("Basic   {encoded}  "), true),
        (format!("Basic\t{encoded}"), false),
        (format!("Basic{encoded}"), false),
        (format!("Basic:{encoded}"), false),
        (format!(" Basic {encoded}"), false),
        (format!("Basic {url_safe}"), false),
        (format!("Basic {unpadded}"), false),
        (format!("Basic {encoded}="), false),
        (format!("Basic {} {}", &encoded[..8], &encoded[8..]), false),
        (format!("Basic {login}"), false),
        (format!("Basic {}", STANDARD.encode(&encoded)), false),
        (format!("Basic {}", hex::encode(&login)), false),
        // The first colon separates the two, so a user name has none.
        (of(b"ory"), false),
        (of(PASSWORD.as_bytes()), false),
        (of(format!(":{login}").as_bytes()), false),
        (of(format!("{login}:").as_bytes()), false),
        (of(format!("ory::{PASSWORD}").as_bytes()), false),
        (of(format!("ory:{}", PASSWORD.replace(':', "")).as_bytes()), false),
        (of(format!("Ory:{PASSWORD}").as_bytes()), false),
        (of(format!("ory :{PASSWORD}").as_bytes()), false),
        (of(format!("ory:{PASSWORD} ").as_bytes()), false),
        (of(format!(":{PASSWORD}").as_bytes()), false),
        (of(b"ory:"), false),
        (of(b":"), false),
        (of(b""), false),
        (of(&latin_1), false),
        (of(format!("{login}é").as_bytes()), false),
        (of(format!("{login}\0").as_bytes()), false),
        (of(login.repeat(400).as_bytes()), false),
        ("Basic ".to_owned(), false),
        ("Basic".to_owned(), false),
        (String::new(), false),
    ];
    for (value, pass) in table {
        assert_eq!(passes(&auth, header("authorization", &value)).await, pass, "{value}");
    }
    let as_cookie = request(&json!({}), &[format!("authorization=Basic {encoded}")], "");
    assert!(!passes(&auth, as_cookie).await);
}

#[tokio::test(start_paused = true)]
async fn missing_user_or_password_is_rejected() {
    let secrets = [
        json!({"api_key": KEY, "password": PASSWORD}),
        json!({"api_key": KEY, "username": "", "password": PASSWORD}),
        json!({"api_key": KEY, "username": "ory"}),
        json!({"api_key": KEY, "username": "ory", "password": ""}),
        json!({"api_key": KEY, "username": "ory", "password": "too-short"}),
        json!({"api_key": KEY, "username": "ory", "password": ["a-list-of-decent-length"]}),
    ];
    for secret in secrets {
        let auth = auth_of(&secret);
        for login in [":", "ory:", ":too-short", "ory:too-short", &format!(":{PASSWORD}")] {
            let basic = header("authorization", &basic_header(login));
            assert!(!passes(&auth, basic).await, "{secret}: {login}");
        }
        assert!(passes(&auth, header(NAME, KEY)).await, "{secret}");
    }
}

/// A key is no password and a password no key, for any value of them.
#[tokio::test(start_paused = true)]
async fn basic_credentials_are_not_a_key() {
    let auth = both();
    for value in [PASSWORD, &ory_s_login(), &basic_header(&ory_s_login())] {
        assert!(!passes(&auth, header(NAME, value)).await, "{value}");
    }
    for login in [format!("ory:{KEY}"), format!("{KEY}:"), KEY.to_owned()] {
        assert!(!passes(&auth, header("authorization", &basic_header(&login))).await, "{login}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_version_is_accepted_by_each_of_its_methods_and_never_mixed() {
    let store = Arc::new(MemorySecrets::default());
    let version = |key: &str, user: &str, password: &str| {
        json!({"api_key": key, "username": user, "password": password}).to_string()
    };
    let next_password = "the-next-password-of-length";
    store.put("s", &version(KEY, "ory", PASSWORD));
    store.put("s", &version(NEXT, "ory-2", next_password));
    let auth = auth(&store, ory(NAME));
    for key in [KEY, NEXT] {
        assert!(passes(&auth, header(NAME, key)).await, "{key}");
    }
    let table = [
        ("ory", PASSWORD, true),
        ("ory-2", next_password, true),
        ("ory", next_password, false),
        ("ory-2", PASSWORD, false),
    ];
    for (user, password, pass) in table {
        let basic = basic_header(&format!("{user}:{password}"));
        assert_eq!(passes(&auth, header("authorization", &basic)).await, pass, "{user}");
    }
    assert!(!passes(&auth, header(NAME, &format!("{KEY}{NEXT}"))).await);
}

/// Any query.
#[tokio::test(start_paused = true)]
async fn one_correct_secret_in_the_query_is_enough() {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", &json!({ "secret": KEY }).to_string());
    let auth = auth(&store, Scheme::Query);
    let table = [
        (format!("secret={KEY}"), true),
        (format!("a=1&secret={KEY}&b=2"), true),
        (format!("secret=no&secret={KEY}"), true),
        (format!("secret={KEY}&secret=no"), true),
        (format!("secret={}", KEY.replace('-', "%2d")), true),
        (format!("%73ecret={KEY}"), true),
        (format!("secret={KEY}%20"), false),
        (format!("secret={KEY}+"), false),
        (format!("secret={KEY}%00"), false),
        (format!("secret={KEY},{KEY}"), false),
        (format!("secret={}", KEY.to_uppercase()), false),
        (format!("secret[]={KEY}"), false),
        (format!("SECRET={KEY}"), false),
        (format!("secret={}", "x".repeat(9 * 1024)), false),
        (format!("secret={KEY}%ff"), false),
        ("secret=".to_owned(), false),
        ("secret".to_owned(), false),
        (format!("={KEY}"), false),
        (KEY.to_owned(), false),
        (String::new(), false),
    ];
    for (query, pass) in table {
        assert_eq!(passes(&auth, request(&json!({}), &[], &query)).await, pass, "{query}");
    }
}

proptest! {
    /// Any header, any cookie and any query: no caller passes without a key, and nothing panics.
    #[test]
    fn random_credentials_are_rejected(name in "(?i)x-webhook-key|authorization|cookie", value: String, bytes: Vec<u8>) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let auth = both();
            let presented = [value.clone(), basic_header(&value), format!("Basic {}", STANDARD.encode(bytes))];
            for value in presented {
                let event = json!({
                    "rawQueryString": value,
                    "headers": { &name: value },
                    "cookies": [value, format!("{NAME}={value}")],
                    "requestContext": {"http": {"method": "POST"}, "timeEpoch": 0},
                    "isBase64Encoded": false,
                });
                // An invalid header makes it a foreign event.
                if let Ok(request) = WebhookRequest::open(event.into()) {
                    assert!(!passes(&auth, request).await);
                }
            }
        });
    }
}
