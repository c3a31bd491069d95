//! Whoever signs up writes their own traits, and whoever fills in a form their own fields: every
//! shipped template over what strangers type, and every function with its real binary.

mod binaries;
mod depth;
mod mail;
mod places;
mod templates;
