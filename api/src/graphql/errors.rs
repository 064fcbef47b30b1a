//! Gives every error its code, and keeps its cause from the client.

use async_graphql::{
    ErrorExtensionValues, Name, Response, ServerError, Value, extensions::ExtensionContext, indexmap::IndexMap,
};

use super::RequestId;
use crate::{
    clock,
    error::{Error, InputProblem, Rule},
    telemetry,
};

/// The id of a request, or a new one where it has none.
pub(super) fn request_id(ctx: &ExtensionContext<'_>) -> RequestId {
    ctx.data_opt::<RequestId>().cloned().unwrap_or_else(|| RequestId(clock::random_id().into()))
}

/// Names the arguments that are not valid: the first with its rule, and all with their rules and messages as `problems`.
pub(super) fn name_fields(extensions: &mut ErrorExtensionValues, problems: &[InputProblem]) {
    let Some(first) = problems.first() else { return };
    for (name, value) in facts(first) {
        extensions.set(name, value);
    }
    let described = problems.iter().map(|problem| {
        let message = ("message", Value::from(&problem.message));
        let named = facts(problem).into_iter().chain([message]);
        Value::Object(named.map(|(name, value)| (Name::new(name), value)).collect::<IndexMap<_, _>>())
    });
    extensions.set("problems", described.collect::<Vec<_>>());
}

/// The facts of a problem for programs: the argument, the rule that it violates, and the limits of the rule.
fn facts(problem: &InputProblem) -> Vec<(&'static str, Value)> {
    let mut facts = vec![("rule", Value::from(problem.rule.as_str()))];
    facts.extend(problem.field.as_ref().map(|field| ("field", Value::from(field))));
    match problem.rule {
        Rule::Range { min, max } => facts.extend([("min", min.into()), ("max", max.into())]),
        Rule::Length { min, max } => facts.extend([("min", min.into()), ("max", max.into())]),
        Rule::Available(max) => facts.push(("max", max.into())),
        Rule::Limit(max) => facts.push(("max", max.into())),
        Rule::Format(format) => facts.push(("format", format.into())),
        Rule::OneOf(values) => {
            let values: Vec<_> = values.iter().map(|value| Value::from(*value)).collect();
            facts.push(("values", values.into()));
        }
        Rule::Later(other) => facts.push(("than", other.into())),
        Rule::Required
        | Rule::Characters
        | Rule::NotApplicable
        | Rule::NotAllowed
        | Rule::WrongPassword
        | Rule::InvalidLink
        | Rule::Unchanged
        | Rule::Taken
        | Rule::AccountClosed
        | Rule::UnknownHost => {}
    }
    facts
}

/// Maximum number of errors in a response. A document of some kilobytes can cause thousands, which nobody reads.
const MAX_ERRORS: usize = 20;

/// Maximum length of an error's message in characters. Messages repeat what the client sent.
const MAX_MESSAGE_CHARS: usize = 200;

/// Maximum bytes of all errors of one response, as JSON. The first error is always sent.
const MAX_ERRORS_BYTES: usize = 3_500;

/// Cuts errors down to the limits of a response.
pub(super) fn bounded(mut errors: Vec<ServerError>) -> Vec<ServerError> {
    errors.truncate(MAX_ERRORS);
    let mut bytes = 0_usize;
    let mut first = true;
    errors.retain_mut(|error| {
        if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE_CHARS) {
            error.message.truncate(end);
            error.message.push('…');
        }
        bytes = bytes.saturating_add(serde_json::to_vec(error).map_or(usize::MAX, |json| json.len()));
        std::mem::take(&mut first) || bytes <= MAX_ERRORS_BYTES
    });
    errors
}

/// Gives every error of a response its code.
pub(super) fn coded(mut response: Response, id: &RequestId) -> Response {
    for error in &mut response.errors {
        code(error, id);
    }
    response.errors = bounded(response.errors);
    let first = response.errors.first().and_then(|error| error.extensions.as_ref()?.get("code"));
    if let Some(Value::String(code)) = first {
        telemetry::record_error(code);
    }
    response
}

fn code(error: &mut ServerError, RequestId(id): &RequestId) {
    let code = match error.source::<Error>() {
        Some(known) => {
            let code = known.code();
            if let Error::Internal(_) | Error::StripeRefused(_) | Error::Unavailable(_) | Error::Unreadable(_) = known {
                tracing::error!(code, cause = ?known, "a request failed");
            }
            code
        }
        // The library itself refused the request, or a literal in it.
        None => "BAD_REQUEST",
    };
    let known = error.source::<Error>().cloned();
    let retry_after = known.as_ref().and_then(Error::retry_after);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if let Some(seconds) = retry_after {
        extensions.set("retryAfter", seconds);
    }
    match &known {
        Some(Error::BadInput(input)) => name_fields(extensions, &input.problems),
        Some(Error::AlreadyExists(problem)) => name_fields(extensions, std::slice::from_ref(problem)),
        _ => {}
    }
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    if code == "INTERNAL" {
        extensions.set("requestId", &**id);
        "An internal error occurred. Report the request id to support.".clone_into(&mut error.message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_cut_to_what_a_response_may_hold() {
        let long = "\u{1}é".repeat(1000);
        let errors = bounded((0..100).map(|_| ServerError::new(&long, None)).collect());
        assert!(!errors.is_empty());
        assert!(errors.iter().all(|error| error.message.chars().count() == MAX_MESSAGE_CHARS + 1));
        assert!(serde_json::to_vec(&errors).unwrap().len() < 4000);
    }

    #[test]
    fn short_errors_stay_as_they_are() {
        let errors: Vec<_> = (0..30).map(|number| ServerError::new(format!("no {number}"), None)).collect();
        assert_eq!(bounded(errors.clone()), errors[..MAX_ERRORS]);
    }
}
