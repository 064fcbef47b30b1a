//! Metadata: a caller's own key-value pairs on an object (docs.stripe.com/api/metadata).

use serde_json::{Map, Value};

use crate::{
    api::form::{Hash, Params},
    store::problem::Problem,
};

const MAX_KEYS: usize = 50;

const MAX_KEY_CHARS: usize = 40;

const MAX_VALUE_CHARS: usize = 500;

/// Takes the metadata of a new object; empty if the request has none.
pub(crate) fn of_new(params: &mut Params) -> Result<Map<String, Value>, Problem> {
    let mut metadata = Map::new();
    apply(&mut metadata, read(params)?);
    Ok(metadata)
}

/// Takes `metadata` from the request and checks its limits.
pub(crate) fn read(params: &mut Params) -> Result<Hash, Problem> {
    let change = params.hash("metadata")?;
    let Hash::Pairs(pairs) = &change else { return Ok(change) };
    if pairs.len() > MAX_KEYS {
        return Err(Problem::invalid_parameter("metadata", format!("Metadata can have at most {MAX_KEYS} keys.")));
    }
    for (key, value) in pairs {
        let name = params.name_of(&format!("metadata[{key}]"));
        if key.chars().count() > MAX_KEY_CHARS {
            let message = format!("Metadata keys can have up to {MAX_KEY_CHARS} characters.");
            return Err(Problem::invalid_parameter(&name, message));
        }
        if value.as_str().is_some_and(|text| text.chars().count() > MAX_VALUE_CHARS) {
            let message = format!("Metadata values can have up to {MAX_VALUE_CHARS} characters.");
            return Err(Problem::invalid_parameter(&name, message));
        }
    }
    Ok(change)
}

/// Adds and replaces single keys; an empty value removes its key.
pub(crate) fn apply(metadata: &mut Map<String, Value>, change: Hash) {
    match change {
        Hash::Absent => {}
        Hash::Empty => metadata.clear(),
        Hash::Pairs(pairs) => {
            for (key, value) in pairs {
                if value == "" {
                    metadata.remove(&key);
                } else {
                    metadata.insert(key, value);
                }
            }
        }
    }
}

/// Does the same as [`apply`] to the `metadata` of an object.
pub(crate) fn apply_to(object: &mut Value, change: Hash) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        apply(metadata, change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_removes_its_key_and_leaves_the_others() {
        let mut params = Params::parse(b"metadata[a]=&metadata[b]=2").unwrap();
        let mut metadata = Map::from_iter([("a".to_owned(), Value::from("1")), ("c".to_owned(), Value::from("3"))]);
        apply(&mut metadata, read(&mut params).unwrap());
        assert_eq!(Value::Object(metadata), serde_json::json!({ "b": "2", "c": "3" }));
    }

    #[test]
    fn an_empty_hash_unsets_everything() {
        let mut params = Params::parse(b"metadata=").unwrap();
        let mut metadata = Map::from_iter([("a".to_owned(), Value::from("1"))]);
        apply(&mut metadata, read(&mut params).unwrap());
        assert!(metadata.is_empty());
    }
}
