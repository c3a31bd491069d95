//! The functions of a deployed stack, and what they use.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use shared::{aws::Aws, http::Client, idempotency::DynamoDbStore, secrets::AwsSecrets};

use crate::{
    aws::within,
    dead_letters::{function::Live, holding::Failure},
    doctor::stack,
    exit::InvalidInput,
};

/// A call of a table, or of Secrets Manager.
const OPERATION: Duration = Duration::from_secs(10);

/// The setting with the table of records.
const RECORDS_TABLE: &str = "RECORDS_TABLE";

/// Each function, with the output of `template.yaml` that has its name in Lambda.
const FUNCTIONS: [(&str, &str); 5] = [
    (mandrill_welcome::NAME, "MandrillWelcomeFunction"),
    (segment_identify::NAME, "SegmentIdentifyFunction"),
    (mailchimp_inbound::NAME, "MailchimpInboundFunction"),
    (mailchimp_subscribe::NAME, "MailchimpSubscribeFunction"),
    (mandrill_inbound::NAME, "MandrillInboundFunction"),
];

/// A deployed stack.
pub(super) struct Stack {
    pub(super) aws: Aws,
    pub(super) http: Arc<Client>,
    functions: Vec<(&'static str, Live)>,
}

impl Stack {
    /// The stack with these outputs, as SAM prints them.
    pub(super) async fn of(outputs: &[u8]) -> Result<Self, Failure> {
        let named = named(&stack::read(outputs).map_err(InvalidInput::new)?)?;
        let known = stack::Stack::default().or_outputs(outputs).map_err(InvalidInput::new)?;
        let client = Client::new()?;
        let aws = Aws::at_hand(known.region(), &client).await;
        let mut functions = Vec::new();
        for (name, in_lambda) in named {
            functions.push((name, Live::of(&aws, &in_lambda).await?));
        }
        Ok(Self { aws, http: Arc::new(client), functions })
    }

    /// A function; `None` if it is off.
    pub(super) fn function(&self, name: &str) -> Option<&Live> {
        self.functions().find(|(known, _)| *known == name).map(|(_, live)| live)
    }

    /// The functions that are on, each with its name.
    pub(super) fn functions(&self) -> impl Iterator<Item = (&'static str, &Live)> {
        self.functions.iter().map(|(name, live)| (*name, live))
    }

    /// The names of the tables that its functions use: one, unless somebody has changed that.
    pub(super) fn tables(&self) -> BTreeSet<&str> {
        self.functions().filter_map(|(_, live)| table(live)).collect()
    }

    /// The table of a function, if it is on and has one.
    pub(super) fn records(&self, function: &str) -> Option<DynamoDbStore> {
        self.function(function).and_then(table).map(|table| self.open(table))
    }

    /// The table of this name.
    pub(super) fn open(&self, table: &str) -> DynamoDbStore {
        DynamoDbStore::new(&self.patient(), table)
    }

    /// The secrets, read with the credentials of whoever runs the command.
    pub(super) fn secrets(&self) -> AwsSecrets {
        AwsSecrets::new(&self.patient())
    }

    fn patient(&self) -> Aws {
        self.aws.with_timeouts(within(OPERATION))
    }
}

fn table(function: &Live) -> Option<&str> {
    function.setting(RECORDS_TABLE)
}

/// The functions that are on, each with its name in Lambda.
fn named(outputs: &BTreeMap<String, String>) -> Result<Vec<(&'static str, String)>, InvalidInput> {
    let in_lambda = |(name, output): (_, &str)| Some((name, outputs.get(output)?.clone()));
    let named: Vec<_> = FUNCTIONS.into_iter().filter_map(in_lambda).collect();
    if named.is_empty() {
        let outputs = FUNCTIONS.map(|(_, output)| output).join(", ");
        return Err(InvalidInput::new(format!("the outputs have no function: {outputs}")));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(names: &[&str]) -> BTreeMap<String, String> {
        names.iter().map(|name| ((*name).to_owned(), format!("{name}-1A2B"))).collect()
    }

    #[test]
    fn functions_that_are_off_have_no_output() {
        let some = outputs(&["SegmentIdentifyFunction", "Dashboard"]);
        let expected = vec![("segment-identify", "SegmentIdentifyFunction-1A2B".to_owned())];
        assert_eq!(named(&some).unwrap(), expected);
        let all: Vec<_> = FUNCTIONS.iter().map(|(_, output)| *output).collect();
        assert_eq!(named(&outputs(&all)).unwrap().len(), FUNCTIONS.len());
    }

    #[test]
    fn outputs_without_a_function_are_no_stack() {
        let error = named(&outputs(&["Dashboard"])).unwrap_err();
        assert!(error.to_string().contains("MandrillWelcomeFunction"), "{error}");
    }
}
