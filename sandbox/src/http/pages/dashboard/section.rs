//! Sections of the dashboard: pages of rows.

use std::collections::BTreeMap;

use serde_json::Value;
use url::form_urlencoded::{Serializer, parse};

use super::search::Search;
use crate::store::state::State;

/// Rows of a section on one page, without the rows that belong to another row.
const PAGE: usize = 20;

/// A part of the dashboard.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The sentence shown when there are no rows.
    pub(super) none: &'static str,
    pub(super) rows: Vec<Row>,
    /// The number of objects on all pages.
    pub(super) count: usize,
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
}

/// A row of a section. Its texts are not escaped yet: the template does that.
#[derive(Default)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) tag: String,
    pub(super) text: String,
    pub(super) note: String,
    /// The row belongs to the one above.
    pub(super) is_child: bool,
    pub(super) takes_card: bool,
    /// Links, each with its URL and its label.
    pub(super) links: Vec<(String, &'static str)>,
    /// Buttons, each with its action and its label.
    pub(super) buttons: Vec<(&'static str, &'static str)>,
}

/// The part of the dashboard that is shown: a search word, and the page of each section.
#[derive(Default)]
pub(super) struct View {
    search: String,
    pages: BTreeMap<String, usize>,
}

impl View {
    pub(super) fn read(query: &str) -> View {
        let mut view = View::default();
        for (name, value) in parse(query.as_bytes()) {
            match (name.as_ref(), value.parse()) {
                ("q", _) => value.trim().clone_into(&mut view.search),
                (section, Ok(page)) => drop(view.pages.insert(section.to_owned(), page)),
                _ => {}
            }
        }
        view
    }

    pub(super) fn search(&self) -> &str {
        &self.search
    }

    /// Returns the query string with its question mark; empty for the whole dashboard.
    pub(super) fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        for (section, page) in self.pages.iter().filter(|(_, page)| **page > 0) {
            query.append_pair(section, &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// Returns the address of another page of a section.
    fn turned(&self, section: &str, page: usize) -> String {
        let mut pages = self.pages.clone();
        pages.insert(section.to_owned(), page);
        let query = View { search: self.search.clone(), pages }.query();
        format!("/{query}#{section}")
    }

    /// Renders a section of the objects that match the search, newest first. `rows` renders the rows of one object.
    pub(super) fn section<'a>(
        &self,
        (name, title, none): (&'static str, &'static str, &'static str),
        state: &State,
        objects: impl Iterator<Item = &'a Value>,
        rows: impl Fn(&'a Value) -> Vec<Row>,
    ) -> Section {
        let search = Search::of(&self.search);
        let found: Vec<&Value> = objects.filter(|object| search.finds(state, object)).collect();
        let last = found.len().saturating_sub(1) / PAGE;
        let page = self.pages.get(name).copied().unwrap_or_default().min(last);
        Section {
            name,
            title,
            none,
            rows: found.iter().skip(page * PAGE).take(PAGE).flat_map(|object| rows(object)).collect(),
            count: found.len(),
            newer: page.checked_sub(1).map(|newer| self.turned(name, newer)),
            older: (page < last).then(|| self.turned(name, page + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_view_reads_back_as_the_same_view() {
        let view = View::read("q=+ada%40example.com&events=2&payments=0&odd=x");
        assert_eq!(view.search(), "ada@example.com");
        assert_eq!(view.query(), "?q=ada%40example.com&events=2");
        assert_eq!(view.turned("payments", 1), "/?q=ada%40example.com&events=2&payments=1#payments");
        assert_eq!(View::read("").query(), "");
    }
}
