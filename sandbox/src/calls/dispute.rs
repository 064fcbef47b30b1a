//! Calls on disputes (docs.stripe.com/api/disputes).

use crate::{
    api::{call::Call, metadata},
    resources::{
        dispute::{self, EVIDENCE, Outcome},
        event,
    },
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::text,
    },
};

/// `POST /v1/disputes/{id}`: with `submit`, the evidence goes to the bank.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let dispute = call.work.state.named(Kind::Dispute, &id)?;
    let mut given = Vec::new();
    if let Some(mut evidence) = call.params.child("evidence")? {
        for field in EVIDENCE {
            if let Some(value) = evidence.unsettable(field)? {
                given.push((field, value));
            }
        }
        evidence.finish()?;
    }
    let metadata = metadata::read(&mut call.params)?;
    let submit = call.params.boolean("submit")?.unwrap_or(!given.is_empty());
    call.params.finish()?;
    let is_open = text(&dispute, "status").ends_with("needs_response");
    if !given.is_empty() && !is_open {
        return Err(Problem::not_now("This dispute no longer accepts evidence."));
    }
    let change = call.work.change(Kind::Dispute, &id, |dispute| {
        for (field, value) in given {
            dispute["evidence"][field] = value.into();
            dispute["evidence_details"]["has_evidence"] = true.into();
        }
        metadata::apply_to(dispute, metadata);
        if submit && is_open {
            let inquiry = dispute["status"] == "warning_needs_response";
            dispute["status"] = if inquiry { "warning_under_review" } else { "under_review" }.into();
            dispute["evidence_details"]["submission_count"] = 1.into();
        }
    });
    if change.before != change.after {
        event::emit_change(&mut call.work, "charge.dispute.updated", &change);
    }
    Ok(change.after)
}

/// `POST /v1/disputes/{id}/close`: the merchant concedes.
pub(crate) fn concede(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    let id = call.id();
    dispute::proceed(&mut call.work, &id, Outcome::Lost)
}
