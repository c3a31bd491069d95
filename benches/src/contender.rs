//! The programs that are measured.

use std::path::{Path, PathBuf};

use crate::{
    install::{self, Missing, Node, Python},
    surroundings::Variables,
    workspace,
};

/// A program that serves events, and its environment.
#[derive(Clone)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: Variables,
    /// The `status` of the answers' bodies.
    pub(crate) expects: &'static str,
}

/// The names in the table.
pub(crate) const HELLO: &str = "hello-world";
pub(crate) const OURS: &str = "ours";
pub(crate) const NODE: &str = "Node";
pub(crate) const NODE_TUNED: &str = "Node, tuned";
pub(crate) const PYTHON: &str = "Python";

/// The programs, built and installed. Those in Rust are always available.
pub(crate) struct Programs {
    pub(crate) hello: PathBuf,
    pub(crate) welcome: PathBuf,
    pub(crate) node: Result<Node, Missing>,
    pub(crate) python: Result<Python, Missing>,
}

impl Programs {
    pub(crate) fn get() -> Self {
        eprintln!("installing the contenders");
        Self {
            node: install::node(),
            python: install::python(),
            hello: workspace::binary("hello-world"),
            welcome: workspace::binary("bootstrap"),
        }
    }

    pub(crate) fn hello(&self, variables: &Variables) -> Contender {
        contender(HELLO, &self.hello, variables)
    }

    pub(crate) fn ours(&self, variables: &Variables) -> Contender {
        contender(OURS, &self.welcome, variables)
    }

    /// The binary of the function alone.
    pub(crate) fn ours_of(program: &Path, variables: &Variables) -> Contender {
        contender(OURS, program, variables)
    }

    /// The function that enqueues its events.
    pub(crate) fn storing(&self, variables: &Variables) -> Contender {
        Contender { expects: "accepted", ..self.ours(variables) }
    }

    /// The function, built to trust the certificate of the fakes.
    pub(crate) fn ours_over_tls(variables: &Variables) -> Contender {
        contender(OURS, &workspace::binary_with_extra_root("bootstrap"), variables)
    }

    /// The same, and it enqueues its events.
    pub(crate) fn storing_over_tls(variables: &Variables) -> Contender {
        Contender { expects: "accepted", ..Self::ours_over_tls(variables) }
    }

    /// Node, with Powertools' idempotency if there is a table.
    pub(crate) fn node(&self, variables: &Variables) -> Result<Contender, Missing> {
        let node = self.node.as_ref().map_err(Clone::clone)?;
        let bundle =
            if variables.contains_key("RECORDS_TABLE") { &node.idempotent } else { &node.plain };
        Ok(bundled(NODE, node, bundle, variables))
    }

    /// Node, tuned by hand: it fetches its secrets in the start instead of the first event.
    pub(crate) fn node_tuned(&self, variables: &Variables) -> Result<Contender, Missing> {
        let node = self.node.as_ref().map_err(Clone::clone)?;
        Ok(bundled(NODE_TUNED, node, &node.tuned, variables))
    }

    /// Python, likewise.
    pub(crate) fn python(&self, variables: &Variables) -> Result<Contender, Missing> {
        let python = self.python.as_ref().map_err(Clone::clone)?;
        let arguments = vec![python.handler.display().to_string()];
        Ok(Contender { arguments, ..contender(PYTHON, &python.program, variables) })
    }
}

fn bundled(name: &'static str, node: &Node, bundle: &Path, variables: &Variables) -> Contender {
    let arguments = vec![bundle.display().to_string()];
    Contender { arguments, ..contender(name, &node.program, variables) }
}

fn contender(name: &'static str, program: &Path, variables: &Variables) -> Contender {
    Contender {
        name,
        program: program.to_owned(),
        arguments: Vec::new(),
        variables: variables.clone(),
        expects: "delivered",
    }
}
