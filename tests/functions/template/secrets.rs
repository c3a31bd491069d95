//! The secrets: webhook secrets are generated, vendor secrets start as placeholders.

use shared::secrets::PLACEHOLDER;

use super::Template;

#[test]
fn vendor_secrets_start_with_a_recognized_placeholder() {
    let template = Template::read();
    let to_be_filled_in = [
        ("MandrillSecret", "api_key"),
        ("SegmentSecret", "write_key"),
        ("OrySecret", "access_token"),
        ("MailchimpSigningSecret", "signing_secret"),
        ("MailchimpSecret", "api_key"),
    ];
    for (secret, field) in to_be_filled_in {
        let text = template.resource(secret)["SecretString"].as_str().unwrap();
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value, serde_json::json!({ field: PLACEHOLDER }));
    }
}

#[test]
fn webhook_secrets_are_generated_long_and_url_safe() {
    let template = Template::read();
    for (secret, field) in [("OryWebhookSecret", "api_key"), ("MailchimpWebhookSecret", "secret")] {
        let generated = &template.resource(secret)["GenerateSecretString"];
        assert_eq!(generated["GenerateStringKey"], field);
        assert_eq!(generated["ExcludePunctuation"], true);
        assert!(generated["PasswordLength"].as_u64() >= Some(32));
    }
}
