//! Decides whether a client may connect.
//!
//! One address may hold a share of all connections; trusted proxies are exempt, since they carry many clients. A few
//! connections beyond the limit are kept for probes, so that a full server is not taken for a dead one. A permit lasts as
//! long as its connection, also after the connection has become a websocket.

use std::{net::IpAddr, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    config::Config,
    http::concurrency::{ConcurrencyLimit, Permit},
    throttle::{Address, Proxies},
};

/// Connections beyond the limit, which serve probes only.
pub(super) const RESERVED: usize = 16;

/// Reserved connections that one address may hold.
const RESERVED_PER_ADDRESS: usize = 4;

/// Hands out permits for connections.
pub(super) struct Admission {
    proxies: Proxies,
    connections: Arc<Semaphore>,
    by_address: ConcurrencyLimit<Address>,
    reserved: Arc<Semaphore>,
    reserved_by_address: ConcurrencyLimit<Address>,
}

/// Allows one connection to stay open.
pub(super) struct ConnectionPermit {
    reserved: bool,
    /// `None` for trusted proxies.
    _of_address: Option<Permit<Address>>,
    /// `None` only if the semaphore was closed, which never happens.
    _of_all: Option<OwnedSemaphorePermit>,
}

impl ConnectionPermit {
    /// Returns true if the connection may serve probes only.
    pub(super) const fn is_reserved(&self) -> bool {
        self.reserved
    }
}

impl Admission {
    /// Reads the limits.
    pub(super) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let each = limits.address_connections.unwrap_or_else(|| (limits.connections / 2).max(1));
        Self {
            proxies: config.proxies.clone(),
            connections: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            by_address: ConcurrencyLimit::new(each),
            reserved: Arc::new(Semaphore::new(RESERVED)),
            reserved_by_address: ConcurrencyLimit::new(RESERVED_PER_ADDRESS),
        }
    }

    /// Admits a client, or returns `None` if its address has too many connections open. While the server is full and all
    /// reserved connections are taken, this waits for any connection to end.
    pub(super) async fn admit(&self, peer: IpAddr) -> Option<ConnectionPermit> {
        let address = Address::from(peer);
        let proxy = self.proxies.trust(peer);
        let of_address = if proxy { None } else { Some(self.by_address.acquire(address)?) };
        if let Ok(permit) = self.connections.clone().try_acquire_owned() {
            return Some(ConnectionPermit { reserved: false, _of_address: of_address, _of_all: Some(permit) });
        }
        let reserved_of_address = if proxy { None } else { Some(self.reserved_by_address.acquire(address)?) };
        let (reserved, of_address, of_all) = tokio::select! {
            biased;
            permit = self.connections.clone().acquire_owned() => (false, of_address, permit),
            permit = self.reserved.clone().acquire_owned() => (true, reserved_of_address, permit),
        };
        Some(ConnectionPermit { reserved, _of_address: of_address, _of_all: of_all.ok() })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    fn admission(connections: usize, each: Option<usize>) -> Admission {
        let mut config = Config::development("127.0.0.1:0".parse().unwrap(), String::new(), String::new()).unwrap();
        (config.limits.connections, config.limits.address_connections) = (connections, each);
        config.proxies = Proxies::read(["10.0.0.0/8"]).unwrap();
        Admission::new(&config)
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn an_address_may_hold_half_of_the_connections_unless_configured() {
        let all = admission(4, None);
        let held = [all.admit(peer("192.0.2.1")).await.unwrap(), all.admit(peer("192.0.2.1")).await.unwrap()];
        assert!(held.iter().all(|permit| !permit.is_reserved()));
        assert!(all.admit(peer("192.0.2.1")).await.is_none());
        assert!(!all.admit(peer("192.0.2.2")).await.unwrap().is_reserved());
        drop(held);
        assert!(!all.admit(peer("192.0.2.1")).await.unwrap().is_reserved());
        let one = admission(4, Some(1));
        let _held = one.admit(peer("2001:db8::1")).await.unwrap();
        assert!(one.admit(peer("2001:db8::2")).await.is_none(), "both are in the same /64");
    }

    #[tokio::test]
    async fn trusted_proxies_are_exempt() {
        let admission = admission(4, None);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(admission.admit(peer("10.0.0.1")).await.unwrap());
        }
        assert!(held.iter().all(|permit| !permit.is_reserved()));
    }

    #[tokio::test]
    async fn a_full_server_keeps_connections_for_probes() {
        let admission = admission(1, None);
        let _held = admission.admit(peer("192.0.2.1")).await.unwrap();
        let mut reserved = Vec::new();
        for _ in 0..RESERVED_PER_ADDRESS {
            reserved.push(admission.admit(peer("192.0.2.2")).await.unwrap());
        }
        assert!(reserved.iter().all(ConnectionPermit::is_reserved));
        assert!(admission.admit(peer("192.0.2.2")).await.is_none());
        assert!(admission.admit(peer("192.0.2.3")).await.unwrap().is_reserved());
    }

    #[tokio::test]
    async fn a_client_that_waits_gets_the_first_connection_that_ends() {
        let admission = admission(1, None);
        let held = admission.admit(peer("192.0.2.1")).await.unwrap();
        let mut reserved = Vec::new();
        for number in 0..RESERVED {
            let address = format!("192.0.2.{}", 10 + number / RESERVED_PER_ADDRESS);
            reserved.push(admission.admit(peer(&address)).await.unwrap());
        }
        assert!(reserved.iter().all(ConnectionPermit::is_reserved));
        let mut waiting = pin!(admission.admit(peer("192.0.2.2")));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(held);
        assert!(!waiting.as_mut().now_or_never().unwrap().unwrap().is_reserved());
    }
}
