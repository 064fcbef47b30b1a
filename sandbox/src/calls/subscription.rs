//! Calls on subscriptions and their items (docs.stripe.com/api/subscriptions).

use serde_json::Value;

use crate::{
    api::{
        call::Call,
        form::{Hash, Params},
        list::{self, Query},
        metadata,
    },
    billing::{
        cancellation::{self, Ending},
        plan_change::{self, IfDeclined, PlanChange, ProrationBehavior},
    },
    calls::cancellation::{read_details, read_ending},
    resources::{
        card::Card,
        event,
        line_item::MAX_QUANTITY,
        price,
        subscription::{self, ENDED, has_ended, period_end, period_start},
    },
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        timers::Timer,
        work::{Work, text},
    },
};

/// `GET /v1/subscriptions`: without a `status`, all that are not canceled.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let status = params.text("status")?;
    let price = params.text("price")?;
    let query = Query::read(params, &[("customer", "/customer"), ("collection_method", "/collection_method")])?;
    params.finish()?;
    query.answer(call.work.state, Kind::Subscription, |subscription| {
        let is = text(subscription, "status");
        let of_status = match status.as_deref() {
            None => is != "canceled",
            Some("all") => true,
            Some("ended") => ENDED.contains(&is.as_str()),
            Some(wanted) => is == wanted,
        };
        of_status && price.as_ref().is_none_or(|price| has_price(subscription, price))
    })
}

fn has_price(subscription: &Value, price: &str) -> bool {
    let items = subscription["items"]["data"].as_array().into_iter().flatten();
    items.into_iter().any(|item| item["price"]["id"] == price)
}

