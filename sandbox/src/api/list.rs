//! Lists: newest first, with pagination by cursor (docs.stripe.com/api/pagination).

use serde_json::{Value, json};

use crate::{
    api::form::Params,
    store::{collection, kind::Kind, problem::Problem, state::State},
};

const DEFAULT_LIMIT: i64 = 10;

const MAX_LIMIT: i64 = 100;

/// Maximum number of elements of a list inside an object. The list's own URL returns the others.
const MAX_EMBEDDED: usize = 10;

/// The parameters that every list has, and the equality filters of one list.
pub(crate) struct Query {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
    created: Created,
    equal: Vec<(&'static str, String)>,
}

impl Query {
    /// Takes the pagination parameters, `created` and the given filters. Each filter is a parameter and the JSON
    /// pointer of the field that must equal it.
    pub(crate) fn read(params: &mut Params, filters: &[(&str, &'static str)]) -> Result<Query, Problem> {
        let mut equal = Vec::new();
        for (param, pointer) in filters {
            if let Some(wanted) = params.text(param)? {
                equal.push((*pointer, wanted));
            }
        }
        let (after, before) = (params.text("starting_after")?, params.text("ending_before")?);
        if after.is_some() && before.is_some() {
            let message = "You cannot parameterize both starting_after and ending_before.";
            return Err(Problem::invalid_parameter("ending_before", message));
        }
        Ok(Query { limit: limit(params)?, after, before, created: Created::read(params)?, equal })
    }

    /// Returns the page as a list object of Stripe.
    pub(crate) fn answer(&self, state: &State, kind: Kind, keep: impl Fn(&Value) -> bool) -> Result<Value, Problem> {
        let place = |param: &str, id: &Option<String>| match id {
            None => Ok(None),
            Some(id) => {
                let place = state.collection(kind).and_then(|collection| collection.place(id));
                place.map(Some).ok_or_else(|| Problem::no_such_in(param, kind, id))
            }
        };
        let below = place("starting_after", &self.after)?.unwrap_or(usize::MAX);
        let above = place("ending_before", &self.before)?;
        let wanted = |(place, object): &(usize, &Value)| {
            *place < below
                && above.is_none_or(|above| *place > above)
                && self.accepts(object)
                && !state.is_foreign(object)
                && keep(object)
        };
        let total = state.collection(kind).map_or(0, collection::Collection::len);
        // Places count from the oldest object, so they are assigned before the order is reversed.
        let placed = (0..total).zip(state.all(kind)).filter(wanted).map(|(_, object)| object);
        let mut found: Vec<&Value> = placed.collect();
        found.reverse();
        let has_more = found.len() > self.limit;
        if above.is_some() {
            // The page directly before the cursor consists of the oldest objects that are newer than it.
            found.drain(..found.len().saturating_sub(self.limit));
        } else {
            found.truncate(self.limit);
        }
        Ok(json!({ "object": "list", "data": found, "has_more": has_more, "url": kind.path() }))
    }

    fn accepts(&self, object: &Value) -> bool {
        let equal = |(pointer, wanted): &(&str, String)| {
            object.pointer(pointer).and_then(Value::as_str).is_some_and(|is| is == wanted)
        };
        object["deleted"] != true && self.equal.iter().all(equal) && self.created.accepts(object)
    }
}

fn limit(params: &mut Params) -> Result<usize, Problem> {
    let limit = params.integer("limit")?.unwrap_or(DEFAULT_LIMIT);
    let in_range = (1..=MAX_LIMIT).contains(&limit).then(|| usize::try_from(limit).ok()).flatten();
    in_range.ok_or_else(|| Problem::invalid_parameter("limit", format!("limit must be between 1 and {MAX_LIMIT}.")))
}

/// Returns one page of a list that is part of an object, in the order of the object, by the parameters `limit`,
/// `starting_after` and `ending_before`.
pub(crate) fn page_of(params: &mut Params, url: &str, all: &[Value]) -> Result<Value, Problem> {
    let limit = limit(params)?;
    let place = |param: &str, id: Option<String>| match id {
        None => Ok(None),
        Some(id) => {
            let place = all.iter().position(|element| element["id"] == id.as_str());
            let missing = || Problem::invalid_parameter(param, format!("No such element of this list: '{id}'"));
            place.map(Some).ok_or_else(missing)
        }
    };
    let after = place("starting_after", params.text("starting_after")?)?;
    let before = place("ending_before", params.text("ending_before")?)?;
    let (from, to) = match (after, before) {
        (Some(_), Some(_)) => {
            let message = "You cannot parameterize both starting_after and ending_before.";
            return Err(Problem::invalid_parameter("ending_before", message));
        }
        (after, None) => {
            let from = after.map_or(0, |after| after + 1);
            (from, (from + limit).min(all.len()))
        }
        (None, Some(before)) => (before.saturating_sub(limit), before),
    };
    let has_more = if before.is_some() { from > 0 } else { to < all.len() };
    Ok(json!({ "object": "list", "data": all[from..to], "has_more": has_more, "url": url }))
}

/// Renders a list inside an object, with its first ten elements as at Stripe.
pub(crate) fn embedded(url: &str, all: &[Value]) -> Value {
    let shown = &all[..all.len().min(MAX_EMBEDDED)];
    let has_more = shown.len() < all.len();
    json!({ "object": "list", "data": shown, "has_more": has_more, "total_count": all.len(), "url": url })
}

/// Renders a whole list as one page.
pub(crate) fn whole(url: &str, data: &[Value]) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "total_count": data.len(), "url": url })
}

