//! Merge fields: their definitions, and what their values must be.

use serde_json::{Map, Value, json};
use url::Url;

use super::{Audience, Member};
use crate::mailchimp::answer::Problem;

/// The longest text, in bytes; the rest is cut.
const TEXT_BYTES: usize = 255;
/// The longest tag.
const TAG_CHARACTERS: usize = 10;
/// The types that the API knows.
const TYPES: [&str; 11] = [
    "text", "number", "address", "phone", "date", "url", "imageurl", "radio", "dropdown",
    "birthday", "zip",
];

/// The definition of a merge field.
#[derive(Clone, Debug)]
pub struct MergeField {
    /// Its name in templates: `FNAME`.
    pub tag: String,
    /// Its name in forms.
    pub name: String,
    /// `text`, `date`, …
    pub kind: String,
    /// Whether each contact needs a value.
    pub is_required: bool,
    /// Whether contacts see it, and can change it.
    pub is_public: bool,
    /// The possible values of a `dropdown` or `radio`.
    pub choices: Vec<String>,
}

impl MergeField {
    /// A public field of a type, which is not required.
    pub fn new(tag: &str, kind: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            name: tag.to_owned(),
            kind: kind.to_owned(),
            is_required: false,
            is_public: true,
            choices: Vec::new(),
        }
    }

    /// The same, required.
    #[must_use]
    pub fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The fields of a new audience.
    pub(super) fn of_new_audience() -> Vec<Self> {
        [("FNAME", "text"), ("LNAME", "text"), ("ADDRESS", "address"), ("PHONE", "phone")]
            .map(|(tag, kind)| Self::new(tag, kind))
            .into()
    }

    fn read(body: &Value) -> Result<Self, Problem> {
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let Some(name) = text("name") else {
            return Err(Problem::invalid("name", "This value should not be blank."));
        };
        let Some(kind) = text("type").filter(|kind| TYPES.contains(kind)) else {
            return Err(Problem::invalid("type", "Value must be one of the known types."));
        };
        // Without a tag, the API makes one of the name; nobody here needs that.
        let Some(tag) = text("tag") else {
            return Err(Problem::invalid("tag", "The fake does not make a tag."));
        };
        if tag.chars().count() > TAG_CHARACTERS {
            return Err(Problem::invalid("tag", "This value is too long."));
        }
        let is = |name: &str| body[name].as_bool();
        let choices = body["options"]["choices"].as_array().into_iter().flatten();
        Ok(Self {
            tag: tag.to_uppercase(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            is_required: is("required").unwrap_or(false),
            // Not documented; the page that makes a field has it ticked.
            is_public: is("public").unwrap_or(true),
            choices: choices.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    /// The message about a value that is missing.
    fn wanted(&self) -> &'static str {
        match self.kind.as_str() {
            "address" => "Please enter a complete address",
            _ => "Please enter a value",
        }
    }

    /// The value as it is kept; the message of a refusal.
    fn taken(&self, value: &Value) -> Result<Value, &'static str> {
        if is_empty(value) {
            return Ok(json!(""));
        }
        if self.kind == "address" {
            let is_complete =
                ["addr1", "city", "state", "zip"].iter().all(|part| !is_empty(&value[*part]));
            return if is_complete { Ok(value.clone()) } else { Err(self.wanted()) };
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(self.wanted()),
        };
        match self.kind.as_str() {
            "number" => match text.parse::<f64>() {
                Ok(_) => serde_json::from_str(&text).map_err(|_| "Please enter a number"),
                Err(_) => Err("Please enter a number"),
            },
            "date" if !is_date(&text) => Err("Please enter the date"),
            "birthday" if !is_month_and_day(&text) => Err("Please enter the date"),
            "url" | "imageurl" if Url::parse(&text).is_err() => Err("Please enter a valid URL"),
            "zip" if text.len() != 5 || !is_digits(&text) => Err("Please enter a zip code"),
            "dropdown" | "radio" if !self.choices.contains(&text) => {
                Err("Please select a value from the list")
            }
            _ => Ok(json!(cut(&text))),
        }
    }

    fn shown(&self, number: usize, list: &str) -> Value {
        json!({
            "merge_id": number + 1, "tag": self.tag, "name": self.name, "type": self.kind,
            "required": self.is_required, "default_value": "", "public": self.is_public,
            "display_order": number + 2, "options": {"choices": self.choices}, "help_text": "",
            "list_id": list,
        })
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_object().is_some_and(Map::is_empty)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `MM/DD/YYYY` or `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let of = |parts: Vec<&str>, lengths: [usize; 3]| {
        parts.len() == 3
            && parts.iter().zip(lengths).all(|(part, length)| part.len() == length)
            && parts.iter().all(|part| is_digits(part))
    };
    of(text.split('/').collect(), [2, 2, 4]) || of(text.split('-').collect(), [4, 2, 2])
}

fn is_month_and_day(text: &str) -> bool {
    let number = |part: &str, most: u8| {
        part.len() == 2 && part.parse().is_ok_and(|number: u8| (1..=most).contains(&number))
    };
    text.split_once('/').is_some_and(|(month, day)| number(month, 12) && number(day, 31))
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}

impl Audience {
    /// A definition, by its tag.
    pub fn merge_field(&self, tag: &str) -> Option<&MergeField> {
        self.merge_fields.iter().find(|field| field.tag == tag)
    }

    /// Adds a merge field, or replaces the one with its tag.
    pub fn put_merge_field(&mut self, field: MergeField) {
        match self.merge_fields.iter_mut().find(|known| known.tag == field.tag) {
            Some(known) => *known = field,
            None => self.merge_fields.push(field),
        }
    }

    pub(in crate::mailchimp) fn add_merge_field(&mut self, body: &Value) -> Result<Value, Problem> {
        let field = MergeField::read(body)?;
        if self.merge_field(&field.tag).is_some() {
            let tag = &field.tag;
            let detail =
                format!("A Merge Field with the tag \"{tag}\" already exists for this list.");
            return Err(Problem::invalid_resource(detail));
        }
        let shown = field.shown(self.merge_fields.len(), &self.id);
        self.merge_fields.push(field);
        Ok(shown)
    }

    /// Changes the name, which has to be sent, and whether a field is public or required; a tag and
    /// a type stay.
    pub(in crate::mailchimp) fn change_merge_field(
        &mut self,
        id: &str,
        body: &Value,
    ) -> Result<Value, Problem> {
        let number = id.parse().ok().and_then(|id: usize| id.checked_sub(1));
        let number = number.filter(|number| *number < self.merge_fields.len());
        let number = number.ok_or_else(Problem::not_found)?;
        let Some(name) = body["name"].as_str().filter(|name| !name.is_empty()) else {
            return Err(Problem::invalid("name", "This value should not be blank."));
        };
        let field = &mut self.merge_fields[number];
        name.clone_into(&mut field.name);
        field.is_public = body["public"].as_bool().unwrap_or(field.is_public);
        field.is_required = body["required"].as_bool().unwrap_or(field.is_required);
        Ok(field.shown(number, &self.id))
    }

    /// A page of the definitions.
    pub(in crate::mailchimp) fn list_merge_fields(&self, offset: usize, count: usize) -> Value {
        let shown = self.merge_fields.iter().enumerate();
        let shown = shown.map(|(number, field)| field.shown(number, &self.id));
        let page: Vec<_> = shown.skip(offset).take(count).collect();
        let total = self.merge_fields.len();
        json!({"merge_fields": page, "list_id": self.id, "total_items": total})
    }

    /// The values of a contact after these are added; unknown tags are ignored. All values that are
    /// invalid or missing are named.
    pub(super) fn merged(
        &self,
        member: Option<&Member>,
        given: &Map<String, Value>,
        skips_validation: bool,
    ) -> Result<Map<String, Value>, Problem> {
        let mut merged = member.map(|member| member.merge_fields.clone()).unwrap_or_default();
        let mut errors = Vec::new();
        for field in &self.merge_fields {
            let Some(value) = given.get(&field.tag) else { continue };
            match field.taken(value) {
                Ok(taken) => _ = merged.insert(field.tag.clone(), taken),
                Err(_) if skips_validation => _ = merged.insert(field.tag.clone(), value.clone()),
                Err(message) => errors.push((field.tag.clone(), message.to_owned())),
            }
        }
        let is_missing = |field: &&MergeField| {
            field.is_required
                && merged.get(&field.tag).is_none_or(is_empty)
                && !errors.iter().any(|(tag, _)| *tag == field.tag)
        };
        let missing: Vec<_> = self.merge_fields.iter().filter(is_missing).collect();
        if !skips_validation {
            errors
                .extend(missing.iter().map(|field| (field.tag.clone(), field.wanted().to_owned())));
        }
        if errors.is_empty() {
            return Ok(merged);
        }
        let problem = Problem::invalid_resource("Your merge fields were invalid.");
        Err(Problem { errors, ..problem })
    }
}
