//! The fields of a form on one of the sandbox's own pages.

/// Names and values as they were sent.
pub(crate) struct Fields {
    pairs: Vec<(String, String)>,
}

impl Fields {
    pub(crate) fn read(body: &[u8]) -> Fields {
        let pairs = url::form_urlencoded::parse(body);
        Fields { pairs: pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect() }
    }

    /// Returns the value of a field; empty if it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        let pair = self.pairs.iter().find(|(known, _)| known == name);
        pair.map_or("", |(_, value)| value)
    }
}
