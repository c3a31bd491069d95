//! Decides a call to Mandrill that is in doubt, in either way.

use serde_json::Value;

use super::{Console, Unfit, event::Event, showing, story};

/// Makes Mandrill have sent the mail that is in doubt, or not.
pub(super) fn decide(console: &Console, event: usize, is_sent: bool) -> Result<(), Unfit> {
    let shown = console.events.event(event).ok_or(Unfit)?;
    let mail = mail_in_doubt(&shown).ok_or(Unfit)?;
    if is_sent {
        console.fakes.mandrill.put_mail(mail);
    } else {
        console.fakes.mandrill.remove_mail(mail);
    }
    console.events.touch(event);
    Ok(())
}

/// Whether Mandrill has the mail that is in doubt; `None` if none is.
pub(super) fn is_sent(console: &Console, event: &Event) -> Option<bool> {
    Some(console.fakes.mandrill.has_mail(mail_in_doubt(event)?))
}

/// The mail of an event, if it is not known whether it was sent.
fn mail_in_doubt(event: &Event) -> Option<&Value> {
    let is_in_doubt = story::outcome(event.last_work()?) == "in_doubt";
    let call = showing::last_mail(event).filter(|_| is_in_doubt)?;
    call.body.get("message")
}
