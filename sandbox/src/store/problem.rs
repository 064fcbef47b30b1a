//! Stripe's errors: status, type, code and the parameter at fault (docs.stripe.com/api/errors).

use serde_json::{Value, json};

use crate::store::{decline::Decline, kind::Kind};

/// The object that a call returns, or its error.
pub(crate) type Answer = Result<Value, Problem>;

/// An error response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
    /// Seconds after which the request may be retried.
    pub(crate) retry_after: Option<u32>,
}

impl Problem {
    fn invalid_request(status: u16, message: String) -> Problem {
        Problem { status, kind: "invalid_request_error", code: None, param: None, message, retry_after: None }
    }

    fn with_code(mut self, code: &'static str) -> Problem {
        self.code = Some(code);
        self
    }

    fn with_param(mut self, param: impl Into<String>) -> Problem {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn unauthorized(message: &str) -> Problem {
        Problem::invalid_request(401, message.to_owned())
    }

    pub(crate) fn unrecognized_url(method: &str, path: &str) -> Problem {
        Problem::invalid_request(404, format!("Unrecognized request URL ({method}: {path})."))
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Problem {
        Problem::invalid_request(400, message.into())
    }

    pub(crate) fn unknown_parameter(param: &str) -> Problem {
        Problem::invalid_request(400, format!("Received unknown parameter: {param}"))
            .with_code("parameter_unknown")
            .with_param(param)
    }

    pub(crate) fn missing_parameter(param: &str) -> Problem {
        Problem::invalid_request(400, format!("Missing required param: {param}."))
            .with_code("parameter_missing")
            .with_param(param)
    }

    /// The error of a value of the wrong type or outside its limits.
    pub(crate) fn invalid_parameter(param: &str, message: impl Into<String>) -> Problem {
        Problem::invalid_request(400, message.into()).with_param(param)
    }

    pub(crate) fn invalid_parameter_with_code(param: &str, code: &'static str, message: &str) -> Problem {
        Problem::invalid_parameter(param, message).with_code(code)
    }

    /// The error of a path whose object does not exist.
    pub(crate) fn no_such(kind: Kind, id: &str) -> Problem {
        Problem::no_such_named(kind.object(), id, "id", 404)
    }

    /// The error of a parameter whose object does not exist.
    pub(crate) fn no_such_in(param: &str, kind: Kind, id: &str) -> Problem {
        Problem::no_such_named(kind.object(), id, param, 400)
    }

    fn no_such_named(object: &str, id: &str, param: &str, status: u16) -> Problem {
        Problem::invalid_request(status, format!("No such {object}: '{id}'"))
            .with_code("resource_missing")
            .with_param(param)
    }

    pub(crate) fn no_such_item(param: &str, id: &str) -> Problem {
        Problem::no_such_named("subscription_item", id, param, 400)
    }

    pub(crate) fn no_such_line(param: &str, id: &str) -> Problem {
        Problem::no_such_named("invoice line item", id, param, 400)
    }

    /// The error of a request whose payment was declined.
    pub(crate) fn declined(decline: Decline) -> Problem {
        Problem {
            kind: "card_error",
            ..Problem::invalid_request(402, decline.message.to_owned()).with_code(decline.code)
        }
    }

    /// The error of a request that the object's state does not allow.
    pub(crate) fn not_now(message: impl Into<String>) -> Problem {
        Problem::invalid_request(400, message.into())
    }

    pub(crate) fn key_reused() -> Problem {
        Problem {
            kind: "idempotency_error",
            ..Problem::invalid_request(
                400,
                "Keys for idempotent requests can only be used with the endpoint and the parameters they were first used with."
                    .to_owned(),
            )
        }
    }

    pub(crate) fn key_in_use() -> Problem {
        let message = "There is currently another in-progress request using this idempotent key.".to_owned();
        Problem::invalid_request(409, message).with_code("idempotency_key_in_use")
    }

    /// The error of a request beyond the rate limit.
    pub(crate) fn rate_limited() -> Problem {
        let message =
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.";
        let problem = Problem::invalid_request(429, message.to_owned()).with_code("rate_limit");
        Problem { retry_after: Some(1), ..problem }
    }

    /// The same as [`Problem::not_now`], with one of Stripe's codes.
    pub(crate) fn not_now_with_code(code: &'static str, message: impl Into<String>) -> Problem {
        Problem::not_now(message).with_code(code)
    }

    /// The error of a fault that a test requested.
    pub(crate) fn injected(status: u16) -> Problem {
        let (kind, code) = match status {
            429 => ("invalid_request_error", Some("rate_limit")),
            402 => ("card_error", Some("card_declined")),
            400..=499 => ("invalid_request_error", None),
            _ => ("api_error", None),
        };
        let message = "This request failed because a test requested it.".to_owned();
        Problem { kind, code, ..Problem::invalid_request(status, message) }
    }

    /// Returns `true` if an idempotency key stores this response. Requests that never began to run are not stored
    /// (`docs.stripe.com/api/idempotent_requests`).
    pub(crate) fn is_kept(&self) -> bool {
        match self.status {
            400 => self.code == Some("resource_missing"),
            status => !matches!(status, 401 | 409 | 429),
        }
    }

    /// Returns the message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({ "message": self.message, "type": self.kind });
        if let Some(code) = self.code {
            error["code"] = code.into();
            error["doc_url"] = format!("https://docs.stripe.com/error-codes#{}", code.replace('_', "-")).into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        json!({ "error": error })
    }
}
