//! The operations that run on one socket, side by side.

use std::{collections::HashMap, panic::AssertUnwindSafe};

use futures_util::{
    StreamExt,
    future::ready,
    stream::{AbortHandle, Abortable, BoxStream, SelectAll, once},
};

use super::{end::End, message::ServerMessage};
use crate::{
    graphql::{BookedAt, RequestId},
    http::{refusal, results::Results},
};

/// What an operation says.
pub(super) struct OperationMessage {
    /// To be written to the client.
    pub(super) message: ServerMessage,
    /// With a subscription's result: when that was booked which it tells.
    pub(super) push: Option<BookedAt>,
}

/// The running operations.
pub(super) struct Operations {
    limit: usize,
    streams: SelectAll<BoxStream<'static, OperationMessage>>,
    running: HashMap<String, AbortHandle>,
}

impl Operations {
    /// None; at most so many at once.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, streams: SelectAll::new(), running: HashMap::new() }
    }

    /// Whether no more may begin.
    pub(super) fn full(&self) -> bool {
        self.running.len() >= self.limit
    }

    /// Begins one.
    ///
    /// # Errors
    /// [`End::DUPLICATE`] when the id is in use.
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
        // A panic ends the operation, and not the socket with all the others.
        let messages = AssertUnwindSafe(stream).catch_unwind().map(move |result| {
            let message = match result {
                Ok(response) => ServerMessage::of(id.clone(), response),
                Err(_) => ServerMessage::Error { id: id.clone(), payload: vec![refusal::masked(&request_id)] },
            };
            let push = push.clone().filter(|_| matches!(message, ServerMessage::Next { .. }));
            OperationMessage { message, push }
        });
        self.streams.push(Abortable::new(messages.chain(last), registration).boxed());
        Ok(())
    }

    /// Ends one, as its client wishes. It says nothing more.
    pub(super) fn stop(&mut self, id: &str) {
        if let Some(handle) = self.running.remove(id) {
            handle.abort();
        }
    }

    /// Waits for what any of them says; `None` when none runs.
    pub(super) async fn next(&mut self) -> Option<OperationMessage> {
        let told = self.streams.next().await?;
        if let ServerMessage::Error { id, .. } | ServerMessage::Complete { id } = &told.message {
            self.stop(id);
        }
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Response, ServerError, Value};
    use futures_util::stream;

    use super::*;

    fn start(operations: &mut Operations, id: &str, results: Vec<Response>) -> Result<(), End> {
        operations.start(
            id.to_owned(),
            RequestId("r".to_owned()),
            Results { stream: stream::iter(results).boxed(), push: None },
        )
    }

    async fn said(mut operations: Operations) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(told) = operations.next().await {
            said.push(serde_json::to_string(&told.message).unwrap());
        }
        said
    }

    #[tokio::test]
    async fn results_are_followed_by_complete() {
        let mut operations = Operations::new(100);
        start(&mut operations, "a", vec![Response::new(Value::from(1))]).unwrap();
        let expected = [r#"{"type":"next","id":"a","payload":{"data":1}}"#, r#"{"type":"complete","id":"a"}"#];
        assert_eq!(said(operations).await, expected);
    }

    #[tokio::test]
    async fn nothing_follows_an_error() {
        let mut operations = Operations::new(100);
        let refused = Response::from_errors(vec![ServerError::new("no", None)]);
        start(&mut operations, "a", vec![refused, Response::new(Value::from(1))]).unwrap();
        assert_eq!(said(operations).await, [r#"{"type":"error","id":"a","payload":[{"message":"no"}]}"#]);
    }

    #[tokio::test]
    async fn a_stopped_operation_says_nothing_and_frees_its_id() {
        let mut operations = Operations::new(100);
        start(&mut operations, "a", vec![Response::new(Value::from(1))]).unwrap();
        assert_eq!(start(&mut operations, "a", vec![]), Err(End::DUPLICATE));
        operations.stop("a");
        start(&mut operations, "a", vec![]).unwrap();
        assert_eq!(said(operations).await, [r#"{"type":"complete","id":"a"}"#]);
    }

    #[tokio::test]
    async fn a_panic_ends_its_operation_only() {
        let mut operations = Operations::new(100);
        let panics = stream::iter([1]).map(|_| -> Response { panic!("on purpose") }).boxed();
        operations.start("a".to_owned(), RequestId("r".to_owned()), Results { stream: panics, push: None }).unwrap();
        start(&mut operations, "b", vec![]).unwrap();
        let said = said(operations).await;
        assert!(said.iter().any(|message| message.contains("INTERNAL") && !message.contains("purpose")), "{said:?}");
        assert!(said.contains(&r#"{"type":"complete","id":"b"}"#.to_owned()), "{said:?}");
    }
}
