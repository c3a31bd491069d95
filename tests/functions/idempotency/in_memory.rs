//! The idempotency store in memory.

use std::future::{Ready, ready};

use integration::idempotency_suite;
use shared::idempotency::MemoryStore;

fn start() -> Ready<(MemoryStore, ())> {
    ready((MemoryStore::default(), ()))
}

idempotency_suite!(start);
