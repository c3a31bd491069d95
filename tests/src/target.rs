//! Test targets with a `main` of their own, whose output is to be seen.

use std::env;

/// Whether the arguments of `cargo test` mean the target of this name. It is the one test of its
/// target, and is listed where that is asked for.
pub fn is_asked_for(name: &str) -> bool {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{name}: test");
        return false;
    }
    let mut filters = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
}

/// The whole number that a variable holds, where it is set.
pub fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}
