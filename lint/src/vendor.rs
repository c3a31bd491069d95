//! Vendors, and the shapes of their keys.

use url::Url;

/// A vendor of the functions in this bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Vendor {
    /// Mailchimp Transactional.
    Mandrill,
    /// Segment.
    Segment,
    /// Mailchimp Marketing.
    Mailchimp,
    /// Braze.
    Braze,
    /// Customer.io, in the US.
    CustomerIo,
    /// Customer.io, in the EU.
    CustomerIoEu,
    /// HubSpot.
    HubSpot,
    /// Intercom.
    Intercom,
    /// Slack, by its incoming webhooks.
    Slack,
}

/// The hosts of the vendors' APIs; their subdomains count too.
const HOSTS: [(&str, Vendor); 14] = [
    ("mandrillapp.com", Vendor::Mandrill),
    ("segment.io", Vendor::Segment),
    ("segment.com", Vendor::Segment),
    ("segmentapis.com", Vendor::Segment),
    ("api.mailchimp.com", Vendor::Mailchimp),
    ("braze.com", Vendor::Braze),
    ("braze.eu", Vendor::Braze),
    ("track.customer.io", Vendor::CustomerIo),
    ("track-eu.customer.io", Vendor::CustomerIoEu),
    ("hubapi.com", Vendor::HubSpot),
    ("api.intercom.io", Vendor::Intercom),
    ("api.eu.intercom.io", Vendor::Intercom),
    ("api.au.intercom.io", Vendor::Intercom),
    ("hooks.slack.com", Vendor::Slack),
];

/// The shortest text after `md-` in a key.
const MANDRILL_KEY_CHARACTERS: usize = 16;
/// The number of hexadecimal digits in a Mailchimp key.
const MAILCHIMP_KEY_DIGITS: usize = 32;

