//! Mailchimp's Marketing API, as far as functions and the command line share it: keys, hosts,
//! members and errors. <https://mailchimp.com/developer/marketing/docs/fundamentals/>

mod key;
mod member;
mod problem;

pub use key::{authorization, data_center, is_key, root};
pub use member::member_hash;
pub use problem::{FieldError, Problem};
