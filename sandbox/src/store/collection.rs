//! All objects of one kind, in the order in which they were created.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// The objects of one kind. They are never removed: a deleted customer stays as the stub that Stripe returns.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<Value>")]
pub(crate) struct Collection {
    objects: Vec<Value>,
    places: HashMap<String, usize>,
}

impl Collection {
    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.places.get(id).map(|place| &self.objects[*place])
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.places.get(id).map(|place| &mut self.objects[*place])
    }

    /// Adds an object, or replaces the one with the same id.
    pub(crate) fn put(&mut self, object: Value) {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        if let Some(place) = self.places.get(&id) {
            self.objects[*place] = object;
        } else {
            self.places.insert(id, self.objects.len());
            self.objects.push(object);
        }
    }

    /// Returns the place of an object: the number of older objects.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Iterates over the objects, oldest first.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.objects.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Value> {
        self.objects.iter_mut()
    }
}

impl From<Vec<Value>> for Collection {
    fn from(objects: Vec<Value>) -> Self {
        let mut collection = Collection::default();
        for object in objects {
            collection.put(object);
        }
        collection
    }
}

impl Serialize for Collection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.objects.serialize(serializer)
    }
}
