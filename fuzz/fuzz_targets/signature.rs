//! `X-Mailchimp-Signature`: the first line is the header, the rest is the body. A fuzzer cannot
//! guess an HMAC, so `TAG` in the header stands for the right one.
//!
//! Checks: a header passes if and only if it has exactly one time, which is recent, and the tag of
//! that time and this body.
#![no_main]

use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use mailchimp_inbound::signature::{SignatureError, verify};
use sha2::Sha256;
use time::{OffsetDateTime, macros::datetime};

const SECRET: &str = "a-signing-secret-of-ours";
/// 1718000000, as in the seeds.
const NOW: OffsetDateTime = datetime!(2024-06-10 06:13:20 UTC);

fuzz_target!(|input: &[u8]| {
    let mut halves = input.splitn(2, |&byte| byte == b'\n');
    let Ok(header) = std::str::from_utf8(halves.next().unwrap_or_default()) else { return };
    let body = halves.next().unwrap_or_default();
    let pairs = || header.split(',').filter_map(|pair| pair.trim().split_once('='));
    let times: Vec<_> = pairs().filter(|(name, _)| *name == "t").map(|(_, time)| time).collect();
    let tag = times.first().map_or_else(String::new, |time| tag(time, body));
    let is_signed = pairs().any(|(name, value)| name == "v1" && value == "TAG");

    let header = header.replace("TAG", &tag);
    let check = |body: &[u8], secret| verify(Some(&header), body, [secret], NOW);
    let passed = check(body, SECRET);
    if is_signed && let [time] = times[..] {
        let is_number = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
        let age = time.parse::<i64>().map(|time| NOW.unix_timestamp().abs_diff(time));
        let expected = match age {
            _ if !is_number => Err(SignatureError::Mismatch),
            Ok(..=300) => Ok(()),
            _ => Err(SignatureError::Stale),
        };
        assert_eq!(passed, expected, "{header}");
    } else {
        assert_eq!(passed, Err(SignatureError::Mismatch), "{header}");
    }
    assert_eq!(check(body, "another-secret-of-ours"), Err(SignatureError::Mismatch));
    assert_eq!(check(&[body, b"&"].concat(), SECRET), Err(SignatureError::Mismatch));
    assert_eq!(verify(None, body, [SECRET], NOW), Err(SignatureError::Mismatch));
});

fn tag(time: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    let mac = mac.chain_update(time).chain_update(b".").chain_update(body);
    hex::encode(mac.finalize().into_bytes())
}
