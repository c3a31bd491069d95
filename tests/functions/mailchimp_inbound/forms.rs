//! The forms that Mailchimp sends.

/// The audience.
pub(super) const LIST: &str = "a6b5da1054";

/// When all of these events were fired, as the form and as templates have it.
const FIRED_AT: &str = "2026-01-31+11%3A19%3A37";
pub(super) const FIRED_AT_RFC3339: &str = "2026-01-31T11:19:37Z";

/// The documented types of event.
pub(super) const TYPES: [&str; 6] =
    ["subscribe", "unsubscribe", "profile", "upemail", "cleaned", "campaign"];

/// Types that Mailchimp sends without having documented them.
pub(super) const UNKNOWN_TYPES: [&str; 5] =
    ["pending", "sms_subscribe", "sms_unsubscribe", "upsms", "sms_campaign"];

/// An event of this type, about Ann where it is about somebody.
pub(crate) fn form(kind: &str) -> String {
    let data = match kind {
        "upemail" => {
            "data[new_id]=51da8c3259&data[new_email]=ann.new%40example.com\
             &data[old_email]=ann%40example.com"
        }
        "cleaned" => "data[campaign_id]=4fjk2ma9xd&data[reason]=hard&data[email]=ann%40example.com",
        "campaign" => "data[id]=5aa2102003&data[subject]=News&data[status]=sent&data[reason]=",
        _ => {
            "data[id]=8a25ff1d98&data[email]=ann%40example.com&data[email_type]=html\
             &data[ip_opt]=203.0.113.7&data[merges][FNAME]=Ann&data[merges][INTERESTS]=News%2C+Tea"
        }
    };
    let form = format!("type={kind}&fired_at={FIRED_AT}&data[list_id]={LIST}&{data}");
    form.replace('[', "%5B").replace(']', "%5D")
}

/// The same, fired so many seconds after noon: later than [`FIRED_AT`].
pub(crate) fn at(form: &str, seconds: u32) -> String {
    let time = format!("2026-01-31+12%3A{:02}%3A{:02}", seconds / 60, seconds % 60);
    with(form, "fired_at", &time)
}

/// The name of a field, as the form has it.
fn encoded(name: &str) -> String {
    name.replace('[', "%5B").replace(']', "%5D")
}

/// The same without a field.
pub(super) fn without(form: &str, name: &str) -> String {
    let name = format!("{}=", encoded(name));
    let kept: Vec<_> = form.split('&').filter(|pair| !pair.starts_with(&name)).collect();
    let kept = kept.join("&");
    assert_ne!(kept, form, "there is no such field");
    kept
}

/// With a field, the last of that name.
pub(crate) fn with(form: &str, name: &str, value: &str) -> String {
    format!("{form}&{}={value}", encoded(name))
}
