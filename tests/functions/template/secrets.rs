//! The secrets: webhook secrets are generated, vendor secrets start as placeholders.

use shared::secrets::PLACEHOLDER;

use super::Template;

#[test]
fn vendor_secrets_start_with_a_recognized_placeholder() {
    let [main, relay] = Template::each();
    let to_be_filled_in = [
        (&main, "MandrillSecret", "api_key"),
        (&main, "SegmentSecret", "write_key"),
        (&main, "OrySecret", "access_token"),
        (&main, "MailchimpSigningSecret", "signing_secret"),
        (&main, "MailchimpSecret", "api_key"),
        (&main, "MandrillWebhookSecret", "webhook_key"),
        (&relay, "RelaySecret", "token"),
    ];
    for (template, secret, field) in to_be_filled_in {
        let text = template.resource(secret)["SecretString"].as_str().unwrap();
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value, serde_json::json!({ field: PLACEHOLDER }));
    }
}

#[test]
fn webhook_secrets_are_generated_long_and_url_safe() {
    let [main, relay] = Template::each();
    for (template, secret, field) in [
        (&main, "OryWebhookSecret", "api_key"),
        (&main, "MailchimpWebhookSecret", "secret"),
        (&relay, "OryWebhookSecret", "api_key"),
    ] {
        let generated = &template.resource(secret)["GenerateSecretString"];
        assert_eq!(generated["GenerateStringKey"], field);
        assert_eq!(generated["ExcludePunctuation"], true);
        assert!(generated["PasswordLength"].as_u64() >= Some(32));
    }
}