/// `GET /v1/subscription_items`.
pub(crate) fn list_items(call: &mut Call<'_>) -> Answer {
    let subscription = call.params.required_text("subscription")?;
    let subscription = call.work.state.named_in("subscription", Kind::Subscription, &subscription)?;
    let items = subscription["items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    let page = list::page_of(&mut call.params, &text(&subscription["items"], "url"), items)?;
    call.params.finish()?;
    Ok(page)
}

/// The fields that an update may change besides the items.
struct Fields {
    ending: Option<Ending>,
    details: Vec<(&'static str, Value)>,
    metadata: Hash,
    description: Option<String>,
    payment_method: Option<String>,
}

impl Fields {
    fn read(call: &mut Call<'_>, subscription: &Value) -> Result<Fields, Problem> {
        let now = call.work.now;
        let params = &mut call.params;
        Ok(Fields {
            ending: read_ending(params, subscription, now)?,
            details: read_details(params)?,
            metadata: metadata::read(params)?,
            description: params.unsettable("description")?,
            payment_method: params.text("default_payment_method")?,
        })
    }

    /// Returns `true` if the update changes none of these fields. An update that waits for its payment may change only items.
    fn are_empty(&self) -> bool {
        self.ending.is_none()
            && self.details.is_empty()
            && self.metadata == Hash::Absent
            && self.description.is_none()
            && self.payment_method.is_none()
    }

    fn set(self, subscription: &mut Value, now: i64) {
        if let Some(ending) = &self.ending {
            cancellation::announce(subscription, ending, now);
        }
        for (field, value) in self.details {
            subscription["cancellation_details"][field] = value;
        }
        if let Some(description) = self.description {
            subscription["description"] = if description.is_empty() { Value::Null } else { description.into() };
        }
        if let Some(method) = self.payment_method {
            subscription["default_payment_method"] = method.into();
        }
        metadata::apply_to(subscription, self.metadata);
    }
}

/// `POST /v1/subscriptions/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let subscription = call.work.state.named(Kind::Subscription, &id)?;
    let mut fields = Fields::read(call, &subscription)?;
    let plan = read_plan(&call.work, &mut call.params, &subscription)?;
    call.params.ignore(&["off_session"]);
    call.params.finish()?;
    if has_ended(&subscription) && (fields.ending.is_some() || fields.description.is_some() || plan.is_some()) {
        let message = "A canceled subscription can only update its cancellation_details and metadata.";
        return Err(Problem::not_now(message));
    }
    let waits = plan.as_ref().is_some_and(|plan| plan.if_declined == IfDeclined::Wait);
    if waits && !fields.are_empty() {
        let message = "When `payment_behavior` is set to `pending_if_incomplete`, only items, proration_behavior and proration_date can be updated.";
        return Err(Problem::invalid_parameter("payment_behavior", message));
    }
    let method = call.work.get(Kind::PaymentMethod, &text(&subscription, "default_payment_method"));
    if waits && method["type"] != "card" {
        let kind = text(&method, "type");
        let message = format!("`pending_if_incomplete` is not supported with the payment method type `{kind}`.");
        return Err(Problem::invalid_parameter("payment_behavior", message));
    }
    if let Some(method) = fields.payment_method.take() {
        fields.payment_method = Some(Card::attached(&mut call.work, &method, &subscription["customer"])?);
    }
    let now = call.work.now;
    let work = &mut call.work;
    if let Some(Ending::At(at)) = fields.ending {
        work.state.timers.add(at, Timer::Cancellation(id.clone()));
    }
    if let Some(plan) = plan {
        return plan_change::run(work, &id, &plan, |subscription| fields.set(subscription, now));
    }
    let change = work.change(Kind::Subscription, &id, |subscription| fields.set(subscription, now));
    if change.before != change.after {
        event::emit_change(work, "customer.subscription.updated", &change);
    }
    Ok(change.after)
}

/// Reads a change of items, and the terms of its payment, from a request. `None` if it contains no items.
pub(crate) fn read_plan(
    work: &Work<'_>,
    params: &mut Params,
    subscription: &Value,
) -> Result<Option<PlanChange>, Problem> {
    let proration = match params.text("proration_behavior")?.as_deref() {
        Some("always_invoice") => ProrationBehavior::AlwaysInvoice,
        None | Some("create_prorations") => ProrationBehavior::CreateProrations,
        Some("none") => ProrationBehavior::None,
        Some(other) => return Err(invalid(params, "proration_behavior", other)),
    };
    let if_declined = match params.text("payment_behavior")?.as_deref() {
        None | Some("allow_incomplete") => IfDeclined::PastDue,
        Some("error_if_incomplete") => IfDeclined::Refuse,
        Some("pending_if_incomplete") => IfDeclined::Wait,
        Some(other) => return Err(invalid(params, "payment_behavior", other)),
    };
    let at = params.integer("proration_date")?.unwrap_or(work.now);
    if !(period_start(subscription)..=period_end(subscription)).contains(&at) {
        let message = "Invalid `proration_date`: it must lie within the current period.";
        return Err(Problem::invalid_parameter(&params.name_of("proration_date"), message));
    }
    let given = params.children("items")?;
    if given.is_empty() {
        return Ok(None);
    }
    let items = items(work, given, subscription)?;
    Ok(Some(PlanChange { items, proration, if_declined, at }))
}

fn invalid(params: &Params, key: &str, value: &str) -> Problem {
    let name = params.name_of(key);
    let message = format!("Invalid {name}: the sandbox does not support `{value}`.");
    Problem::invalid_parameter(&name, message)
}

/// Returns the items after a change: those named by id are changed or deleted, and those without an id are added.
fn items(work: &Work<'_>, given: Vec<Params>, subscription: &Value) -> Result<Vec<Value>, Problem> {
    let mut items = subscription["items"]["data"].as_array().cloned().unwrap_or_default();
    for mut change in given {
        let name = change.name_of("id");
        let id = change.text("id")?;
        let deleted = change.boolean("deleted")?.unwrap_or_default();
        let place = match &id {
            None => None,
            Some(id) => {
                let place = items.iter().position(|item| item["id"] == id.as_str());
                Some(place.ok_or_else(|| Problem::no_such_item(&name, id))?)
            }
        };
        match place {
            Some(place) if deleted => drop(items.remove(place)),
            Some(place) => set_item(work, &mut change, &mut items[place])?,
            None => items.push(added(work, &mut change, subscription)?),
        }
        change.ignore(&["tax_rates", "metadata", "clear_usage"]);
        change.finish()?;
    }
    if items.is_empty() {
        let message = "A subscription must have at least one active item. Cancel it instead.";
        return Err(Problem::invalid_parameter("items", message));
    }
    Ok(items)
}

fn set_item(work: &Work<'_>, change: &mut Params, item: &mut Value) -> Result<(), Problem> {
    if let Some(id) = change.text("price")? {
        let price = named_price(work, &change.name_of("price"), &id, &item["price"])?;
        item["plan"] = price::plan(&price);
        item["price"] = price;
    }
    if let Some(quantity) = quantity(change)? {
        item["quantity"] = quantity.into();
    }
    Ok(())
}

fn quantity(params: &mut Params) -> Result<Option<i64>, Problem> {
    let quantity = params.integer("quantity")?;
    if quantity.is_some_and(|quantity| !(0..=MAX_QUANTITY).contains(&quantity)) {
        let message = format!("Quantity must be between 0 and {MAX_QUANTITY}.");
        return Err(Problem::invalid_parameter(&params.name_of("quantity"), message));
    }
    Ok(quantity)
}

fn added(work: &Work<'_>, change: &mut Params, subscription: &Value) -> Result<Value, Problem> {
    let first = &subscription["items"]["data"][0];
    let id = change.required_text("price")?;
    let line = serde_json::json!({
        "price": named_price(work, &change.name_of("price"), &id, &first["price"])?,
        "quantity": quantity(change)?.unwrap_or(1),
    });
    let mut item = subscription::item(work, &text(subscription, "id"), &line);
    for field in ["current_period_start", "current_period_end"] {
        item[field] = first[field].clone();
    }
    Ok(item)
}

/// Returns a price that may replace another: it must be active and recurring, with the same currency and interval.
pub(crate) fn named_price(work: &Work<'_>, param: &str, id: &str, instead_of: &Value) -> Answer {
    let price = work.state.named_in(param, Kind::Price, id)?;
    let problem = if price["active"] != true {
        "The price specified is inactive. This field only accepts active prices."
    } else if price["type"] != "recurring" {
        "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
    } else if price["currency"] != instead_of["currency"] {
        "The price specified has another currency than the subscription."
    } else if price["recurring"]["interval"] != instead_of["recurring"]["interval"]
        || price["recurring"]["interval_count"] != instead_of["recurring"]["interval_count"]
    {
        "The sandbox does not change the interval of a subscription."
    } else {
        return Ok(price);
    };
    Err(Problem::invalid_parameter(param, problem))
}
