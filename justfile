# Lists the tasks.
default:
    @just --list --unsorted

# Start the local stack, play the sample events, and keep serving.
up *ARGS:
    cargo run -- up {{ARGS}}

# Compile everything, without running it.
check:
    cargo check --workspace --all-targets

# Test the shared crate only: seconds, once it is built.
test-fast:
    cargo test -p shared

# Run all tests that need only Rust: about 3 minutes on 2 cores.
test:
    cargo test --workspace

# Check the format and run clippy.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Build the documentation of the crates.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Fuzz each target for so many seconds; needs cargo-fuzz and a C++ compiler.
fuzz SECONDS="5":
    fuzz/run {{SECONDS}}

# Run everything that CI runs; needs Python, Go and Java, too.
ci:
    bash .ci/run
