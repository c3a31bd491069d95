//! A name that is safe to print in a mail.
//!
//! Anybody can sign up with another person's address and any name. If the name carries a link, a merge
//! tag or hidden text, the mail to that person becomes spam.

use serde_json::Value;

/// The longest name, in characters. A longer one has room for a message.
const MAX_LENGTH: usize = 40;

/// What links are made of, and the merge tags of Mandrill's two languages (`*|TAG|*`, `{{tag}}`).
const LINKS_AND_TAGS: &str = "/:@.\\|{";

/// A letter has an accent or two. More of them overlap the lines around it.
const TOO_MANY_ACCENTS: usize = 3;

/// The name to greet the person of an identity by: the trait `name`, or its part `first`. `None` if
/// there is none, or if it is not safe to print.
///
/// It is plain text. In HTML it must be escaped like any other text.
pub(super) fn greeting_name(identity: &Value) -> Option<&str> {
    let name = &identity["traits"]["name"];
    let given = if name.is_object() { &name["first"] } else { name };
    given.as_str().filter(|name| is_safe(name))
}

fn is_safe(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().nth(MAX_LENGTH).is_none()
        && !name.contains(is_refused)
        && !is_flooded(name)
}

fn is_refused(letter: char) -> bool {
    LINKS_AND_TAGS.contains(letter) || is_unseen(letter) || looks_like_a_dot_or_slash(letter)
}

/// Controls and other invisible characters.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            // Fillers, joiners, direction marks, annotations.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            // Private use; and beyond all scripts, tags and selectors.
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

/// Dots, slashes and the like of other scripts, which programs may read as part of a link.
fn looks_like_a_dot_or_slash(letter: char) -> bool {
    matches!(letter,
        '\u{2024}'..='\u{2026}' | '\u{2044}' | '\u{2215}' | '\u{2236}' | '\u{29f8}' | '\u{3002}'
        | '\u{fe50}'..='\u{fe6b}' | '\u{ff00}'..='\u{ffef}')
}

fn is_flooded(name: &str) -> bool {
    let mut accents = 0;
    name.chars().any(|letter| {
        accents = if is_accent(letter) { accents + 1 } else { 0 };
        accents == TOO_MANY_ACCENTS
    })
}

fn is_accent(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn named(name: &Value) -> Option<String> {
        let identity = json!({"traits": {"email": "ann@example.com", "name": name}});
        greeting_name(&identity).map(str::to_owned)
    }

    #[test]
    fn an_honest_name_is_greeted_as_it_is() {
        let table = [
            (json!("Ann"), "Ann"),
            (json!({"first": "Ann", "last": "Lee"}), "Ann"),
            (json!("Ann Lee"), "Ann Lee"),
            (json!("Zoë Ødegård"), "Zoë Ødegård"),
            (json!("Nguye\u{302}\u{303}n"), "Nguye\u{302}\u{303}n"),
            (json!("O’Brien–李 Анна עדה"), "O’Brien–李 Анна עדה"),
            (json!("<b>&\"Ann\"'"), "<b>&\"Ann\"'"),
            (json!("x".repeat(40)), &"x".repeat(40)),
            (json!("é".repeat(40)), &"é".repeat(40)),
        ];
        for (name, greeted) in table {
            assert_eq!(named(&name).as_deref(), Some(greeted), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_greeted() {
        let names = [
            json!(null),
            json!(""),
            json!(" "),
            json!("\u{a0}\u{3000}"),
            json!(5),
            json!(true),
            json!([]),
            json!(["Ann"]),
            json!({}),
            json!({"last": "Lee"}),
            json!({"first": {"first": "Ann"}}),
            json!({"first": null}),
        ];
        for name in names {
            assert_eq!(named(&name), None, "{name}");
        }
        for identity in [json!(null), json!({}), json!({"traits": 5}), json!({"traits": ["x"]})] {
            assert_eq!(greeting_name(&identity), None, "{identity}");
        }
    }

    #[test]
    fn name_that_could_carry_a_message_is_omitted() {
        let long = ["x".repeat(41), "é".repeat(41), "x".repeat(100_000)];
        let names = [
            "evil.example",
            "a/b",
            "a:b",
            "a@b",
            "a\\\\b",
            "*|FNAME|*",
            "{{name}}",
            "a\nb",
            "a\u{0}b",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{ad}b",
            "a\u{200b}b",
            "a\u{200f}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "\u{feff}a",
            "a\u{2028}b",
            "a\u{61c}b",
            "a\u{e0041}b",
            "a\u{f8ff}b",
            "evil\u{3002}com",
            "evil\u{ff0e}com",
            "evil\u{2024}com",
            "a\u{ff1a}\u{ff0f}b",
            "a\u{335}\u{336}\u{337}",
        ];
        for name in names.into_iter().chain(long.iter().map(String::as_str)) {
            assert_eq!(named(&json!(name)), None, "{name:?}");
            assert_eq!(named(&json!({"first": name})), None, "{name:?}");
        }
    }

    #[test]
    fn both_ends_of_every_range_are_refused_and_their_neighbours_are_not() {
        let ranges = [
            ('\u{7f}', '\u{9f}'),
            ('\u{ad}', '\u{ad}'),
            ('\u{34f}', '\u{34f}'),
            ('\u{61c}', '\u{61c}'),
            ('\u{115f}', '\u{1160}'),
            ('\u{17b4}', '\u{17b5}'),
            ('\u{180b}', '\u{180f}'),
            ('\u{200b}', '\u{200f}'),
            ('\u{2024}', '\u{2026}'),
            ('\u{2028}', '\u{202e}'),
            ('\u{2044}', '\u{2044}'),
            ('\u{2060}', '\u{206f}'),
            ('\u{2215}', '\u{2215}'),
            ('\u{2236}', '\u{2236}'),
            ('\u{2800}', '\u{2800}'),
            ('\u{29f8}', '\u{29f8}'),
            ('\u{3002}', '\u{3002}'),
            ('\u{3164}', '\u{3164}'),
            ('\u{e000}', '\u{f8ff}'),
            ('\u{fe00}', '\u{fe0f}'),
            ('\u{fe50}', '\u{fe6b}'),
            ('\u{feff}', '\u{feff}'),
            ('\u{ff00}', '\u{ffef}'),
            ('\u{fff0}', '\u{ffff}'),
            ('\u{1bca0}', '\u{1bca3}'),
            ('\u{1d173}', '\u{1d17a}'),
            ('\u{e0000}', '\u{10ffff}'),
        ];
        let greeted = |letter: char| named(&json!(format!("a{letter}b"))).is_some();
        let refused =
            |letter: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter));
        for (from, to) in ranges {
            assert!(!greeted(from) && !greeted(to), "{from:?} to {to:?}");
            let before = char::from_u32(u32::from(from) - 1);
            let after = char::from_u32(u32::from(to) + 1);
            for letter in before.into_iter().chain(after).filter(|letter| !refused(*letter)) {
                let is_link_or_tag = LINKS_AND_TAGS.contains(letter);
                assert_eq!(greeted(letter), !is_link_or_tag, "{letter:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_greeted_name_is_short_and_of_one_line(text: String) {
            if let Some(name) = named(&json!(text)) {
                prop_assert_eq!(&name, &text);
                prop_assert!(name.chars().count() <= MAX_LENGTH);
                prop_assert!(!name.contains(char::is_control) && !name.contains(['.', '/', '@', ':']));
            }
        }
    }
}
