//! The time by the clock of AWS: that of the person's machine may be wrong, and the SDK corrects for
//! that without telling.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sqs::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::BeforeDeserializationInterceptorContextRef,
    },
    error::BoxError,
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// Reads the header `Date` of each answer.
#[derive(Clone, Debug, Default)]
pub(super) struct TimeOfAws(Arc<Mutex<Option<OffsetDateTime>>>);

impl TimeOfAws {
    /// The time of the last answer, in whole seconds.
    pub(super) fn last(&self) -> Option<OffsetDateTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for TimeOfAws {
    fn name(&self) -> &'static str {
        "TimeOfAws"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(date) = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(date);
        }
        Ok(())
    }
}
