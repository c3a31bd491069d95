//! Validates the arguments of the command.

use shared::secrets::{PLACEHOLDER, is_placeholder};
use url::Url;

use super::SECRET;

/// The function ignores a shorter secret.
const MIN_SECRET_CHARACTERS: usize = 16;

/// A placeholder has fewer distinct characters than this; a random secret has more.
const MIN_DIFFERENT_CHARACTERS: usize = 6;

/// Why the arguments are rejected. No message repeats the secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("--url: not a URL")]
    NoUrl,
    #[error("--url: expected https, because the URL contains the secret")]
    NotHttps,
    #[error(
        "--url: `?secret=` is missing or empty; the stack output NextReadMailchimpSecret shows the \
         command that reads the secret"
    )]
    NoSecret,
    #[error(
        "--url: the secret is a placeholder; the stack output NextReadMailchimpSecret shows the \
         command that reads the secret"
    )]
    Placeholder,
    #[error("--url: the secret has fewer than {MIN_SECRET_CHARACTERS} characters")]
    ShortSecret,
    #[error("--list: expected the audience id, letters and digits such as a6b5da1054")]
    NoListId,
}

pub(super) fn fit_url(text: &str) -> Result<Url, Unfit> {
    let url = Url::parse(text).map_err(|_| Unfit::NoUrl)?;
    if url.scheme() != "https" {
        return Err(Unfit::NotHttps);
    }
    let secret = url.query_pairs().find(|(name, _)| name == SECRET).map(|(_, secret)| secret);
    match secret.as_deref() {
        None | Some("") => Err(Unfit::NoSecret),
        Some(secret) if looks_like_placeholder(secret) => Err(Unfit::Placeholder),
        Some(secret) if secret.chars().count() < MIN_SECRET_CHARACTERS => Err(Unfit::ShortSecret),
        Some(_) => Ok(url),
    }
}

/// Whether the secret is still a placeholder: the word from the template, a NAME-LIKE-THIS, an
/// ellipsis, brackets, or one repeated key.
fn looks_like_placeholder(secret: &str) -> bool {
    let is_name = secret.chars().all(|one| one.is_ascii_uppercase() || "-_".contains(one));
    let different: std::collections::BTreeSet<_> = secret.chars().collect();
    is_placeholder(secret)
        || secret.to_ascii_lowercase().contains(PLACEHOLDER)
        || is_name
        || secret.contains("...")
        || secret.contains(['…', '<', '>', '{', '}', '$'])
        || (secret.len() >= MIN_SECRET_CHARACTERS && different.len() < MIN_DIFFERENT_CHARACTERS)
}

pub(crate) fn fit_list(list: &str) -> Result<&str, Unfit> {
    let is_id = !list.is_empty() && list.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id.then_some(list).ok_or(Unfit::NoListId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_url_is_explained() {
        let table = [
            ("abc", Unfit::NoUrl),
            ("http://example.com/?secret=4fK2mPq8Zt6WvX1c", Unfit::NotHttps),
            ("https://example.com/", Unfit::NoSecret),
            ("https://example.com/?secret=", Unfit::NoSecret),
            ("https://example.com/?Secret=4fK2mPq8Zt6WvX1c", Unfit::NoSecret),
            ("https://example.com/?secret=4fK2mPq8Zt6WvX1", Unfit::ShortSecret),
            ("https://example.com/?secret=replace-me", Unfit::Placeholder),
            ("https://example.com/?secret=your-mailchimp-secret-2", Unfit::Placeholder),
            ("https://example.com/?secret=THE-MAILCHIMP-SECRET", Unfit::Placeholder),
            ("https://example.com/?secret=…", Unfit::Placeholder),
            ("https://example.com/?secret=<your-secret-here>", Unfit::Placeholder),
            ("https://example.com/?secret=$MAILCHIMP_SECRET", Unfit::Placeholder),
            ("https://example.com/?secret=xxxxxxxxxxxxxxxxxxxx", Unfit::Placeholder),
        ];
        for (url, unfit) in table {
            assert_eq!(fit_url(url), Err(unfit), "{url}");
        }
        assert!(fit_url("https://example.com/?a=b&secret=0123456789abcdef").is_ok());
    }

    #[test]
    fn list_argument_is_an_id() {
        assert_eq!(fit_list("a6b5da1054"), Ok("a6b5da1054"));
        for list in ["", "LIST ID", "a/b", "$(x)", "a'b"] {
            assert_eq!(fit_list(list), Err(Unfit::NoListId), "{list}");
        }
    }
}
