//! The address of a caller, as far as it can be determined.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The bits of an IPv6 address that one customer of a provider has (RFC 6177): a customer with one of these addresses has
/// all of them.
const PREFIX: u128 = u128::MAX << 64;

/// An address that limits go by: an IPv4 address, or the first 64 bits of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

/// The address of unknown callers, who all share it.
impl Default for Address {
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & PREFIX)),
        })
    }
}

/// Networks of proxies that are trusted to name their clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Reads networks such as `10.0.0.0/8` and single addresses.
    ///
    /// # Errors
    /// The first that is neither.
    pub fn read<'a>(list: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let list = list.into_iter().map(str::trim).filter(|text| !text.is_empty());
        let networks = list.map(|text| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| {
                format!("{text:?} is not a network: write networks such as 10.0.0.0/8 or addresses such as 192.0.2.7")
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Returns true if the address is a trusted proxy's.
    #[must_use]
    pub fn trust(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Returns the client: the peer, or, if that is a trusted proxy, the last address in `forwarded` (the values of
    /// `X-Forwarded-For`) that is not a trusted proxy. Anybody can have written the addresses before it.
    #[must_use]
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer;
        let mut hops = forwarded.rev().flat_map(|value| value.rsplit(',')).map(ip);
        while self.trust(client) {
            match hops.next() {
                Some(Some(hop)) => client = hop,
                Some(None) | None => break,
            }
        }
        client
    }
}

/// An address as proxies write it: some with a port.
fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let socket = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(socket)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::read(["10.0.0.0/8", "2001:db8::7"]).unwrap();
        proxies.client(peer.parse().unwrap(), forwarded.iter().copied()).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("2001:db8::7", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn the_last_that_is_no_proxy_counts() {
        assert_eq!(client("10.1.2.3", &["6.6.6.6, 198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["6.6.6.6", "198.51.100.1", "10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["10.9.9.9"]), "10.9.9.9");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_search() {
        assert_eq!(client("10.1.2.3", &["6.6.6.6, unknown"]), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["[2001:db8::9]:4711"]), "2001:db8::9");
    }

    #[test]
    fn ipv6_counts_by_64_bits() {
        let address = |text: &str| Address::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }

    #[test]
    fn a_network_that_is_none_is_named() {
        assert!(Proxies::read(["10.0.0.0/33"]).unwrap_err().contains("10.0.0.0/33"));
        assert_eq!(Proxies::read([" ", ""]), Ok(Proxies::default()));
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_it_is_counted_by_its_own_address(
            text in ".{0,60}", pieces in "[0-9a-f:., \\[\\]]{0,60}", own in any::<[u8; 3]>(), port in any::<u16>()
        ) {
            let own = Ipv4Addr::new(203, own[0], own[1], own[2]).to_string();
            for text in [text, pieces] {
                prop_assert_eq!(client(&own, &[&text]), own.as_str());
                prop_assert_eq!(client("10.1.2.3", &[&text, &own]), own.as_str());
                prop_assert_eq!(client("10.1.2.3", &[&format!("{text},{own}:{port}, 10.9.9.9")]), own.as_str());
            }
        }
    }
}
