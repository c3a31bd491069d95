//! `data[merges]`: the merge fields of a contact.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The merge fields of a contact, under their tags and as Mailchimp sent them.
///
/// The owner of the audience chooses tags and kinds of its fields, so any tag may hold a text or a
/// branch. Mailchimp's documentation and captures show these:
///
/// | tag | holds |
/// |---|---|
/// | `EMAIL` | the address; where it differs from `data[email]`, that one counts |
/// | `FNAME`, `LNAME`, `PHONE` | text |
/// | `BIRTHDAY` | `MM/DD` |
/// | `ADDRESS` | text, or `addr1`, `addr2`, `city`, `state`, `zip` and `country` |
/// | `INTERESTS` | the names of the contact's groups, see [`Merges::interests`] |
/// | `GROUPINGS` | by index `0`, `1`, …: `id`, `unique_id`, `name` and `groups` |
/// | `MMERGE5` and the like | fields whose tag nobody chose |
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Merges(Map<String, Value>);

impl Merges {
    /// The field of a tag, be it a text or a branch.
    #[must_use]
    pub fn get(&self, tag: &str) -> Option<&Value> {
        self.0.get(tag)
    }

    /// The field of a tag, if it is a text.
    #[must_use]
    pub fn text(&self, tag: &str) -> Option<&str> {
        self.get(tag)?.as_str()
    }

    /// The groups that the contact is in: `INTERESTS`, split. None where the audience has no
    /// groups.
    #[must_use]
    pub fn interests(&self) -> Vec<String> {
        self.text("INTERESTS").map(split_groups).unwrap_or_default()
    }

    /// The id of the contact's Ory identity, for audiences that keep it in a field of their own.
    #[must_use]
    pub fn ory_id(&self) -> Option<&str> {
        self.text("ORY_ID").map(str::trim).filter(|id| !id.is_empty())
    }
}

/// The names in a list of groups: `Group1,Group2` in Mailchimp's documentation, with spaces after
/// the commas in captures. A comma inside a name is escaped by a backslash.
fn split_groups(list: &str) -> Vec<String> {
    let mut previous = ' ';
    let separates = |letter: char| {
        let escaped = std::mem::replace(&mut previous, letter) == '\\';
        letter == ',' && !escaped
    };
    list.split(separates)
        .map(|name| name.trim().replace("\\,", ","))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Shows only their number: they are personal data.
impl fmt::Debug for Merges {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Merges({} fields)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_are_split_at_unescaped_commas() {
        let table: [(&str, &[&str]); 12] = [
            ("Group1,Group2", &["Group1", "Group2"]),
            ("a, b, c", &["a", "b", "c"]),
            ("News", &["News"]),
            ("Bread\\, butter, News", &["Bread, butter", "News"]),
            ("a\\,b\\,c", &["a,b,c"]),
            ("\\,", &[","]),
            ("C:\\dir, b", &["C:\\dir", "b"]),
            ("ends with \\", &["ends with \\"]),
            ("Grün, 日本", &["Grün", "日本"]),
            ("a,,b,", &["a", "b"]),
            (" , ", &[]),
            ("", &[]),
        ];
        for (list, names) in table {
            assert_eq!(split_groups(list), names, "{list}");
        }
    }

    #[test]
    fn non_string_field_is_neither_groups_nor_an_id() {
        let merges = |fields: Value| Merges(fields.as_object().cloned().unwrap_or_default());
        let branches = merges(json!({"INTERESTS": {"0": "a"}, "ORY_ID": {"0": "a"}}));
        assert!(branches.interests().is_empty());
        assert_eq!(branches.ory_id(), None);
        assert!(branches.get("INTERESTS").is_some());
        assert_eq!(merges(json!({"ORY_ID": " "})).ory_id(), None);
        assert_eq!(merges(json!({"ORY_ID": " an-id "})).ory_id(), Some("an-id"));
    }
}
