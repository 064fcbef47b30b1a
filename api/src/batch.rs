//! Forms batches: requests that arrive while a batch is running wait, and form the next one.
//!
//! There are no timers. A lone request is a batch of its own and starts at once; the busier the gateway, the larger its
//! batches. Guarantees:
//! - a batch starts after each of its requests was made, so the data that it reads are not older than the request;
//! - batches run one after the other, in a task of their own: a caller who gives up takes nothing from the others;
//! - a request whose caller gave up before its batch started is left out;
//! - a panic fails the requests of its batch, and no others.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

/// Maximum number of requests that wait for the next batch. Further callers wait for room.
const WAITING: usize = 4096;

/// Maximum number of requests of one batch.
const LARGEST: usize = 512;

/// Works on batches.
pub trait Worker: Send + 'static {
    /// A request.
    type Request: Send + 'static;
    /// The answer to a request.
    type Answer: Send + 'static;

    /// Answers each request of a batch. A request that is dropped fails.
    fn work(&mut self, batch: Vec<Pending<Self::Request, Self::Answer>>) -> impl Future<Output = ()> + Send;
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Pending<Q, A> {
    /// The request.
    pub request: Q,
    answer: oneshot::Sender<A>,
}

impl<Q, A> Pending<Q, A> {
    /// Answers the request. Does nothing if the caller gave up.
    pub fn answer(self, answer: A) {
        drop(self.answer.send(answer));
    }
}

/// The batch ended without an answer: a panic, or the gateway stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch ended without an answer")]
pub struct NoAnswer;

/// Takes requests, cheap to clone. The task ends once all handles are gone.
#[derive(Debug)]
pub struct Batches<Q, A>(mpsc::Sender<Pending<Q, A>>);

impl<Q, A> Clone for Batches<Q, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Send + 'static, A: Send + 'static> Batches<Q, A> {
    /// Starts the task that works on the batches.
    pub fn start(mut worker: impl Worker<Request = Q, Answer = A>) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Pending<Q, A>>(WAITING);
        tokio::spawn(async move {
            let mut is_busy = false;
            while let Some(first) = receiver.recv().await {
                if is_busy {
                    // Lets the tasks that are ready to run make their requests first, so that they join this batch.
                    tokio::task::yield_now().await;
                }
                let mut batch = vec![first];
                while batch.len() < LARGEST
                    && let Ok(pending) = receiver.try_recv()
                {
                    batch.push(pending);
                }
                is_busy = batch.len() > 1;
                batch.retain(|pending| !pending.answer.is_closed());
                if batch.is_empty() {
                    continue;
                }
                if AssertUnwindSafe(worker.work(batch)).catch_unwind().await.is_err() {
                    tracing::error!("a batch panicked: its requests failed");
                }
            }
        });
        Self(sender)
    }

    /// Sends a request, and waits for the answer.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask(&self, request: Q) -> Result<A, NoAnswer> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Pending { request, answer }).await.map_err(|_| NoAnswer)?;
        answered.await.map_err(|_| NoAnswer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// Answers with the size of the batch, once it may.
    struct Sizes {
        turns: Arc<Semaphore>,
        sizes: Arc<Mutex<Vec<usize>>>,
    }

    impl Worker for Sizes {
        type Request = u32;
        type Answer = u32;

        async fn work(&mut self, batch: Vec<Pending<u32, u32>>) {
            self.turns.acquire().await.unwrap().forget();
            self.sizes.lock().unwrap().push(batch.len());
            for pending in batch {
                assert_ne!(pending.request, 13, "unlucky");
                let request = pending.request;
                pending.answer(request * 2);
            }
        }
    }

    type Started = (Batches<u32, u32>, Arc<Semaphore>, Arc<Mutex<Vec<usize>>>);

    fn start() -> Started {
        let (turns, sizes) = (Arc::new(Semaphore::new(0)), Arc::default());
        (Batches::start(Sizes { turns: turns.clone(), sizes: Arc::clone(&sizes) }), turns, sizes)
    }

    /// Lets every other task run until it waits. (The tests run on one thread.)
    async fn everybody_waits() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn requests_that_arrive_during_a_batch_form_the_next_one() {
        let (batches, turns, sizes) = start();
        let ask = |request| {
            let batches = batches.clone();
            tokio::spawn(async move { batches.ask(request).await })
        };
        let first = ask(1);
        everybody_waits().await;
        let rest: Vec<_> = (2..=9).map(ask).collect();
        everybody_waits().await;
        turns.add_permits(10);
        assert_eq!(first.await.unwrap(), Ok(2));
        let answers = join_all(rest).await.into_iter().map(|answer| answer.unwrap().unwrap());
        assert_eq!(answers.collect::<Vec<_>>(), [4, 6, 8, 10, 12, 14, 16, 18]);
        assert_eq!(*sizes.lock().unwrap(), [1, 8]);
    }

    #[tokio::test]
    async fn a_caller_who_gives_up_takes_nothing_from_the_others() {
        let (batches, turns, sizes) = start();
        let ask = |request| {
            let batches = batches.clone();
            tokio::spawn(async move { batches.ask(request).await })
        };
        let (leaves_during, stays) = (ask(1), ask(2));
        everybody_waits().await;
        let (leaves_before, late) = (ask(3), ask(4));
        everybody_waits().await;
        leaves_during.abort();
        leaves_before.abort();
        everybody_waits().await;
        turns.add_permits(10);
        assert_eq!((stays.await.unwrap(), late.await.unwrap()), (Ok(4), Ok(8)));
        assert_eq!(*sizes.lock().unwrap(), [2, 1]);
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_batch_only() {
        let (batches, turns, _) = start();
        turns.add_permits(10);
        assert_eq!(batches.ask(13).await, Err(NoAnswer));
        assert_eq!(batches.ask(1).await, Ok(2));
    }
}
