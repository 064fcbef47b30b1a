//! Distinguishes requests whose body was read to its end from those that were answered earlier.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use hyper::body::{Frame, SizeHint};

/// Records that a request's body was read to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Received(Option<Arc<AtomicBool>>);

impl Received {
    /// True also for a request without a body.
    pub(super) fn is_whole(&self) -> bool {
        self.0.as_ref().is_none_or(|whole| whole.load(Ordering::Relaxed))
    }
}

/// Watches how far a request's body is read.
pub(super) fn watch(request: Request) -> (Request, Received) {
    if request.body().is_end_stream() {
        return (request, Received::default());
    }
    let whole = Arc::new(AtomicBool::new(false));
    let received = Received(Some(whole.clone()));
    (request.map(|body| Body::new(WatchedBody { body, whole })), received)
}

struct WatchedBody {
    body: Body,
    whole: Arc<AtomicBool>,
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.whole.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
