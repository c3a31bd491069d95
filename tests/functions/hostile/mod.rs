//! Hostile input: anybody can sign up with any traits or send a form with any fields. Each shipped
//! template and each real binary is tested with it.

mod binaries;
mod depth;
mod mail;
mod places;
mod templates;
