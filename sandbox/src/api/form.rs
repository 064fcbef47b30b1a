//! Stripe's form encoding: brackets nest, and every handler names the parameters that it takes.
//!
//! A handler takes its parameters out of [`Params`] and then calls [`Params::finish`], which refuses the rest, so that
//! a misspelled parameter is an error. A handler must not change the state before `finish`.

use serde_json::{Map, Value};

use crate::store::problem::Problem;

const MAX_DEPTH: usize = 8;

const MAX_PARAMETERS: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    Branch(Entries),
}

type Entries = Vec<(String, Node)>;

/// A change of a hash of strings, as a request describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Hash {
    /// The request does not contain the hash.
    Absent,
    /// An empty string instead of a hash, which removes all keys.
    Empty,
    /// Keys to set. A key with an empty value is removed.
    Pairs(Map<String, Value>),
}

/// The parameters of a request, or of one nested hash in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Params {
    name: String,
    entries: Entries,
}

impl Params {
    /// Parses `a=1&b[c]=2&d[]=3`, with raw or percent-encoded brackets, and `+` for a space. The last value of a
    /// repeated name wins.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Params, Problem> {
        let mut entries = Entries::new();
        for (count, (key, text)) in url::form_urlencoded::parse(encoded).enumerate() {
            if count >= MAX_PARAMETERS {
                return Err(Problem::malformed("Too many parameters."));
            }
            let path = split_key(&key).ok_or_else(|| Problem::malformed(format!("Invalid parameter name: {key}")))?;
            insert(&mut entries, &path, text.into_owned())
                .ok_or_else(|| Problem::invalid_parameter(&key, format!("Invalid hash: {key}")))?;
        }
        Ok(Params { name: String::new(), entries })
    }

    /// Returns the full name of one of these parameters, as error bodies contain it.
    pub(crate) fn name_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}[{key}]", self.name) }
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        let place = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(place).1)
    }

    /// Takes a string that may be empty. In an update, an empty value unsets the field.
    pub(crate) fn unsettable(&mut self, key: &str) -> Result<Option<String>, Problem> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(Node::Branch(_)) => {
                let name = self.name_of(key);
                Err(Problem::invalid_parameter(&name, format!("Invalid string: {name}")))
            }
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, Problem> {
        let text = self.unsettable(key)?;
        if text.as_deref() == Some("") {
            let message =
                "You passed an empty string. An empty value is an attempt to unset the field, which cannot be unset.";
            return Err(Problem::invalid_parameter_with_code(&self.name_of(key), "parameter_invalid_empty", message));
        }
        Ok(text)
    }

    pub(crate) fn required_text(&mut self, key: &str) -> Result<String, Problem> {
        self.text(key)?.ok_or_else(|| Problem::missing_parameter(&self.name_of(key)))
    }

    pub(crate) fn integer(&mut self, key: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let invalid = |_| {
            let name = self.name_of(key);
            Problem::invalid_parameter_with_code(
                &name,
                "parameter_invalid_integer",
                &format!("Invalid integer: {text}"),
            )
        };
        text.parse().map(Some).map_err(invalid)
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Result<Option<bool>, Problem> {
        match self.text(key)?.as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(Problem::invalid_parameter(&self.name_of(key), format!("Invalid boolean: {other}"))),
        }
    }

    /// Takes a nested hash. The caller must call its [`Params::finish`] too.
    pub(crate) fn child(&mut self, key: &str) -> Result<Option<Params>, Problem> {
        let name = self.name_of(key);
        match self.take(key) {
            None => Ok(None),
            Some(Node::Branch(entries)) => Ok(Some(Params { name, entries })),
            Some(Node::Text(_)) => Err(Problem::invalid_parameter(&name, "Invalid object")),
        }
    }

    /// Takes an array of hashes.
    pub(crate) fn children(&mut self, key: &str) -> Result<Vec<Params>, Problem> {
        let Some(mut array) = self.child(key)? else {
            return Ok(Vec::new());
        };
        let keys: Vec<String> = array.entries.iter().map(|(name, _)| name.clone()).collect();
        keys.iter().filter_map(|key| array.child(key).transpose()).collect()
    }

    /// Takes an array of strings.
    pub(crate) fn texts(&mut self, key: &str) -> Result<Vec<String>, Problem> {
        let Some(mut array) = self.child(key)? else {
            return Ok(Vec::new());
        };
        let keys: Vec<String> = array.entries.iter().map(|(name, _)| name.clone()).collect();
        keys.iter().filter_map(|key| array.text(key).transpose()).collect()
    }

    /// Takes a hash of strings without nested hashes.
    pub(crate) fn hash(&mut self, key: &str) -> Result<Hash, Problem> {
        let name = self.name_of(key);
        match self.take(key) {
            None => Ok(Hash::Absent),
            Some(Node::Text(text)) if text.is_empty() => Ok(Hash::Empty),
            Some(Node::Text(_)) => Err(Problem::invalid_parameter(&name, "Invalid object")),
            Some(Node::Branch(entries)) => {
                let pairs = entries.into_iter().map(|(key, node)| match node {
                    Node::Text(text) => Ok((key, Value::String(text))),
                    Node::Branch(_) => Err(Problem::invalid_parameter(&format!("{name}[{key}]"), "Invalid string")),
                });
                Ok(Hash::Pairs(pairs.collect::<Result<_, _>>()?))
            }
        }
    }

    /// Drops parameters of Stripe that are accepted without effect.
    pub(crate) fn ignore(&mut self, keys: &[&str]) {
        self.entries.retain(|(name, _)| !keys.contains(&name.as_str()));
    }

    /// Refuses parameters that were not taken.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        match self.entries.first() {
            None => Ok(()),
            Some((key, _)) => Err(Problem::unknown_parameter(&self.name_of(key))),
        }
    }
}

