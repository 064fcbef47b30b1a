//! The URLs that events may be sent to: public ones by https, unless the setting allows others.
//!
//! A name is resolved once for each connection: [`Resolver`] drops the addresses that are not allowed, and the connection is made
//! to one of those that it returned. So a name whose address changes between a check and the connection gains nothing.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use tower_service::Service;
use url::{Host, Url};

/// Maximum length of a URL in bytes.
const MAX_BYTES: usize = 2000;

/// Time limit for resolving a name.
const RESOLVE: Duration = Duration::from_secs(3);

/// A reason why no events may be sent to a URL, as a sentence about `url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a URL.
    #[error("url must be an absolute URL, such as https://service.example/events, of at most {MAX_BYTES} bytes.")]
    NotAUrl,
    /// Another scheme than https.
    #[error("url must begin with https://.")]
    NotHttps,
    /// A user or password in the URL.
    #[error("url must not contain a user, a password or a fragment. Verify the signature of events instead.")]
    HasExtras,
    /// The address is private, or special in another way.
    #[error("url must lead to a public address, not to a private, loopback or otherwise special one.")]
    Special,
    /// The name has no address.
    #[error("The host of url cannot be found. Check its spelling, or retry.")]
    Unknown,
}

/// Checks a URL, and that its host has an allowed address now. Returns the URL in its normal form.
///
/// # Errors
/// [`TargetError`].
pub async fn check(url: &str, allow_special: bool) -> Result<String, TargetError> {
    let url = parse(url, allow_special)?;
    if let Some(Host::Domain(name)) = url.host() {
        resolve(name, allow_special).await?;
    }
    Ok(url.into())
}

/// Reads a URL, and checks everything but the addresses of a name.
pub(super) fn parse(text: &str, allow_special: bool) -> Result<Url, TargetError> {
    if text.len() > MAX_BYTES {
        return Err(TargetError::NotAUrl);
    }
    let url = Url::parse(text).map_err(|_| TargetError::NotAUrl)?;
    match url.scheme() {
        "https" => {}
        "http" if allow_special => {}
        _ => return Err(TargetError::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(TargetError::HasExtras);
    }
    let address = match url.host() {
        None => return Err(TargetError::NotAUrl),
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
    };
    if !allow_special && address.is_some_and(|address| !is_public(address)) {
        return Err(TargetError::Special);
    }
    Ok(url)
}

/// The allowed addresses of a name, at least one.
async fn resolve(name: &str, allow_special: bool) -> Result<Vec<SocketAddr>, TargetError> {
    let found = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((name, 0))).await;
    let found = found.map_err(|_| TargetError::Unknown)?.map_err(|_| TargetError::Unknown)?;
    allowed(found.collect(), allow_special)
}

/// The allowed ones among the addresses of a name.
fn allowed(found: Vec<SocketAddr>, allow_special: bool) -> Result<Vec<SocketAddr>, TargetError> {
    if found.is_empty() {
        return Err(TargetError::Unknown);
    }
    let allowed: Vec<_> = found.into_iter().filter(|address| allow_special || is_public(address.ip())).collect();
    if allowed.is_empty() { Err(TargetError::Special) } else { Ok(allowed) }
}

/// Resolves names to allowed addresses for the HTTP client, which connects to nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver {
    pub(super) allow_special: bool,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allow_special = self.allow_special;
        Box::pin(
            async move { resolve(name.as_str(), allow_special).await.map(Vec::into_iter).map_err(io::Error::other) },
        )
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix))
}

/// Networks that are not public, by IANA's registries of special addresses.
const SPECIAL: [IpNet; 20] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Services of Azure for the machine itself, at a public address.
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast and reserved.
    v4(224, 0, 0, 0, 3),
    // Teredo and other protocols.
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0xdb8, 0, 32),
    // 6to4, which contains an address of IPv4.
    v6(0x2002, 0, 0, 16),
    v6(0x3fff, 0, 0, 20),
    v6(0x2620, 0x4f, 0x8000, 48),
];

/// The addresses of IPv6 that are assigned for public use.
const GLOBAL: IpNet = v6(0x2000, 0, 0, 3);

/// Decides whether an address is public.
fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_global = address.is_ipv4() || GLOBAL.contains(&address);
    is_global && !SPECIAL.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.1.2.3",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "fec0::1",
            "5f00::1",
            "::ffff:0.0.0.0",
            "::ffff:100.64.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "2001::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn a_url_is_https_and_has_no_extras() {
        for (url, error) in [
            ("", TargetError::NotAUrl),
            ("service.example", TargetError::NotAUrl),
            ("https://", TargetError::NotAUrl),
            ("http://service.example/", TargetError::NotHttps),
            ("ftp://service.example/", TargetError::NotHttps),
            ("https://ada:secret@service.example/", TargetError::HasExtras),
            ("https://service.example/#part", TargetError::HasExtras),
            ("https://127.0.0.1/", TargetError::Special),
            ("https://2130706433/", TargetError::Special),
            ("https://0x7f.1/", TargetError::Special),
            ("https://127.1/", TargetError::Special),
            ("https://127.0.0.1./", TargetError::Special),
            ("https://0/", TargetError::Special),
            ("https://[::1]/", TargetError::Special),
            ("https://[::ffff:7f00:1]/", TargetError::Special),
            ("https://[64:ff9b::a9fe:a9fe]/", TargetError::Special),
        ] {
            assert_eq!(parse(url, false), Err(error), "{url}");
        }
        assert_eq!(parse(&format!("https://a.example/{}", "a".repeat(MAX_BYTES)), false), Err(TargetError::NotAUrl));
        assert!(parse("https://service.example:8443/events?source=patch-hive", false).is_ok());
        assert!(parse("http://127.0.0.1:9/", true).is_ok());
    }

    #[test]
    fn of_a_name_with_both_kinds_of_addresses_only_the_public_ones_are_left() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let both =
            addresses(&["127.0.0.1:0", "[2606:4700:4700::1111]:0", "[::1]:0", "1.1.1.1:0", "[::ffff:10.0.0.1]:0"]);
        assert_eq!(allowed(both.clone(), false), Ok(addresses(&["[2606:4700:4700::1111]:0", "1.1.1.1:0"])));
        assert_eq!(allowed(both.clone(), true), Ok(both));
        assert_eq!(allowed(addresses(&["10.0.0.1:0", "[fd00::1]:0"]), false), Err(TargetError::Special));
        assert_eq!(allowed(Vec::new(), true), Err(TargetError::Unknown));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_special() {
        assert_eq!(check("https://localhost/", false).await, Err(TargetError::Special));
        assert_eq!(check("http://localhost", true).await.as_deref(), Ok("http://localhost/"));
        assert_eq!(check("https://nothing.invalid/", true).await, Err(TargetError::Unknown));
    }
}
