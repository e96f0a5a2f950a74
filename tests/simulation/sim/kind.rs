//! Which kind of world a seed is, and what is on in it beside what always is.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::setting::{Hosts, Login, Pace, Peace, Setting, chance};

/// A kind of world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Neither TLS nor compression, and the coordinators are those that were named.
    Plain,
    /// Everything that is said is encrypted.
    Encrypted,
    /// Requests and answers are compressed.
    Compressed,
    /// Coordinators come and go, and clients look for them.
    Changing,
    /// The same, and nothing else happens: then each call is answered.
    OnlyChanging,
    /// All of it at once.
    Everything,
}

/// What clients speak with coordinators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    /// HTTP/2, with TLS if both agree on it while that begins.
    Http2,
    /// HTTP/2 from the first byte on, with TLS or without.
    Http2Surely,
    /// The one with some and the other with others.
    Both,
}

/// How a client compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Never,
    Deflate,
    Gzip,
}

impl Kind {
    /// The kind of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        match chance(seed, 6).random_range(0..14) {
            0..=4 => Self::Plain,
            5 | 6 => Self::Encrypted,
            7 => Self::Compressed,
            8 | 9 => Self::Changing,
            10 => Self::OnlyChanging,
            _ => Self::Everything,
        }
    }

    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::Encrypted | Self::Everything)
    }

    pub(crate) fn is_compressed(self) -> bool {
        matches!(self, Self::Compressed | Self::Everything)
    }

    pub(crate) fn is_changing(self) -> bool {
        matches!(self, Self::Changing | Self::OnlyChanging | Self::Everything)
    }
}

/// Makes a plain world one of its kind.
pub(crate) fn make(setting: &mut Setting) {
    let mut chance = chance(setting.seed, 7);
    if setting.kind.is_encrypted() {
        // Coordinators before which something stands that speaks HTTP/1.1 alone.
        setting.http2 = chance.random_bool(0.75);
        let speaks: &[Speaks] = if setting.http2 {
            &[Speaks::Http1, Speaks::Http2, Speaks::Http2, Speaks::Http2Surely, Speaks::Both]
        } else {
            &[Speaks::Http1, Speaks::Http2]
        };
        for client in &mut setting.clients {
            client.speaks = *speaks.choose(&mut chance).expect("there are some");
        }
    }
    if setting.kind.is_compressed() {
        setting.answers_from = Some(*[1, 64, 1_000].choose(&mut chance).expect("there are three"));
        for client in &mut setting.clients {
            let packing = [Packing::Deflate, Packing::Gzip, Packing::Never];
            client.packing = *packing.choose(&mut chance).expect("there are three");
        }
    }
    if setting.kind.is_changing() {
        change(setting, &mut chance);
    }
    if setting.kind == Kind::Everything {
        for client in &mut setting.clients {
            client.hedges = true;
            if chance.random_bool(0.6) {
                client.login = Login::Jwt;
            }
        }
    }
}

/// Has clients look for coordinators, some of which come only later.
fn change(setting: &mut Setting, chance: &mut StdRng) {
    setting.coordinators += 2;
    setting.absent_from = chance.random_range(2..=setting.coordinators);
    // Long enough for lists to be asked for again and again; tokens come to their end meanwhile.
    setting.span = Duration::from_secs(chance.random_range(60..=100));
    setting.pause = Duration::ZERO;
    setting.token = Duration::from_secs(chance.random_range(70..=150));
    setting.pace = Pace::Calm;
    setting.calls = setting.calls.clamp(80, 120);
    if setting.kind == Kind::OnlyChanging {
        setting.peace = Peace::Everywhere;
        // A connection that is closed just as it is used again ends a call that is not repeated.
        setting.keep_alive = Duration::from_secs(300);
    }
    for client in &mut setting.clients {
        let all = 0..setting.coordinators;
        client.seeds = all.filter(|_| chance.random_bool(0.4)).collect();
        // The one to which nothing happens, or somebody.
        if setting.peace != Peace::Nowhere || client.seeds.is_empty() {
            client.seeds.insert(0, 0);
            client.seeds.dedup();
        }
        client.looks = Some(Duration::from_secs(chance.random_range(8..=40)));
        if setting.peace == Peace::Everywhere {
            client.hosts = Hosts::Addresses;
            client.total = Duration::from_secs(60);
            client.attempt = Duration::from_secs(30);
            client.acquire = Duration::from_secs(30);
            client.connections = 128;
        }
    }
}