/// Splits a name into its parts: `a[b][]` becomes `a`, `b` and an empty string.
fn split_key(key: &str) -> Option<Vec<String>> {
    let Some((root, rest)) = key.split_once('[') else {
        return (!key.is_empty() && !key.contains(']')).then(|| vec![key.to_owned()]);
    };
    let rest = rest.strip_suffix(']')?;
    let mut path = vec![root.to_owned()];
    path.extend(rest.split("][").map(str::to_owned));
    let well_formed = !root.is_empty() && path.len() <= MAX_DEPTH && !path.iter().any(|part| part.contains(['[', ']']));
    well_formed.then_some(path)
}

/// Inserts a value at a path. Returns `None` if a string and a hash have the same name.
fn insert(entries: &mut Entries, path: &[String], text: String) -> Option<()> {
    let (key, rest) = path.split_first()?;
    let key = if key.is_empty() { array_key(entries, rest) } else { key.clone() };
    let place = entries.iter().position(|(name, _)| *name == key).unwrap_or_else(|| {
        let node = if rest.is_empty() { Node::Text(String::new()) } else { Node::Branch(Entries::new()) };
        entries.push((key, node));
        entries.len() - 1
    });
    match &mut entries[place].1 {
        Node::Text(old) if rest.is_empty() => {
            *old = text;
            Some(())
        }
        Node::Branch(inner) if !rest.is_empty() => insert(inner, rest, text),
        _ => None,
    }
}

/// Returns the key of an element of an array: `a[][b]=1&a[][c]=2` is one element, `a[][b]=1&a[][b]=2` are two.
fn array_key(entries: &Entries, rest: &[String]) -> String {
    match (entries.last(), rest.first()) {
        (Some((last, Node::Branch(inner))), Some(next)) if !inner.iter().any(|(name, _)| name == next) => last.clone(),
        _ => entries.len().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn brackets_nest_whether_raw_or_encoded() {
        let raw = parse("line_items[0][price_data][unit_amount]=20&metadata[k]=a+b");
        let encoded = parse("line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=20&metadata%5Bk%5D=a%20b");
        assert_eq!(raw, encoded);
        let mut params = raw;
        let mut line = params.children("line_items").unwrap().remove(0);
        let mut price = line.child("price_data").unwrap().unwrap();
        assert_eq!(price.name_of("unit_amount"), "line_items[0][price_data][unit_amount]");
        assert_eq!(price.integer("unit_amount").unwrap(), Some(20));
        let expected = Map::from_iter([("k".to_owned(), Value::from("a b"))]);
        assert_eq!(params.hash("metadata"), Ok(Hash::Pairs(expected)));
        assert_eq!(params.finish(), Ok(()));
    }

    #[test]
    fn empty_brackets_make_arrays() {
        let mut params = parse("types[]=a&types[]=b&items[][x]=1&items[][y]=2&items[][x]=3");
        assert_eq!(params.texts("types").unwrap(), ["a", "b"]);
        assert_eq!(params.children("items").unwrap().len(), 2);
    }

    #[test]
    fn a_parameter_that_is_not_read_is_unknown() {
        let mut params = parse("email=a%40b.example&emial=x");
        assert_eq!(params.text("email").unwrap().as_deref(), Some("a@b.example"));
        assert_eq!(params.finish(), Err(Problem::unknown_parameter("emial")));
    }

    #[test]
    fn a_name_is_a_text_or_a_hash_but_not_both() {
        assert!(Params::parse(b"a=1&a[b]=2").is_err());
        assert!(Params::parse(b"a[b]=2&a=1").is_err());
    }

    #[test]
    fn odd_names_and_values_are_refused() {
        for odd in ["a[b=1", "a]=1", "[a]=1", "a[b]c=1", "=1", "a[b[c]]=1"] {
            assert!(Params::parse(odd.as_bytes()).is_err(), "{odd}");
        }
        assert!(parse("limit=many").integer("limit").is_err());
        assert!(parse("flag=maybe").boolean("flag").is_err());
        assert!(parse("email=").text("email").is_err());
    }
}
