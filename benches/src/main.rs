//! `cargo run --release -p benchmark`.

use benchmark::command::Cli;
use clap::Parser;

fn main() {
    Cli::parse().run();
}
