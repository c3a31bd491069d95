//! Tables, and the operations on them.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{
    attribute::{Attribute, Item, item_json, read_item},
    invalid, refusal,
    write::Write,
};
use crate::aws::{Refusal, Service, check_fields};

/// The state of DynamoDB.
#[derive(Default)]
pub struct Tables(HashMap<String, Table>);

/// One table: its items by key.
pub(super) struct Table {
    key_attribute: String,
    pub(super) items: BTreeMap<String, Item>,
}

impl Tables {
    pub(super) fn create(&mut self, name: &str, key_attribute: &str) {
        let table = Table { key_attribute: key_attribute.to_owned(), items: BTreeMap::new() };
        self.0.insert(name.to_owned(), table);
    }

    pub(super) fn table(&mut self, name: &str) -> Result<&mut Table, Refusal> {
        self.0
            .get_mut(name)
            .ok_or_else(|| refusal("ResourceNotFoundException", "Requested resource not found"))
    }

    fn table_of(&mut self, input: &Value) -> Result<&mut Table, Refusal> {
        let name = input["TableName"].as_str();
        self.table(name.ok_or_else(|| invalid("TableName must not be null"))?)
    }

    fn update(&mut self, input: &Value) -> Result<Value, Refusal> {
        let write = Write::read(input)?;
        let table = self.table_of(input)?;
        let key = table.key(&input["Key"])?;
        let key_attribute = table.key_attribute.clone();
        if write.update.changes(&key_attribute) {
            return Err(invalid(format!(
                "One or more parameter values were invalid: Cannot update attribute \
                 {key_attribute}. This attribute is part of the key"
            )));
        }
        let new = Item::from([(key_attribute, Attribute::S(key.clone()))]);
        write.run(table, key, &new)
    }

    /// Every read of the adapter must see the last write. The fake has no older state to show.
    fn get(&mut self, input: &Value) -> Result<Value, Refusal> {
        check_fields(input, &["TableName", "Key", "ConsistentRead"])?;
        if input["ConsistentRead"] != json!(true) {
            return Err(invalid("the fake reads only with ConsistentRead"));
        }
        let table = self.table_of(input)?;
        let item = table.items.get(&table.key(&input["Key"])?);
        Ok(item.map_or_else(|| json!({}), |item| json!({"Item": item_json(item)})))
    }

    fn delete(&mut self, input: &Value) -> Result<Value, Refusal> {
        check_fields(input, &["TableName", "Key"])?;
        let table = self.table_of(input)?;
        let key = table.key(&input["Key"])?;
        table.items.remove(&key);
        Ok(json!({}))
    }
}

impl Service for Tables {
    const TARGET: &'static str = "DynamoDB_20120810";

    fn perform(&mut self, operation: &str, input: &Value) -> Result<Value, Refusal> {
        match operation {
            "DeleteItem" => self.delete(input),
            "GetItem" => self.get(input),
            "UpdateItem" => self.update(input),
            _ => Err(Refusal::unknown(operation)),
        }
    }
}

impl Table {
    pub(super) fn put(&mut self, item: Item) -> Result<(), Refusal> {
        self.items.insert(self.key_of(&item)?, item);
        Ok(())
    }

    /// The key in the `Key` of an input: the key attribute, and nothing else.
    fn key(&self, input: &Value) -> Result<String, Refusal> {
        let item = read_item(input).map_err(invalid)?;
        match item.get(&self.key_attribute) {
            Some(Attribute::S(_)) if item.len() == 1 => self.key_of(&item),
            _ => Err(invalid("The provided key element does not match the schema")),
        }
    }

    fn key_of(&self, item: &Item) -> Result<String, Refusal> {
        let name = &self.key_attribute;
        match item.get(name) {
            Some(Attribute::S(key)) if !key.is_empty() => Ok(key.clone()),
            Some(Attribute::S(_)) => Err(invalid(format!(
                "One or more parameter values are not valid. The AttributeValue for a key \
                 attribute cannot contain an empty string value. Key: {name}"
            ))),
            Some(other) => Err(invalid(format!(
                "One or more parameter values were invalid: Type mismatch for key {name} \
                 expected: S actual: {}",
                other.kind()
            ))),
            None => Err(invalid(format!(
                "One or more parameter values were invalid: Missing the key {name} in the item"
            ))),
        }
    }
}
