//! Which connection goes when there is no room.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// Whom a connection belongs to, as far as its address tells.
///
/// Of an IPv6 address only the first 64 bits count: one machine usually has all addresses behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 => v4,
        })
    }
}

/// A connection that may be closed. A smaller `id` is an older connection.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// The connection's number.
    pub id: u64,
    /// Whose it is.
    pub peer: Peer,
    /// Its requests that are not answered to the end.
    pub open: usize,
}

/// The connection to close so that `newcomer` can be let in: the oldest one of the peer that has the
/// most, the newcomer counted. So a peer with many connections takes places from itself alone.
pub fn for_a_newcomer(candidates: &[Candidate], newcomer: Peer) -> Option<u64> {
    let mut counts: HashMap<Peer, usize> = HashMap::from([(newcomer, 1)]);
    for candidate in candidates {
        *counts.entry(candidate.peer).or_default() += 1;
    }
    let count = |candidate: &Candidate| counts.get(&candidate.peer).copied().unwrap_or_default();
    let most = candidates.iter().map(count).max()?;
    let greediest = candidates.iter().filter(|it| count(it) == most);
    greediest.map(|it| it.id).min()
}

/// The connection to close when all together have too many open requests: the one with the most.
pub fn for_requests(candidates: &[Candidate]) -> Option<u64> {
    let most = candidates.iter().map(|it| it.open).max()?;
    let greediest = candidates.iter().filter(|it| it.open == most);
    greediest.map(|it| it.id).min()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use crate::listener::choice::*;

    fn peer(number: u8) -> Peer {
        IpAddr::from([10, 0, 0, number]).into()
    }

    fn candidates(peers: &[u8]) -> Vec<Candidate> {
        let ids = 0..;
        ids.zip(peers)
            .map(|(id, number)| Candidate {
                id,
                peer: peer(*number),
                open: usize::from(*number),
            })
            .collect()
    }

    #[test]
    fn the_oldest_of_the_greediest_peer_goes() {
        let all = candidates(&[1, 2, 3, 2, 2]);
        assert_eq!(for_a_newcomer(&all, peer(9)), Some(1));
        assert_eq!(for_a_newcomer(&[], peer(9)), None);
    }

    #[test]
    fn a_newcomer_counts_for_its_own_peer() {
        let all = candidates(&[1, 1, 2, 2]);
        assert_eq!(for_a_newcomer(&all, peer(2)), Some(2));
        assert_eq!(for_a_newcomer(&all, peer(1)), Some(0));
        assert_eq!(for_a_newcomer(&all, peer(3)), Some(0));
    }

    #[test]
    fn the_connection_with_most_requests_goes() {
        assert_eq!(for_requests(&candidates(&[1, 7, 2, 7])), Some(1));
        assert_eq!(for_requests(&[]), None);
    }

    #[test]
    fn addresses_of_one_machine_are_one_peer() {
        let peer = |address: &str| Peer::from(address.parse::<IpAddr>().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:2"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
        assert_ne!(peer("10.0.0.1"), peer("10.0.0.2"));
    }

    proptest! {
        // However many connections a peer opens, one that has a fair share loses none of them.
        #[test]
        fn a_fair_share_is_safe(attacks in prop::collection::vec(0_u8..4, 0..300)) {
            const PLACES: usize = 16;
            let mut all = candidates(&[100, 100, 100]);
            for (id, attacker) in (3..).zip(attacks) {
                let newcomer = peer(attacker);
                if all.len() >= PLACES {
                    let gone = for_a_newcomer(&all, newcomer).unwrap();
                    all.retain(|it| it.id != gone);
                }
                all.push(Candidate { id, peer: newcomer, open: 0 });
            }
            prop_assert_eq!(all.iter().filter(|it| it.peer == peer(100)).count(), 3);
        }
    }
}
