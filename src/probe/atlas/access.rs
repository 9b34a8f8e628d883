//! How wide an access list is: whom its entries let in, alone and together.
//!
//! Source: Atlas documentation, "Configure IP Access List Entries"; IANA's registries of IPv4 and IPv6 addresses.

use super::read::{moment, text};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// Addresses of a block that IANA gives to a regional registry, which no single organisation fills: a /8 of IPv4
/// (RFC 7020, IANA IPv4 Address Space Registry), and a /12 of IPv6 (IANA, policy for global unicast, 2006).
const OF_A_REGISTRY: [u128; 2] = [1 << 24, 1 << 116];
/// What the internet's hosts have: IPv4 without the first and the last 8-bit blocks, which are no hosts' (RFC 6890,
/// RFC 1112), and the part of IPv6 that is in use (RFC 4291 section 2.4).
const OF_EVERYBODY: [RangeInclusive<u128>; 2] =
    [0x0100_0000..=0xdfff_ffff, (0x2 << 124)..=((0x4 << 124) - 1)];
/// Blocks that nobody has on the internet: RFC 1918, RFC 6598, RFC 4193. Peered networks are listed by them.
const PRIVATE: [(IpAddr, u32); 5] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
];

/// Further blocks that no host of the internet has (IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890): a
/// list that lets in all but these lets in everybody.
const NOBODYS: [(IpAddr, u32); 11] = [
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(192, 0, 0, 0)), 24),
    (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0)), 24),
    (IpAddr::V4(Ipv4Addr::new(192, 88, 99, 0)), 24),
    (IpAddr::V4(Ipv4Addr::new(198, 18, 0, 0)), 15),
    (IpAddr::V4(Ipv4Addr::new(198, 51, 100, 0)), 24),
    (IpAddr::V4(Ipv4Addr::new(203, 0, 113, 0)), 24),
    (IpAddr::V6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0)), 23),
    (
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)),
        32,
    ),
    (IpAddr::V6(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0)), 16),
];

/// What an access list amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AccessList {
    /// Entries that let everybody in, alone or together.
    pub(super) open: Vec<String>,
    /// Entries that let in as many addresses as a regional registry has of one block.
    pub(super) wide: Vec<String>,
    /// Different public addresses of IPv4 that all entries together let in.
    pub(super) public_ipv4: u64,
    /// Entries that are neither an address nor a range nor a security group.
    pub(super) unread: Vec<String>,
    /// Temporary entries whose time is over.
    pub(super) expired: Vec<String>,
}

/// One entry with the addresses that it lets in; 0 stands for IPv4, 1 for IPv6.
struct Range {
    shown: String,
    family: usize,
    addresses: RangeInclusive<u128>,
}

impl Range {
    /// Reads `address` or `address/width`.
    fn read(shown: &str) -> Option<Self> {
        let (address, width) = match shown.split_once('/') {
            Some((address, width)) => (address, Some(width.parse().ok()?)),
            None => (shown, None),
        };
        let (family, addresses) = block(address.parse().ok()?, width)?;
        Some(Self {
            shown: shown.to_owned(),
            family,
            addresses,
        })
    }

    fn size(&self) -> u128 {
        (self.addresses.end() - self.addresses.start()).saturating_add(1)
    }

    fn is_private(&self) -> bool {
        PRIVATE.iter().any(|(address, width)| {
            block(*address, Some(*width)).is_some_and(|(family, block)| {
                family == self.family
                    && block.contains(self.addresses.start())
                    && block.contains(self.addresses.end())
            })
        })
    }
}

/// The addresses of a block; the bits behind its width do not count.
fn block(address: IpAddr, width: Option<u32>) -> Option<(usize, RangeInclusive<u128>)> {
    let (family, bits, number) = match address {
        IpAddr::V4(address) => (0, 32, u128::from(address.to_bits())),
        IpAddr::V6(address) => (1, 128, address.to_bits()),
    };
    let free = bits - width.unwrap_or(bits).min(bits);
    if width.is_some_and(|width| width > bits) {
        return None;
    }
    // A shift by 128 bits is none.
    let rest = 1_u128.checked_shl(free).map_or(u128::MAX, |it| it - 1);
    let first = number & !rest;
    Some((family, first..=first | rest))
}