impl Vendor {
    /// The vendor whose API a URL belongs to.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        let is_below = |parent: &str| {
            host.strip_suffix(parent).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
        };
        HOSTS.into_iter().find(|(parent, _)| is_below(parent)).map(|(_, vendor)| vendor)
    }

    /// The vendor of a key, if its shape shows it: Mailchimp keys are 32 hexadecimal digits and the
    /// data center (`…-us6`), newer Mandrill keys begin with `md-`. Segment keys have no shape.
    pub(crate) fn of_key(text: &str) -> Option<Self> {
        let is_apart =
            |character: char| !character.is_ascii_alphanumeric() && !"-_".contains(character);
        text.split(is_apart).find_map(|word| {
            if word.strip_prefix("md-").is_some_and(|key| key.len() >= MANDRILL_KEY_CHARACTERS) {
                return Some(Self::Mandrill);
            }
            let (key, center) = word.rsplit_once("-us")?;
            let digits = key.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
            let is_center = !center.is_empty() && center.bytes().all(|byte| byte.is_ascii_digit());
            (digits >= MAILCHIMP_KEY_DIGITS && is_center).then_some(Self::Mailchimp)
        })
    }

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mandrill => "Mandrill",
            Self::Segment => "Segment",
            Self::Mailchimp => "Mailchimp",
            Self::Braze => "Braze",
            Self::CustomerIo | Self::CustomerIoEu => "Customer.io",
            Self::HubSpot => "HubSpot",
            Self::Intercom => "Intercom",
            Self::Slack => "Slack",
        }
    }

    /// The preset with which the function `relay` calls it; `None`: another function does.
    fn preset(self) -> Option<&'static str> {
        match self {
            Self::Mandrill | Self::Segment | Self::Mailchimp => None,
            Self::Braze => Some("braze"),
            Self::CustomerIo => Some("customer-io"),
            Self::CustomerIoEu => Some("customer-io-eu"),
            Self::HubSpot => Some("hubspot"),
            Self::Intercom => Some("intercom"),
            Self::Slack => Some("slack"),
        }
    }

    /// The detail of a finding about it, followed by what to call instead.
    pub(crate) fn detail(self, what: &str) -> String {
        match self.preset() {
            Some(preset) => format!("{what} Call `relay` with the preset `{preset}` instead."),
            None => what.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_is_recognized_by_its_host() {
        let table = [
            ("https://mandrillapp.com/api/1.0/messages/send", Some(Vendor::Mandrill)),
            ("https://api.segment.io/v1/identify", Some(Vendor::Segment)),
            ("https://events.eu1.segmentapis.com/v1/identify", Some(Vendor::Segment)),
            ("https://us6.api.mailchimp.com/3.0/lists", Some(Vendor::Mailchimp)),
            ("https://rest.iad-01.braze.com/users/track", Some(Vendor::Braze)),
            ("https://rest.fra-01.braze.eu/users/track", Some(Vendor::Braze)),
            ("https://track.customer.io/api/v1/customers/1", Some(Vendor::CustomerIo)),
            ("https://track-eu.customer.io/api/v1/customers/1", Some(Vendor::CustomerIoEu)),
            ("https://api.hubapi.com/crm/v3/objects/contacts", Some(Vendor::HubSpot)),
            ("https://api.intercom.io/contacts", Some(Vendor::Intercom)),
            ("https://api.eu.intercom.io/contacts", Some(Vendor::Intercom)),
            ("https://api.au.intercom.io/contacts", Some(Vendor::Intercom)),
            ("https://hooks.slack.com/services/T/B/X", Some(Vendor::Slack)),
            ("https://HOOKS.SLACK.COM/services/T/B/X", Some(Vendor::Slack)),
            ("https://hooks.slack.com.example.com/services/T/B/X", None),
            ("https://example.com/?to=api.hubapi.com", None),
            ("https://slack.com/api/chat.postMessage", None),
            ("https://notmandrillapp.com/", None),
            ("https://mandrillapp.com.example.com/", None),
            ("https://example.com/mandrillapp.com", None),
            ("mandrillapp.com", None),
            ("", None),
        ];
        for (url, vendor) in table {
            assert_eq!(Vendor::of_url(url), vendor, "{url}");
        }
    }

    #[test]
    fn detail_names_the_preset_of_the_vendor() {
        let table = [
            ("https://rest.iad-01.braze.com/", "Call `relay` with the preset `braze` instead."),
            ("https://track.customer.io/", "Call `relay` with the preset `customer-io` instead."),
            (
                "https://track-eu.customer.io/",
                "Call `relay` with the preset `customer-io-eu` instead.",
            ),
            ("https://api.hubapi.com/", "Call `relay` with the preset `hubspot` instead."),
            ("https://api.eu.intercom.io/", "Call `relay` with the preset `intercom` instead."),
            ("https://hooks.slack.com/", "Call `relay` with the preset `slack` instead."),
        ];
        for (url, instead) in table {
            let detail = Vendor::of_url(url).unwrap().detail("It is one.");
            assert_eq!(detail, format!("It is one. {instead}"), "{url}");
        }
        assert_eq!(Vendor::Segment.detail("It is one."), "It is one.");
    }

    #[test]
    fn api_key_is_recognized_by_its_format() {
        let digits = "0123456789abcdef0123456789abcdef";
        let table = [
            (format!("{digits}-us6"), Some(Vendor::Mailchimp)),
            (format!("Bearer {digits}-us21"), Some(Vendor::Mailchimp)),
            (format!("https://x/?key={digits}-us6&a=b"), Some(Vendor::Mailchimp)),
            ("md-abcdefghijklmnopqrstuv".to_owned(), Some(Vendor::Mandrill)),
            ("md-5".to_owned(), None),
            ("about-us".to_owned(), None),
            ("about-us6".to_owned(), None),
            (digits.to_owned(), None),
            (format!("{digits}-usx"), None),
            (String::new(), None),
        ];
        for (text, vendor) in table {
            assert_eq!(Vendor::of_key(&text), vendor, "{text}");
        }
    }
}
