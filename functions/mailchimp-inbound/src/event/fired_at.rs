//! `fired_at`: when Mailchimp fired an event.

use thiserror::Error;
use time::{
    OffsetDateTime, PrimitiveDateTime, error::Parse, format_description::BorrowedFormatItem,
    macros::format_description,
};

/// Mailchimp's documentation gives it as `2009-03-26 21:35:57`, in GMT.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// Why a text is not such a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FiredAtError {
    #[error("it is not of the form YYYY-MM-DD HH:MM:SS")]
    Format(#[from] Parse),
    #[error("it lies before the year 0, which RFC 3339 cannot say")]
    Year,
}

/// Reads `YYYY-MM-DD HH:MM:SS` as a time in UTC.
pub(super) fn read(text: &str) -> Result<OffsetDateTime, FiredAtError> {
    let time = PrimitiveDateTime::parse(text, FORMAT)?.assume_utc();
    if time.year() < 0 { Err(FiredAtError::Year) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use time::{format_description::well_known::Rfc3339, macros::datetime};

    use super::*;

    #[test]
    fn documented_time_format_is_utc() {
        assert_eq!(read("2009-03-26 21:35:57"), Ok(datetime!(2009-03-26 21:35:57 UTC)));
        assert_eq!(read("2024-02-29 00:00:00"), Ok(datetime!(2024-02-29 00:00:00 UTC)));
    }

    #[test]
    fn other_formats_are_not_a_time() {
        for text in [
            "2009-03-26",
            "2009-03-26T21:35:57Z",
            "2009-03-26 21:35",
            "2009-03-26 21:35:57 ",
            "2009-03-26 21:35:57Z",
            "2009-03-26 21:35:60",
            "2009-03-26 24:00:00",
            "2009-13-26 21:35:57",
            "2023-02-29 00:00:00",
            "26-03-2009 21:35:57",
            "-2009-03-26 21:35:57",
            "1238103357",
            "ada@example.com",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parsed_time_can_be_serialized() {
        for text in ["0000-01-01 00:00:00", "9999-12-31 23:59:59", "+2009-03-26 21:35:57"] {
            assert!(read(text).is_ok_and(|time| time.format(&Rfc3339).is_ok()), "{text}");
        }
    }
}
