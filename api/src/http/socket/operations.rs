//! The operations that run concurrently on one socket.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::{
    StreamExt,
    future::ready,
    stream::{AbortHandle, Abortable, BoxStream, SelectAll, once},
};

use super::{end::End, message::ServerMessage};
use crate::{
    graphql::{PostedAt, RequestId},
    http::{refusal, results::Results},
};

/// A message of an operation.
pub(super) struct OperationMessage {
    /// To be written to the client.
    pub(super) message: ServerMessage,
    /// With a subscription's result: when the change in it was posted.
    pub(super) push: Option<PostedAt>,
}

/// The running operations.
pub(super) struct Operations {
    limit: usize,
    streams: SelectAll<BoxStream<'static, OperationMessage>>,
    running: HashMap<String, AbortHandle>,
}

impl Operations {
    /// Creates an empty set with a limit of concurrent operations.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, streams: SelectAll::new(), running: HashMap::new() }
    }

    /// Returns true if no more operations may begin.
    pub(super) fn full(&self) -> bool {
        self.running.len() >= self.limit
    }

    /// Starts an operation.
    ///
    /// # Errors
    /// [`End::DUPLICATE`] if the id is in use.
    pub(super) fn start(
        &mut self,
        id: String,
        request_id: RequestId,
        Results { stream, push }: Results,
    ) -> Result<(), End> {
        if self.running.contains_key(&id) {
            return Err(End::DUPLICATE);
        }
        let (handle, registration) = AbortHandle::new_pair();
        self.running.insert(id.clone(), handle);
        let last = once(ready(OperationMessage { message: ServerMessage::Complete { id: id.clone() }, push: None }));
        // A panic ends only its operation, not the socket.
        let messages = AssertUnwindSafe(stream).catch_unwind().map(move |result| {
            let message = match result {
                Ok(response) => ServerMessage::of(id.clone(), response),
                Err(_) => ServerMessage::Error { id: id.clone(), payload: vec![refusal::masked(&request_id)] },
            };
            let push = if let ServerMessage::Next { .. } = message { push.clone() } else { None };
            OperationMessage { message, push }
        });
        self.streams.push(Abortable::new(messages.chain(last), registration).boxed());
        Ok(())
    }

    /// Ends an operation at its client's request. It sends nothing more.
    pub(super) fn stop(&mut self, id: &str) {
        if let Some(handle) = self.running.remove(id) {
            handle.abort();
        }
    }

    /// Waits for the next message of any operation; `None` if none runs.
    pub(super) async fn next(&mut self) -> Option<OperationMessage> {
        let message = self.streams.next().await?;
        if let ServerMessage::Error { id, .. } | ServerMessage::Complete { id } = &message.message {
            self.stop(id);
        }
        Some(message)
    }
}

/// The results of an operation, or an error without its cause if the start of the operation panics, which ends the operation
/// only, not the socket.
pub(super) fn or_masked(request_id: &RequestId, start: impl FnOnce() -> Results) -> Results {
    catch_unwind(AssertUnwindSafe(start)).unwrap_or_else(|_| Results::refused(refusal::masked(request_id)))
}

#[cfg(test)]
mod tests {
    use async_graphql::{Response, ServerError, Value};
    use futures_util::stream;

    use super::*;

    fn start(operations: &mut Operations, id: &str, results: Vec<Response>) -> Result<(), End> {
        operations.start(
            id.to_owned(),
            RequestId("r".into()),
            Results { stream: stream::iter(results).boxed(), push: None },
        )
    }

    async fn messages(mut operations: Operations) -> Vec<String> {
        let mut messages = Vec::new();
        while let Some(operation) = operations.next().await {
            messages.push(serde_json::to_string(&operation.message).unwrap());
        }
        messages
    }

    #[tokio::test]
    async fn results_are_followed_by_complete() {
        let mut operations = Operations::new(100);
        start(&mut operations, "a", vec![Response::new(Value::from(1))]).unwrap();
        let expected = [r#"{"type":"next","id":"a","payload":{"data":1}}"#, r#"{"type":"complete","id":"a"}"#];
        assert_eq!(messages(operations).await, expected);
    }

    #[tokio::test]
    async fn nothing_follows_an_error() {
        let mut operations = Operations::new(100);
        let refused = Response::from_errors(vec![ServerError::new("no", None)]);
        start(&mut operations, "a", vec![refused, Response::new(Value::from(1))]).unwrap();
        assert_eq!(messages(operations).await, [r#"{"type":"error","id":"a","payload":[{"message":"no"}]}"#]);
    }

    #[tokio::test]
    async fn a_stopped_operation_sends_nothing_and_frees_its_id() {
        let mut operations = Operations::new(100);
        start(&mut operations, "a", vec![Response::new(Value::from(1))]).unwrap();
        assert_eq!(start(&mut operations, "a", vec![]), Err(End::DUPLICATE));
        operations.stop("a");
        start(&mut operations, "a", vec![]).unwrap();
        assert_eq!(messages(operations).await, [r#"{"type":"complete","id":"a"}"#]);
    }

    #[tokio::test]
    async fn a_panic_ends_its_operation_only() {
        let mut operations = Operations::new(100);
        let panics = stream::iter([1]).map(|_| -> Response { panic!("on purpose") }).boxed();
        operations.start("a".to_owned(), RequestId("r".into()), Results { stream: panics, push: None }).unwrap();
        start(&mut operations, "b", vec![]).unwrap();
        let messages = messages(operations).await;
        assert!(
            messages.iter().any(|message| message.contains("INTERNAL") && !message.contains("purpose")),
            "{messages:?}"
        );
        assert!(messages.contains(&r#"{"type":"complete","id":"b"}"#.to_owned()), "{messages:?}");
    }

    #[tokio::test]
    async fn a_panic_at_the_start_of_an_operation_is_its_only_result() {
        let mut operations = Operations::new(100);
        let id = RequestId("r".into());
        let results = or_masked(&id, || panic!("on purpose"));
        operations.start("a".to_owned(), id, results).unwrap();
        let messages = messages(operations).await;
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        assert!(message.contains("INTERNAL") && !message.contains("purpose"), "{message}");
    }
}
