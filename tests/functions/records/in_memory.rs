//! Records in memory.

use std::future::{Ready, ready};

use integration::records_suite;
use shared::records::MemoryRecords;

fn start() -> Ready<(MemoryRecords, ())> {
    ready((MemoryRecords::default(), ()))
}

records_suite!(start);
