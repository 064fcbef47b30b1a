//! The dashboard at `/`: the objects of the account, and buttons to change them. Every button is a form of its own, so
//! that the page needs no scripts. After an action, the page shows the button's row again; with scripts, it stays where it
//! was scrolled to.

mod actions;
mod rows;
mod search;
mod section;

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse as _, Response},
};

use self::section::{Section, View};
use super::{
    form_fields::Fields,
    frame::{missing, respond},
};
use crate::store::{Store, calendar, kind::Kind};

/// Durations by which the clock can be advanced, with their labels.
const SPANS: [(&str, &str); 3] = [("hour", "Advance an hour"), ("day", "Advance a day"), ("month", "Advance a month")];

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Page<'a> {
    problem: &'a str,
    now: String,
    /// The days by which business time is ahead of wall time; empty if it is not.
    ahead: String,
    spans: &'static [(&'static str, &'static str)],
    search: &'a str,
    /// The query string of this page.
    query: String,
    sections: Vec<Section>,
}

/// `GET /`, with the search word as `q`, and the page of a section as a parameter with the section's name.
pub(crate) async fn show(State(store): State<Arc<Store>>, RawQuery(query): RawQuery) -> Response {
    render(&store, StatusCode::OK, &View::read(&query.unwrap_or_default()), "")
}

/// `POST /` with `action`, the `id` of the object, and the address to go `back` to.
pub(crate) async fn act(State(store): State<Arc<Store>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let back = fields.get("back");
    match actions::perform(&store, &fields).await {
        Ok(()) => {
            let back = if back.starts_with(['?', '#']) { back } else { "" };
            (StatusCode::SEE_OTHER, [(LOCATION, format!("/{back}"))]).into_response()
        }
        Err(problem) => {
            let query = back.trim_start_matches('?').split('#').next().unwrap_or_default();
            render(&store, StatusCode::CONFLICT, &View::read(query), problem.message())
        }
    }
}

/// Keeps the place to which the page is scrolled when a button is pressed.
const SCRIPT: &str = include_str!("dashboard.js");

/// `GET /dashboard.js`.
pub(crate) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

/// An object as the API would return it.
#[derive(Template)]
#[template(path = "object.html")]
struct ObjectPage<'a> {
    id: &'a str,
    json: String,
}

/// `GET /object/{id}`.
pub(crate) async fn object(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    let object = Kind::of(&id).and_then(|kind| store.find(kind, &id));
    let Some(object) = object else { return missing("No such object") };
    let json = serde_json::to_string_pretty(&object).unwrap_or_default();
    respond(StatusCode::OK, &ObjectPage { id: &id, json })
}

fn render(store: &Store, status: StatusCode, view: &View, problem: &str) -> Response {
    let ahead = match store.clock.offset_seconds() / 86_400 {
        0 => String::new(),
        1 => ", a day ahead".to_owned(),
        days => format!(", {days} days ahead"),
    };
    let page = Page {
        problem,
        now: calendar::minute(store.clock.now()),
        ahead,
        spans: &SPANS,
        search: view.search(),
        query: view.query(),
        sections: store.view(|state| rows::sections(state, view)),
    };
    respond(status, &page)
}
