//! Turns at work that takes a processor for long, such as hashing passwords.
//!
//! Addresses take turns: one that sends many requests waits for its own, and delays another address by one turn at most.
//! There are fewer workers than processors, so that a flood leaves time for everybody else's requests.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use super::Address;

/// Time that a request waits for its turn: longer than the burst of one address takes.
pub(super) const WAIT: Duration = Duration::from_secs(20);

/// Maximum number of waiting requests of one address. More are refused at once.
const WAITING_PER_ADDRESS: usize = 30;

/// Hands out turns to addresses.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    queue: Arc<Mutex<Queue>>,
    waiting_per_address: usize,
}

#[derive(Debug)]
struct Queue {
    free_workers: usize,
    /// Addresses with waiting requests, in the order of their next turns.
    order: VecDeque<Address>,
    waiting: HashMap<Address, VecDeque<oneshot::Sender<Turn>>>,
}

/// A turn. Dropping it lets the next address begin.
#[derive(Debug)]
pub struct Turn(Option<Turns>);

impl Turns {
    /// Creates turns for one worker fewer than there are processors, and for one at least. Without `limited`, any number of
    /// requests of an address may wait.
    pub(super) fn new(limited: bool) -> Self {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        Self::with_workers(processors.saturating_sub(1).max(1), limited)
    }

    fn with_workers(workers: usize, limited: bool) -> Self {
        let queue = Queue { free_workers: workers, order: VecDeque::new(), waiting: HashMap::new() };
        let waiting_per_address = if limited { WAITING_PER_ADDRESS } else { usize::MAX };
        Self { queue: Arc::new(Mutex::new(queue)), waiting_per_address }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// The time after which another attempt may succeed: too many requests of the address wait, or this one has waited for
    /// too long.
    pub(super) async fn wait(&self, address: Address) -> Result<Turn, Duration> {
        let turn = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.free_workers > 0 {
                queue.free_workers -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            queue.join(address, self.waiting_per_address).ok_or(Duration::from_secs(1))?
        };
        match timeout(WAIT, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(WAIT),
        }
    }

    /// Hands a worker to the next request that still waits, or keeps it free.
    fn next(&self) {
        loop {
            let waiting = {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(waiting) = queue.pop() else {
                    queue.free_workers += 1;
                    return;
                };
                waiting
            };
            match waiting.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // The request was given up. Its turn must not end here, which would start another.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

impl Queue {
    fn join(&mut self, address: Address, most: usize) -> Option<oneshot::Receiver<Turn>> {
        let waiting = self.waiting.entry(address).or_default();
        waiting.retain(|sender| !sender.is_closed());
        if waiting.len() >= most {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        waiting.push_back(sender);
        if waiting.len() == 1 && !self.order.contains(&address) {
            self.order.push_back(address);
        }
        Some(receiver)
    }

    /// Takes the first request of the address whose turn it is. An address with more requests goes to the end.
    fn pop(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(address) = self.order.pop_front() {
            let Some(waiting) = self.waiting.get_mut(&address) else { continue };
            let first = waiting.pop_front();
            if waiting.is_empty() {
                self.waiting.remove(&address);
            } else {
                self.order.push_back(address);
            }
            if first.is_some() {
                return first;
            }
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use tokio::{spawn, task::yield_now};

    use super::*;

    fn address(last: u8) -> Address {
        Address::from(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test]
    async fn addresses_take_turns_however_many_requests_one_sends() {
        let turns = Turns::with_workers(1, true);
        let first = turns.wait(address(1)).await.unwrap();
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for last in [1, 1, 1, 1, 2, 3] {
            let (turns, served) = (turns.clone(), served.clone());
            waiting.push(spawn(async move {
                let turn = turns.wait(address(last)).await.unwrap();
                served.lock().unwrap().push(last);
                drop(turn);
            }));
            yield_now().await;
        }
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), [1, 2, 3, 1, 1, 1]);
    }

    #[tokio::test]
    async fn an_address_has_few_requests_waiting() {
        let turns = Turns::with_workers(1, true);
        let _held = turns.wait(address(1)).await.unwrap();
        let waiting: Vec<_> = (0..WAITING_PER_ADDRESS)
            .map(|_| {
                let turns = turns.clone();
                spawn(async move { turns.wait(address(1)).await })
            })
            .collect();
        yield_now().await;
        assert!(turns.wait(address(1)).await.is_err());
        for task in waiting {
            task.abort();
        }
    }

    #[tokio::test]
    async fn requests_that_were_given_up_are_passed_over_and_no_worker_is_lost() {
        let turns = Turns::with_workers(1, true);
        let held = turns.wait(address(1)).await.unwrap();
        for last in 2..6 {
            let turns = turns.clone();
            let task = spawn(async move { turns.wait(address(last)).await });
            yield_now().await;
            task.abort();
            task.await.unwrap_err();
        }
        drop(held);
        let queue = turns.queue.lock().unwrap();
        assert_eq!((queue.free_workers, queue.order.len(), queue.waiting.len()), (1, 0, 0));
    }
}
