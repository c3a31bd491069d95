//! API keys of vendors in Ory's configuration.

use url::Url;

use crate::{
    Example, Findings, Rule, Severity, hook::Hook, placeholder, template::Reading, vendor::Vendor,
    web_hook::WebHook,
};

/// A key outside the template.
pub(crate) static KEY_IN_REQUEST: Rule = Rule {
    name: "key-in-request",
    severity: Severity::Error,
    title: "The configuration holds a vendor's API key",
    description: "Everyone who can read the Ory project, its backups or a pull request has the \
                  key, and rotating it means changing the configuration.",
    help: "Remove the key and revoke it. Call a function that keeps the key in Secrets Manager, \
           and give Ory a key for that function only.",
    example: Some(Example::config(
        r"
            url: https://api.segment.io/v1/identify
            auth: {type: basic_auth, config: {user: WRITE-KEY, password: ''}}
        ",
        r"
            url: https://segment-identify.example.com/
            auth: {type: api_key, config: {name: Authorization, value: KEY, in: header}}
        ",
    )),
    source: "ory/k8s#401; ory/kratos#1792; ory/kratos request/auth.go",
};

/// A key inside the template. Base64 hides nothing.
pub(crate) static KEY_IN_TEMPLATE: Rule = Rule {
    name: "key-in-template",
    severity: Severity::Error,
    title: "A template holds a vendor's API key",
    description: "Base64 is not encryption: everyone who can read the configuration has the key.",
    help: "Remove the key and revoke it. Call a function that adds the key to the template output.",
    example: Some(Example::template(
        r"
            function(ctx) {
              key: 'API-KEY',
              message: { subject: 'Welcome', to: [{ email: ctx.identity.traits.email }] },
            }
        ",
        r"
            function(ctx) {
              message: { subject: 'Welcome', to: [{ email: ctx.identity.traits.email }] },
            }
        ",
    )),
    source: "ory/k8s#401; ory/kratos#1792; the Ory guide for Mailchimp, which does this",
};

/// Names that vendors give a key in a body.
const NAMES_OF_KEYS: [&str; 5] = ["writekey", "apikey", "apisecret", "accesstoken", "secretkey"];

/// Checks `auth`, the headers and the URL. A finding names the place of a key, never its text.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    let at = Vendor::of_url(web.url());
    let mut report = |part: String, vendor: Vendor| {
        let detail = vendor.detail(&format!("This is a {} API key.", vendor.name()));
        found.add(&KEY_IN_REQUEST, part, detail);
    };
    let presented = &web.credentials;
    let by_shape = presented.iter().find_map(|text| Vendor::of_key(text));
    let is_a_key = web.type_by_auth.is_none() && presented.iter().any(|text| !text.is_empty());
    let at_vendor = at.filter(|_| is_a_key);
    if let Some(vendor) = by_shape.or(at_vendor) {
        report(hook.part("auth"), vendor);
    }
    for (name, value) in &web.headers {
        let authorizes = name.eq_ignore_ascii_case("authorization");
        if let Some(vendor) = Vendor::of_key(value).or(at.filter(|_| authorizes)) {
            report(hook.part(&format!("headers.{name}")), vendor);
        }
    }
    if let Some(vendor) = key_in_url(web.url(), at) {
        report(hook.part("url"), vendor);
    }
}

fn key_in_url(url: &str, at: Option<Vendor>) -> Option<Vendor> {
    let has_key = |vendor: Vendor, url: Url| {
        let has_user = !url.username().is_empty() || url.password().is_some();
        // Whoever has the URL of an incoming webhook can post.
        has_user || (vendor == Vendor::Slack && url.path() != "/")
    };
    Vendor::of_key(url)
        .or_else(|| at.filter(|vendor| Url::parse(url).is_ok_and(|url| has_key(*vendor, url))))
}

/// Checks the template of a webhook: for texts with the shape of a key, for the names that vendors
/// give a key, and for Mandrill's `key`, since only its newer keys have a shape.
pub(crate) fn check_template(reading: &Reading, hook: &Hook, path: &str, found: &mut Findings) {
    check_texts(reading, path, found);
    let url = hook.web.as_ref().map(WebHook::url).unwrap_or_default();
    let is_mandrills = Vendor::of_url(url) == Some(Vendor::Mandrill) || is_a_mail(reading);
    for text in &reading.named_texts {
        if is_mandrills && text.fields == ["key"] && is_a_value(&text.text) {
            found.add_at(&KEY_IN_TEMPLATE, path, text.place, "`key` holds a Mandrill API key.");
        }
    }
}

/// Whether a text is more than a placeholder, which another program fills in.
fn is_a_value(text: &str) -> bool {
    !text.is_empty() && !placeholder::is_in(text)
}

/// A mail in the form that Mandrill accepts.
fn is_a_mail(reading: &Reading) -> bool {
    let within = |field: &str| {
        reading.named_texts.iter().any(|text| text.fields.first().is_some_and(|f| f == field))
    };
    within("message") || within("template_name")
}

/// Checks a template for any use.
pub(crate) fn check_texts(reading: &Reading, path: &str, found: &mut Findings) {
    for text in &reading.texts {
        if let Some(vendor) = Vendor::of_key(&text.text) {
            let detail = format!("This looks like a {} API key.", vendor.name());
            found.add_at(&KEY_IN_TEMPLATE, path, text.place, detail);
        }
    }
    for text in &reading.named_texts {
        let is_put_together = !reading.texts.iter().any(|standing| standing.text == text.text);
        if let Some(vendor) = Vendor::of_key(&text.text).filter(|_| is_put_together) {
            let detail = format!("The joined text looks like a {} API key.", vendor.name());
            found.add_at(&KEY_IN_TEMPLATE, path, text.place, detail);
        }
        let Some(field) = text.fields.last() else { continue };
        let plain = field.replace(['_', '-'], "").to_lowercase();
        if NAMES_OF_KEYS.contains(&plain.as_str()) && is_a_value(&text.text) {
            found.add_at(
                &KEY_IN_TEMPLATE,
                path,
                text.place,
                format!("`{field}` holds an API key."),
            );
        }
    }
}
