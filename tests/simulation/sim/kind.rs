//! The kind of a seed's scenario, and the features that it adds to a plain one.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::scenario::{AuthMethod, FaultFree, Hosts, LoadLevel, Scenario, seeded_rng};

/// A kind of scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Without TLS, compression and membership changes.
    Plain,
    /// With TLS.
    Encrypted,
    /// With compressed requests and responses.
    Compressed,
    /// Coordinators join and leave, and clients use discovery.
    MembershipChanges,
    /// Membership changes without faults: each call must succeed.
    OnlyMembershipChanges,
    /// TLS, compression and membership changes.
    Everything,
    /// As plain, with documents and queries instead of single requests. No seed is of this kind: each has one besides.
    Data,
}

/// HTTP version of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    Http1,
    /// HTTP/2, with TLS only if the handshake negotiates it.
    Http2Negotiated,
    /// HTTP/2 with prior knowledge, with or without TLS.
    Http2PriorKnowledge,
    /// HTTP/1.1 with some coordinators, HTTP/2 with others.
    Mixed,
}

/// Compression of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompressionKind {
    Disabled,
    Deflate,
    Gzip,
}

impl Kind {
    /// Draws the kind of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        match seeded_rng(seed, 6).random_range(0..14) {
            0..=4 => Self::Plain,
            5 | 6 => Self::Encrypted,
            7 => Self::Compressed,
            8 | 9 => Self::MembershipChanges,
            10 => Self::OnlyMembershipChanges,
            _ => Self::Everything,
        }
    }

    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::Encrypted | Self::Everything)
    }

    pub(crate) fn is_compressed(self) -> bool {
        matches!(self, Self::Compressed | Self::Everything)
    }

    pub(crate) fn has_membership_changes(self) -> bool {
        matches!(self, Self::MembershipChanges | Self::OnlyMembershipChanges | Self::Everything)
    }
}

/// Adds the features of its kind to a plain scenario.
pub(crate) fn apply(scenario: &mut Scenario) {
    let mut rng = seeded_rng(scenario.seed, 7);
    if scenario.kind.is_encrypted() {
        // Some coordinators are behind a proxy that supports only HTTP/1.1.
        scenario.http2 = rng.random_bool(0.75);
        let versions: &[HttpVersion] = if scenario.http2 {
            &[
                HttpVersion::Http1,
                HttpVersion::Http2Negotiated,
                HttpVersion::Http2Negotiated,
                HttpVersion::Http2PriorKnowledge,
                HttpVersion::Mixed,
            ]
        } else {
            &[HttpVersion::Http1, HttpVersion::Http2Negotiated]
        };
        for client in &mut scenario.clients {
            client.http_version = *versions.choose(&mut rng).expect("there are some");
        }
    }
    if scenario.kind.is_compressed() {
        scenario.compress_responses_from = Some(*[1, 64, 1_000].choose(&mut rng).expect("there are three"));
        for client in &mut scenario.clients {
            let compressions = [CompressionKind::Deflate, CompressionKind::Gzip, CompressionKind::Disabled];
            client.compression = *compressions.choose(&mut rng).expect("there are three");
        }
    }
    if scenario.kind.has_membership_changes() {
        add_discovery(scenario, &mut rng);
    }
    if scenario.kind == Kind::Everything {
        for client in &mut scenario.clients {
            client.hedges = true;
            if rng.random_bool(0.6) {
                client.login = AuthMethod::Jwt;
            }
        }
    }
}

/// Enables discovery, and lets some coordinators join later.
fn add_discovery(scenario: &mut Scenario, rng: &mut StdRng) {
    scenario.coordinators += 2;
    scenario.initial_coordinators = rng.random_range(2..=scenario.coordinators);
    // Long enough for several discovery rounds; tokens expire meanwhile.
    scenario.span = Duration::from_secs(rng.random_range(60..=100));
    scenario.pause = Duration::ZERO;
    scenario.token_lifetime = Duration::from_secs(rng.random_range(70..=150));
    scenario.load = LoadLevel::Normal;
    scenario.calls = scenario.calls.clamp(80, 120);
    if scenario.kind == Kind::OnlyMembershipChanges {
        scenario.fault_free = FaultFree::AllCoordinators;
        // A connection that is closed just when it is reused ends a call that may not be retried.
        scenario.keep_alive = Duration::from_secs(300);
    }
    for client in &mut scenario.clients {
        let all = 0..scenario.coordinators;
        client.seeds = all.filter(|_| rng.random_bool(0.4)).collect();
        // At least one seed: coordinator 0, which is free of faults in some scenarios.
        if scenario.fault_free != FaultFree::NoCoordinator || client.seeds.is_empty() {
            client.seeds.insert(0, 0);
            client.seeds.dedup();
        }
        client.discovery_interval = Some(Duration::from_secs(rng.random_range(8..=40)));
        if scenario.fault_free == FaultFree::AllCoordinators {
            client.hosts = Hosts::Addresses;
            client.total = Duration::from_secs(60);
            client.attempt = Duration::from_secs(30);
            client.acquire = Duration::from_secs(30);
            client.connections = 128;
        }
    }
}
