//! Test clocks (`docs.stripe.com/api/test_clocks`), implemented by the sandbox's only clock: advancing a test clock
//! advances the time of the whole sandbox, and the times of events with it. Time keeps running in between, and it never
//! runs back.

use serde_json::{Value, json};

use crate::{
    api::call::Call,
    billing::time,
    resources::event,
    store::{
        Store,
        calendar::DAY_SECONDS,
        kind::Kind,
        problem::{Answer, Problem},
        work::{Cause, Change, Work, text},
    },
};

const KEPT_DAYS: i64 = 30;

/// Seconds by which a caller's clock may be behind.
const TOLERANCE_SECONDS: i64 = 60;

/// `POST /v1/test_helpers/test_clocks`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let target = frozen_time(call, call.work.now)?;
    let name = call.params.text("name")?;
    call.params.finish()?;
    let work = &mut call.work;
    let clock = json!({
        "id": work.new_id(Kind::TestClock),
        "object": "test_helpers.test_clock",
        "created": work.now,
        "deletes_after": work.now + KEPT_DAYS * DAY_SECONDS,
        "frozen_time": work.now,
        "livemode": false,
        "name": name,
        "status": "ready",
        "status_details": {},
    });
    let id = work.put(Kind::TestClock, clock.clone());
    event::emit(work, "test_helpers.test_clock.created", &clock);
    Ok(if target > work.now { start(work, &id, target) } else { clock })
}

/// `POST /v1/test_helpers/test_clocks/{id}/advance`: returns immediately; the clock is `ready` once the time is reached.
pub(crate) fn advance(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let clock = existing(call)?;
    if clock["status"] != "ready" {
        let message = "Cannot advance a test clock that is already advancing.";
        return Err(Problem::not_now(message));
    }
    let target = frozen_time(call, clock["frozen_time"].as_i64().unwrap_or_default())?;
    call.params.finish()?;
    Ok(start(&mut call.work, &id, target))
}

fn frozen_time(call: &mut Call<'_>, earliest: i64) -> Result<i64, Problem> {
    let target = call.params.integer("frozen_time")?.ok_or_else(|| Problem::missing_parameter("frozen_time"))?;
    if target < earliest - TOLERANCE_SECONDS {
        let message =
            format!("The sandbox has one clock, which never runs back: `frozen_time` must be {earliest} or later.");
        return Err(Problem::invalid_parameter("frozen_time", message));
    }
    Ok(target)
}

fn start(work: &mut Work<'_>, id: &str, target: i64) -> Value {
    let Change { after: clock, .. } = work.change(Kind::TestClock, id, |clock| {
        clock["status"] = "advancing".into();
        clock["status_details"] = json!({ "advancing": { "target_frozen_time": target } });
    });
    event::emit(work, "test_helpers.test_clock.advancing", &clock);
    clock
}

/// `GET /v1/test_helpers/test_clocks/{id}`.
pub(crate) fn retrieve(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    existing(call)
}

fn existing(call: &Call<'_>) -> Answer {
    let clock = call.work.state.named(Kind::TestClock, &call.id())?;
    if clock["deleted"] == true {
        return Err(Problem::no_such(Kind::TestClock, &call.id()));
    }
    Ok(clock)
}

/// `DELETE /v1/test_helpers/test_clocks/{id}`. Unlike at Stripe, its customers are not deleted.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    existing(call)?;
    call.params.finish()?;
    call.work.change(Kind::TestClock, &id, |clock| {
        clock["deleted"] = true.into();
        clock["status"] = "ready".into();
    });
    Ok(json!({ "id": id, "object": "test_helpers.test_clock", "deleted": true }))
}

/// Advances time to the targets of test clocks, until the sandbox stops.
pub(crate) async fn follow(store: &Store) {
    let mut changes = store.changes();
    loop {
        changes.borrow_and_update();
        let advancing = store.view(|state| {
            let mut clocks = state.all(Kind::TestClock);
            clocks.find(|clock| clock["status"] == "advancing").cloned()
        });
        let Some(clock) = advancing else {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        };
        let target = clock["status_details"]["advancing"]["target_frozen_time"].as_i64();
        let target = target.unwrap_or_default();
        time::advance_to(store, target).await;
        store.work(Cause::default(), |work| arrive(work, &text(&clock, "id"), target));
    }
}

fn arrive(work: &mut Work<'_>, id: &str, target: i64) {
    let Change { after: clock, .. } = work.change(Kind::TestClock, id, |clock| {
        clock["frozen_time"] = target.into();
        clock["status"] = "ready".into();
        clock["status_details"] = json!({});
    });
    event::emit(work, "test_helpers.test_clock.ready", &clock);
}
