//! `up` with relays.

use crate::world::{Done, run};

/// The presets, and what each vendor receives of the first sample.
const PRESETS: [(&str, &str); 7] = [
    ("braze", "Braze: track ann@example.com"),
    ("customer-io", "Customer.io: identify ann@example.com"),
    ("customer-io-eu", "Customer.io EU: identify ann@example.com"),
    ("hubspot", "HubSpot: upsert ann@example.com"),
    ("intercom", "Intercom: create ann@example.com"),
    ("slack", "Slack: Ann has registered."),
    ("webhook", "Endpoint: identity.event"),
];

async fn up(arguments: &[&str]) -> Done {
    // Wide enough for each row to have one line.
    run(&[&["up", "--once"], arguments].concat(), &[("COLUMNS", "200")]).await
}

/// The table of a relay, if it is printed.
fn table<'p>(printed: &'p str, preset: &str) -> Option<&'p str> {
    let heading = format!("relay-{preset}\n");
    printed.split("\n\n").find(|table| table.starts_with(&heading))
}

#[tokio::test]
async fn table_shows_what_the_vendor_of_each_relay_receives() {
    let relays = PRESETS.map(|(preset, _)| ["--relay", preset]).concat();
    for (how, answer) in [(&[][..], "202 → delivered"), (&["--inline"], "200 delivered")] {
        let Done { status, stdout, stderr } = up(&[&relays, how].concat()).await;
        assert_eq!(status, Some(0), "{stdout}{stderr}");
        for (preset, received) in PRESETS {
            let table = table(&stdout, preset).unwrap_or_else(|| panic!("{preset}: {stdout}"));
            let row = table.lines().find(|line| line.contains("│ registration ")).unwrap();
            assert!(row.contains(answer) && row.contains(received), "{row}");
        }
    }
}

#[tokio::test]
async fn only_the_wanted_relays_are_played_each_once() {
    let wanted = ["--fast", "--relay", "slack", "--relay", "hubspot", "--relay", "slack"];
    let Done { status, stdout, .. } = up(&wanted).await;
    assert_eq!(status, Some(0), "{stdout}");
    let tables = stdout.split("\n\n").filter_map(|table| table.lines().next());
    let relays: Vec<_> = tables.filter(|heading| heading.starts_with("relay")).collect();
    assert_eq!(relays, ["relay-slack", "relay-hubspot"]);
}

#[tokio::test]
async fn unknown_preset_is_refused_with_the_names_of_all() {
    let Done { status, stdout, stderr } = up(&["--relay", "fax"]).await;
    assert_eq!((status, &*stdout), (Some(2), ""));
    assert!(PRESETS.iter().all(|(preset, _)| stderr.contains(preset)), "{stderr}");
}