/// The filter `created=..` or `created[gt]=..`, in seconds; both ends are inclusive.
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    fn read(params: &mut Params) -> Result<Created, Problem> {
        let mut created = Created { from: i64::MIN, to: i64::MAX };
        // A plain number and a hash share the name: the hash is tried on a copy first.
        let Ok(Some(mut range)) = params.clone().child("created") else {
            if let Some(exact) = params.integer("created")? {
                created = Created { from: exact, to: exact };
            }
            return Ok(created);
        };
        params.ignore(&["created"]);
        for (key, is_start, shift) in [("gt", true, 1), ("gte", true, 0), ("lt", false, -1), ("lte", false, 0)] {
            if let Some(bound) = range.integer(key)? {
                let bound = bound.saturating_add(shift);
                if is_start {
                    created.from = created.from.max(bound);
                } else {
                    created.to = created.to.min(bound);
                }
            }
        }
        range.finish()?;
        Ok(created)
    }

    fn accepts(&self, object: &Value) -> bool {
        let created = object["created"].as_i64().unwrap_or_default();
        (self.from..=self.to).contains(&created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> (Vec<String>, bool) {
        let mut state = State::new();
        for number in 1..=5 {
            state.put(Kind::Customer, json!({ "id": format!("cus_{number}"), "created": number }));
        }
        let mut params = Params::parse(query.as_bytes()).unwrap();
        let query = Query::read(&mut params, &[]).unwrap();
        params.finish().unwrap();
        let list = query.answer(&state, Kind::Customer, |_| true).unwrap();
        let ids = list["data"].as_array().unwrap().iter().map(|object| crate::store::work::text(object, "id"));
        (ids.collect(), list["has_more"] == true)
    }

    #[test]
    fn the_newest_come_first_and_cursors_walk_both_ways() {
        assert_eq!(page("limit=2"), (vec!["cus_5".into(), "cus_4".into()], true));
        assert_eq!(page("limit=2&starting_after=cus_3"), (vec!["cus_2".into(), "cus_1".into()], false));
        assert_eq!(page("limit=2&ending_before=cus_2"), (vec!["cus_4".into(), "cus_3".into()], true));
    }

    #[test]
    fn created_is_a_moment_or_a_range() {
        assert_eq!(page("created=2").0, ["cus_2"]);
        assert_eq!(page("created[gt]=2&created[lte]=4").0, ["cus_4", "cus_3"]);
    }
}
