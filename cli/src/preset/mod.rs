//! `preset`: lists the presets of the relay, shows one, and tests one of your own.

mod check;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use relay::{OnInDoubt, Preset as Described, SHIPPED, Shipped};

use self::check::{Tested, check};
use crate::{
    command::Done,
    exit::InvalidInput,
    input,
    output::{self, note},
    terminal,
};

const EXAMPLES: &str = "\
Examples:
  ory-actions preset list
  ory-actions preset show hubspot > my-preset.json
  ory-actions preset test my-preset.json
  ory-actions preset test my-preset.json events/registration.json";

/// What a relay knows of a vendor.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Preset {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the presets that come with the relay.
    List,
    /// Print one, with its template in it, as a file to begin with.
    Show(Show),
    /// Check a preset of your own, and print the calls that it makes of sample events.
    Test(Test),
}

#[derive(Args)]
struct Show {
    /// The name of a preset.
    name: String,
}

#[derive(Args)]
struct Test {
    /// The file of the preset; `-` reads standard input.
    file: PathBuf,
    /// Events as in `events/`, or files with only a ctx (default: the sample events).
    events: Vec<PathBuf>,
}

impl Preset {
    pub(crate) async fn run(self) -> Done {
        match self.command {
            Command::List => {
                output::line(list())?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Show(show) => {
                output::line(show.text()?)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Test(test) => test.run().await,
        }
    }
}

fn list() -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(terminal::width());
    table.set_header(["preset", "what it does", "in doubt"]);
    for shipped in SHIPPED {
        let described = shipped.preset().ok();
        let text = described.as_ref().map_or("", |preset| &preset.description);
        let in_doubt = described.as_ref().map_or("", |preset| word(preset.on_in_doubt));
        table.add_row([shipped.name, text, in_doubt]);
    }
    table.trim_fmt()
}

fn word(on_in_doubt: OnInDoubt) -> &'static str {
    match on_in_doubt {
        OnInDoubt::Repeat => "repeat",
        OnInDoubt::Hold => "hold",
    }
}

impl Show {
    fn text(&self) -> Result<String, InvalidInput> {
        let shipped = Shipped::named(&self.name).ok_or_else(|| {
            let names: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
            InvalidInput::new(format!("expected one of {}", names.join(", ")))
        })?;
        let mut json: serde_json::Value =
            serde_json::from_str(shipped.json).map_err(InvalidInput::new)?;
        json["template"] = shipped.template.into();
        Ok(format!("{json:#}"))
    }
}

impl Test {
    async fn run(self) -> Done {
        let text = input::read_text(&self.file)?;
        let named = |why: &dyn std::fmt::Display| {
            InvalidInput::new(format!("{}: {why}", self.file.display()))
        };
        let preset = Described::parse(&text).map_err(|error| named(&error))?;
        let events = self.events.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
        let tested = check(&preset, &self.file.display().to_string(), events).await?;
        for one in &tested {
            output::line(one)?;
        }
        for unverified in &preset.unverified {
            note(output::wrapped("not verified: ", unverified));
        }
        let failed = tested.iter().filter(|one| one.has_failed()).count();
        output::line(summary(&tested, failed))?;
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read(file: &Path) -> Result<(String, Vec<u8>), InvalidInput> {
    Ok((file.display().to_string(), input::read(file)?))
}

fn summary(tested: &[Tested], failed: usize) -> String {
    match failed {
        0 => format!("All {} events render to a call, or are cancelled.", tested.len()),
        failed => format!("{failed} of {} events fail.", tested.len()),
    }
}