/// Ranges that touch or overlap as one, in order.
fn joined(mut ranges: Vec<RangeInclusive<u128>>) -> Vec<RangeInclusive<u128>> {
    ranges.sort_by_key(|range| *range.start());
    let mut joined: Vec<RangeInclusive<u128>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if *range.start() <= last.end().saturating_add(1) => {
                *last = *last.start()..=*last.end().max(range.end());
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// Reads the entries of an access list; `now` is in seconds since 1970.
pub(super) fn read(entries: &[Value], now: i64) -> AccessList {
    let mut list = AccessList::default();
    let mut ranges = Vec::new();
    for entry in entries {
        let shown = ["cidrBlock", "ipAddress", "awsSecurityGroup"]
            .iter()
            .find_map(|key| text(entry, key))
            .unwrap_or("an entry without an address");
        match Range::read(shown) {
            Some(range) => ranges.push(range),
            None if text(entry, "awsSecurityGroup") == Some(shown) => {}
            None => list.unread.push(shown.to_owned()),
        }
        if moment(entry, "deleteAfterDate").is_some_and(|end| end < now) {
            list.expired.push(shown.to_owned());
        }
    }
    let public: Vec<&Range> = ranges.iter().filter(|range| !range.is_private()).collect();
    for (family, everybody) in OF_EVERYBODY.iter().enumerate() {
        let all = ranges.iter().filter(|range| range.family == family);
        let nobodys = PRIVATE.iter().chain(&NOBODYS);
        let nobodys = nobodys.filter_map(|(address, width)| block(*address, Some(*width)));
        let nobodys = nobodys
            .filter(|(of, _)| *of == family)
            .map(|(_, block)| block);
        let all = all.map(|range| range.addresses.clone());
        let together = joined(all.chain(nobodys).collect());
        let whole = together
            .iter()
            .find(|range| range.contains(everybody.start()) && range.contains(everybody.end()));
        let least = OF_A_REGISTRY[family];
        let wide = public
            .iter()
            .filter(|range| range.family == family && range.size() >= least);
        let wide: Vec<String> = wide.map(|range| range.shown.clone()).collect();
        if whole.is_some() {
            // Of many entries that make the whole together, the wide ones say it, where there are any.
            let any = public.iter().filter(|range| range.family == family);
            let any = any.take(10).map(|range| range.shown.clone());
            match wide.is_empty() {
                true => list.open.extend(any),
                false => list.open.extend(wide.iter().cloned()),
            }
        }
        list.wide.extend(wide);
    }
    let ipv4 = public.iter().filter(|range| range.family == 0);
    let together = joined(ipv4.map(|range| range.addresses.clone()).collect());
    let number: u128 = together
        .iter()
        .map(|range| range.end() - range.start() + 1)
        .sum();
    list.public_ipv4 = u64::try_from(number).unwrap_or(u64::MAX);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000; // 2027-01-15T08:00:00Z

    fn of(blocks: &[&str]) -> AccessList {
        let entries: Vec<_> = blocks
            .iter()
            .map(|block| json!({ "cidrBlock": block }))
            .collect();
        read(&entries, NOW)
    }

    #[test]
    fn the_whole_internet_is_found_in_either_form() {
        let entries = [
            json!({ "cidrBlock": "203.0.113.4/32", "ipAddress": "203.0.113.4" }),
            json!({ "cidrBlock": "0.0.0.0/0", "comment": "vercel" }),
            json!({ "cidrBlock": "::/0" }),
            json!({ "cidrBlock": "198.51.100.0/24", "deleteAfterDate": "2027-01-15T07:00:00Z" }),
            json!({ "awsSecurityGroup": "sg-1" }),
        ];
        let list = read(&entries, NOW);
        assert_eq!(list.open, ["0.0.0.0/0", "::/0"]);
        assert_eq!(list.expired, ["198.51.100.0/24"]);
        assert_eq!(list.unread, [""; 0]);
    }

    #[test]
    fn halves_that_make_the_whole_are_the_whole() {
        let halves = of(&["128.0.0.0/1", "203.0.113.4/32", "0.0.0.0/1"]);
        assert_eq!(halves.open, ["128.0.0.0/1", "0.0.0.0/1"]);
        assert_eq!(halves.public_ipv4, 1 << 32);
        // What no host has does not make the difference; half of the hosts does.
        let hosts = of(&[
            "1.0.0.0/8",
            "2.0.0.0/7",
            "4.0.0.0/6",
            "8.0.0.0/5",
            "16.0.0.0/4",
            "32.0.0.0/3",
            "64.0.0.0/2",
            "128.0.0.0/2",
            "192.0.0.0/3",
        ]);
        assert_eq!(hosts.open.len(), 9);
        let half = of(&["0.0.0.0/1"]);
        assert_eq!((half.open.len(), half.wide.len()), (0, 1));
        assert_eq!(of(&["2000::/3"]).open, ["2000::/3"]);
    }

    #[test]
    fn all_but_what_nobody_has_is_everybody() {
        // The usual list of what is left of IPv4 without its private blocks.
        let public = [
            "1.0.0.0/8",
            "2.0.0.0/7",
            "4.0.0.0/6",
            "8.0.0.0/7",
            "11.0.0.0/8",
            "12.0.0.0/6",
            "16.0.0.0/4",
            "32.0.0.0/3",
            "64.0.0.0/3",
            "96.0.0.0/4",
            "112.0.0.0/5",
            "120.0.0.0/6",
            "124.0.0.0/7",
            "126.0.0.0/8",
            "128.0.0.0/3",
            "160.0.0.0/5",
            "168.0.0.0/6",
            "172.0.0.0/12",
            "172.32.0.0/11",
            "172.64.0.0/10",
            "172.128.0.0/9",
            "173.0.0.0/8",
            "174.0.0.0/7",
            "176.0.0.0/4",
            "192.0.0.0/9",
            "192.128.0.0/11",
            "192.160.0.0/13",
            "192.169.0.0/16",
            "192.170.0.0/15",
            "192.172.0.0/14",
            "192.176.0.0/12",
            "192.192.0.0/10",
            "193.0.0.0/8",
            "194.0.0.0/7",
            "196.0.0.0/6",
            "200.0.0.0/5",
            "208.0.0.0/4",
        ];
        assert!(!of(&public).open.is_empty());
        let without_one: Vec<_> = public
            .into_iter()
            .filter(|one| *one != "11.0.0.0/8")
            .collect();
        assert_eq!(of(&without_one).open, [""; 0]);
    }

    #[test]
    fn a_block_of_a_registry_is_wide_and_the_one_below_is_not() {
        assert_eq!(of(&["3.0.0.0/8"]).wide, ["3.0.0.0/8"]);
        let below = of(&["3.0.0.0/9"]);
        assert_eq!((below.wide.len(), below.public_ipv4), (0, 1 << 23));
        assert_eq!(of(&["2a00::/12"]).wide, ["2a00::/12"]);
        assert_eq!(of(&["2a00::/13"]).wide, [""; 0]);
        // Two that touch, one of them twice.
        let two = of(&["3.0.0.0/9", "3.128.0.0/9", "3.0.0.0/9"]);
        assert_eq!((two.wide.len(), two.public_ipv4), (0, 1 << 24));
        // The bits behind the width do not count.
        assert_eq!(of(&["3.9.9.9/8"]).public_ipv4, 1 << 24);
    }

    #[test]
    fn private_blocks_let_nobody_in_from_the_internet() {
        let list = of(&[
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "fd00::/8",
        ]);
        assert_eq!(list, AccessList::default());
        assert_eq!(of(&["8.0.0.0/6"]).wide, ["8.0.0.0/6"]);
    }

    #[test]
    fn what_is_no_address_is_said() {
        for strange in ["1.2.3.4/33", "::/129", "1.2.3/8", "1.2.3.4/", "/0", "", "a"] {
            assert_eq!(of(&[strange]).unread, [strange]);
        }
        assert_eq!(read(&[json!({})], NOW).unread.len(), 1);
        assert_eq!(of(&["1.2.3.4", "::1"]).public_ipv4, 1);
    }
}
