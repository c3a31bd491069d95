//! A browser that a test looks through.

use std::{env, fs, future::Future, process::Command, sync::OnceLock, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, key::Key, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::peer::{Server, free_ports, program};

const INSTALL: &str = "tests/real/console/install";

/// What the page shows comes within this time, unless it never will.
const PATIENCE: Duration = Duration::from_mins(1);

/// What keeps Chromium from calling anybody but the page.
const ALONE: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// What a page is looked at with.
#[derive(Clone, Copy)]
pub(super) enum Screen {
    Laptop,
    LaptopInTheDark,
    Phone,
    PhoneInTheDark,
}

impl Screen {
    fn options(self) -> Value {
        let mut args: Vec<_> = ALONE.into();
        args.push("--window-size=1400,1000");
        if matches!(self, Self::LaptopInTheDark | Self::PhoneInTheDark) {
            args.push("--blink-settings=preferredColorScheme=0");
        }
        let mut options = json!({"args": args, "binary": program("chromium", INSTALL)});
        if matches!(self, Self::Phone | Self::PhoneInTheDark) {
            let metrics = json!({"width": 360, "height": 740, "pixelRatio": 2, "touch": true});
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        options
    }
}

/// A page in a browser of its own.
pub(super) struct Page {
    client: Client,
}

impl Page {
    /// Opens a page and looks at it; the browser ends however that ends.
    pub(super) async fn visit<F: Future<Output = ()>>(
        url: &str,
        screen: Screen,
        look: impl FnOnce(Self) -> F,
    ) {
        let capabilities =
            Capabilities::from_iter([("goog:chromeOptions".to_owned(), screen.options())]);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&driver().url()).await.unwrap();
        client.goto(url).await.unwrap();
        look(Self { client: client.clone() }).await;
        client.close().await.unwrap();
    }

    /// The first thing that a selector finds, once it is there.
    pub(super) async fn find(&self, selector: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// How many things a selector finds.
    pub(super) async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.unwrap().len()
    }

    pub(super) async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap_or_else(|e| panic!("{selector}: {e}"));
    }

    pub(super) async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    /// Waits until the text of what a selector finds is as it should be.
    pub(super) async fn until(&self, selector: &str, is_so: impl Fn(&str) -> bool) -> String {
        let began = std::time::Instant::now();
        loop {
            // It may be drawn anew just now.
            let found = self.client.find(Locator::Css(selector)).await;
            let text = match found {
                Ok(element) => element.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if is_so(&text) {
                return text;
            }
            assert!(began.elapsed() < PATIENCE, "{selector} says {text:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Chooses an option of a `<select>` by its value.
    pub(super) async fn select(&self, selector: &str, value: &str) {
        self.find(selector).await.select_by_value(value).await.unwrap();
    }

    /// Puts a text in the place of what an input holds.
    pub(super) async fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Presses a key where the focus is.
    pub(super) async fn press(&self, key: Key) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(&char::from(key).to_string()).await.unwrap();
    }

    /// What a script finds out.
    pub(super) async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Opens all that is folded in the chosen event.
    pub(super) async fn unfold(&self) {
        self.ask("document.querySelectorAll('#event details').forEach((d) => { d.open = true; })")
            .await;
    }

    /// Presses a button if it is there, even while it is drawn anew.
    pub(super) async fn press_button(&self, id: &str) {
        self.ask(&format!("document.getElementById('{id}')?.click()")).await;
    }

    /// Keeps a picture of the page where `PICTURES` names a folder.
    pub(super) async fn picture(&self, name: &str) {
        if let Some(folder) = env::var_os("PICTURES") {
            let png = self.client.screenshot().await.unwrap();
            fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), png).unwrap();
        }
    }
}

/// The driver that all tests share.
fn driver() -> &'static Server {
    static DRIVER: OnceLock<Server> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let [port] = free_ports();
        let mut command = Command::new(program("chromedriver", INSTALL));
        command.arg(format!("--port={port}"));
        Server::start(&command, port)
    })
}
