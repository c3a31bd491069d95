//! Ory's sample events for the relays, and what the vendor of each receives.

use super::{SKIPPED, SKIPPED_AT_ONCE, Sample, delivered};

/// The samples of a relay. `call!` gives the result of an event, by what the vendor's line begins with,
/// the address to write to, the id of the identity, the name in a greeting, and the flow.
macro_rules! of_ory {
    ($function:literal, $call:ident, $line:literal) => {
        samples! {
            // It tells no flow.
            $function: "registration.json" => $call!($line, "ann@example.com", "00000001-1111-4111-8111-000000000001", "Ann", event);
            $function: "registration-bare.json" => $call!($line, "ben@example.com", "00000002-1111-4111-8111-000000000002", "Ben", registration);
            $function: "registration-base64.json" => $call!($line, "cleo@example.com", "00000003-1111-4111-8111-000000000003", "Cléo", registration);
            $function: "registration-before-save.json" => SKIPPED_AT_ONCE;
            $function: "registration-social.json" => $call!($line, "dora@example.com", "00000005-1111-4111-8111-000000000005", "Dora", registration);
            $function: "registration-phone.json" => $call!($line, none, "00000006-1111-4111-8111-000000000006", "Somebody", registration);
            // No greeting has such a name.
            $function: "registration-hostile-name.json" => $call!($line, "finn@example.com", "00000007-1111-4111-8111-000000000007", "Somebody", registration);
            $function: "login.json" => $call!($line, "gus@example.com", "00000008-1111-4111-8111-000000000008", "Gus", login);
            $function: "settings-new-address.json" => $call!($line, "hal.new@example.com", "00000009-1111-4111-8111-000000000009", "Hal", settings);
            $function: "verification.json" => $call!($line, "ida@example.com", "0000000a-1111-4111-8111-00000000000a", "Ida", verification);
            $function: "registration-consent.json" => $call!($line, "kim@example.com", "0000000b-1111-4111-8111-00000000000b", "Kim", registration);
            $function: "verification-consent.json" => $call!($line, "kim@example.com", "0000000b-1111-4111-8111-00000000000b", "Kim", verification);
            $function: "settings-changed-address.json" => $call!($line, "kim.new@example.com", "0000000b-1111-4111-8111-00000000000b", "Kim", settings);
            $function: "verification-changed-address.json" => $call!($line, "kim.new@example.com", "0000000b-1111-4111-8111-00000000000b", "Kim", verification);
            $function: "settings-consent-withdrawn.json" => $call!($line, "kim.new@example.com", "0000000b-1111-4111-8111-00000000000b", "Kim", settings);
            $function: "settings-consent-given.json" => $call!($line, "kim.new@example.com", "0000000b-1111-4111-8111-00000000000b", "Kim", settings);
            $function: "registration-social-consent.json" => $call!($line, "lea@example.com", "00000011-1111-4111-8111-000000000011", "Lea", registration);
        }
    };
}

/// People are known by their address.
macro_rules! address {
    ($line:literal, none, $id:literal, $name:literal, $flow:ident) => {
        SKIPPED
    };
    ($line:literal, $address:literal, $id:literal, $name:literal, $flow:ident) => {
        delivered(&[concat!($line, $address)])
    };
}

/// People are known by their identity, and shown by their address if they have one.
macro_rules! person {
    ($line:literal, none, $id:literal, $name:literal, $flow:ident) => {
        delivered(&[concat!($line, $id)])
    };
    ($line:literal, $address:literal, $id:literal, $name:literal, $flow:ident) => {
        delivered(&[concat!($line, $address)])
    };
}

/// Registrations only. An event that tells no flow counts as one.
macro_rules! registration {
    ($line:literal, $address:tt, $id:literal, $name:literal, registration) => {
        delivered(&[concat!($line, $name, " has registered.")])
    };
    ($line:literal, $address:tt, $id:literal, $name:literal, event) => {
        registration!($line, $address, $id, $name, registration)
    };
    ($line:literal, $address:tt, $id:literal, $name:literal, $flow:ident) => {
        SKIPPED
    };
}

/// Every event, by its flow.
macro_rules! flow {
    ($line:literal, $address:tt, $id:literal, $name:literal, $flow:ident) => {
        delivered(&[concat!($line, "identity.", stringify!($flow))])
    };
}

/// The samples of each relay, in the order of the presets.
pub(super) const ALL: [&[Sample]; 7] = [
    of_ory!("relay-braze", person, "Braze: track "),
    of_ory!("relay-customer-io", person, "Customer.io: identify "),
    of_ory!("relay-customer-io-eu", person, "Customer.io EU: identify "),
    of_ory!("relay-hubspot", address, "HubSpot: upsert "),
    of_ory!("relay-intercom", person, "Intercom: create "),
    of_ory!("relay-slack", registration, "Slack: "),
    of_ory!("relay-webhook", flow, "Endpoint: "),
];
