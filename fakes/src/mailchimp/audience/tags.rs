//! Tags, which have a call of their own.

use serde_json::Value;

use super::Audience;
use crate::mailchimp::answer::Problem;

impl Audience {
    /// Sets and removes the named tags; the others stay as they are, unknown names are created.
    pub(in crate::mailchimp) fn set_tags(
        &mut self,
        who: &str,
        body: &Value,
    ) -> Result<(), Problem> {
        let number = self.position(who).ok_or_else(Problem::not_found)?;
        let Some(tags) = body["tags"].as_array() else {
            return Err(Problem::invalid("tags", "This value should not be blank."));
        };
        let read = tags.iter().map(|tag| match (tag["name"].as_str(), tag["status"].as_str()) {
            (Some(name), Some("active")) if !name.is_empty() => Ok((name, true)),
            (Some(name), Some("inactive")) if !name.is_empty() => Ok((name, false)),
            _ => Err(Problem::invalid("tags", "A tag needs a name and a status.")),
        });
        for (name, is_active) in read.collect::<Result<Vec<_>, _>>()? {
            self.tag(number, name, is_active);
        }
        Ok(())
    }

    pub(super) fn tag(&mut self, number: usize, name: &str, is_active: bool) {
        if is_active && !self.tags.iter().any(|known| known == name) {
            self.tags.push(name.to_owned());
        }
        let member = &mut self.members[number];
        member.tags.retain(|tag| tag != name);
        if is_active {
            member.tags.push(name.to_owned());
        }
    }
}
