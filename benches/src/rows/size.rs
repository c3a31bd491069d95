//! The size of the bootstrap: stripped by the release profile, and zipped.

use std::{fs, io::Write};

use flate2::{Compression, write::DeflateEncoder};

use crate::{
    contender::Programs,
    table::{Figure, Row},
};

const LIMIT: u64 = 7_500_000;
const ZIPPED_LIMIT: u64 = 5_500_000;

pub(super) fn rows(programs: &Programs) -> Vec<Row> {
    let bootstrap = fs::read(&programs.welcome).expect("it was just built");
    // A zip file adds only its name, twice.
    let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
    zip.write_all(&bootstrap).expect("memory takes it");
    let zipped = zip.finish().expect("memory takes it");
    let row = |what: &str, bytes: &[u8], limit| {
        Row::limited(what, Figure::Size(bytes.len() as u64), Figure::Size(limit))
    };
    vec![
        row("bootstrap, stripped", &bootstrap, LIMIT),
        row("bootstrap, zipped", &zipped, ZIPPED_LIMIT),
    ]
}
