//! Calls on products (docs.stripe.com/api/products).

use serde_json::Value;

use crate::{
    api::{
        call::Call,
        form::{Hash, Params},
        list::Query,
        metadata,
    },
    resources::{event, product},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::text,
    },
};

/// Parameters of Stripe that are accepted without effect.
const WITHOUT_EFFECT: [&str; 8] = [
    "images",
    "marketing_features",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
];

/// `POST /v1/products`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let id = params.text("id")?;
    let name = params.required_text("name")?;
    let description = params.text("description")?;
    let active = params.boolean("active")?.unwrap_or(true);
    let metadata = metadata::of_new(params)?;
    params.ignore(&WITHOUT_EFFECT);
    params.finish()?;
    let work = &mut call.work;
    if id.as_ref().is_some_and(|id| work.state.find(Kind::Product, id).is_some()) {
        let message = "Product already exists.";
        return Err(Problem::invalid_parameter_with_code("id", "resource_already_exists", message));
    }
    let mut product = product::render(&id.unwrap_or_else(|| work.new_id(Kind::Product)), &name, work.now);
    product["active"] = active.into();
    product["description"] = description.into();
    product["metadata"] = metadata.into();
    Ok(product::add(work, product))
}

/// The fields that an update changes.
struct Fields {
    active: Option<bool>,
    default_price: Option<String>,
    description: Option<String>,
    metadata: Hash,
    name: Option<String>,
}

impl Fields {
    fn read(params: &mut Params) -> Result<Fields, Problem> {
        Ok(Fields {
            active: params.boolean("active")?,
            default_price: params.text("default_price")?,
            description: params.unsettable("description")?,
            metadata: metadata::read(params)?,
            name: params.text("name")?,
        })
    }

    fn set(self, product: &mut Value) {
        if let Some(active) = self.active {
            product["active"] = active.into();
        }
        for (field, value) in [("default_price", self.default_price), ("name", self.name)] {
            if let Some(value) = value {
                product[field] = value.into();
            }
        }
        if let Some(description) = self.description {
            product["description"] = if description.is_empty() { Value::Null } else { description.into() };
        }
        metadata::apply_to(product, self.metadata);
    }
}

/// `POST /v1/products/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.work.state.named(Kind::Product, &id)?;
    let fields = Fields::read(&mut call.params)?;
    call.params.ignore(&WITHOUT_EFFECT);
    call.params.finish()?;
    if let Some(price) = &fields.default_price {
        call.work.state.named_in("default_price", Kind::Price, price)?;
    }
    let now = call.work.now;
    let change = call.work.change(Kind::Product, &id, |product| {
        let before = product.clone();
        fields.set(product);
        if *product != before {
            product["updated"] = now.into();
        }
    });
    if change.before != change.after {
        event::emit_change(&mut call.work, "product.updated", &change);
    }
    Ok(change.after)
}

/// `GET /v1/products`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let ids = call.params.texts("ids")?;
    let active = call.params.boolean("active")?;
    let query = Query::read(&mut call.params, &[])?;
    call.params.finish()?;
    query.answer(call.work.state, Kind::Product, |product| {
        let wanted = ids.is_empty() || ids.contains(&text(product, "id"));
        wanted && active.is_none_or(|active| product["active"] == active)
    })
}
