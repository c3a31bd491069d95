//! `cargo run --release -p benchmark`.

use benchmark::command::Cli;
use clap::Parser;
use mimalloc::MiMalloc;

/// That of the deployed binary: the render rows are measured in this process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    Cli::parse().run();
}
