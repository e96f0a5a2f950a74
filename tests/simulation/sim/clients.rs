//! The clients of a world, built as its setting says.

use std::sync::Arc;

use arango::balance::{Random, SeededRandom};
use arango::{
    Client, ClientBuilder, Compression, Coordinator as Place, Credentials, Discovery, Hedging, Http2, Limits,
    PoolLimits, Tls,
};
use arango_test_cluster::TestCluster;

use super::attempts::WatchLayer;
use super::kind::{Packing, Speaks};
use super::network::{Network, Road};
use super::places::name_of;
use super::setting::{ClientSetting, Hosts, Login, Setting, Spread};
use super::sightings::Sightings;

/// All clients of a world.
pub(crate) fn build(
    setting: &Setting,
    cluster: &TestCluster,
    network: &Network,
    sightings: &Sightings,
) -> Vec<Client> {
    let each = setting.clients.iter().enumerate();
    each.map(|(index, of)| {
        let builder = one(setting, index, cluster, network);
        let builder = if of.is_watched(setting.kind) {
            let (network, sightings) = (network.clone(), sightings.clone());
            builder.attempt_layer_with(move |place: &Place| WatchLayer {
                sightings: sightings.clone(),
                client: index,
                coordinator: network.places().who(place),
                place: place.to_string(),
            })
        } else {
            builder
        };
        builder.build().expect("the settings are good")
    })
    .collect()
}

fn one(setting: &Setting, index: usize, cluster: &TestCluster, network: &Network) -> ClientBuilder {
    let of = &setting.clients[index];
    let ClientSetting { total, attempt, connect, connections, acquire, idle, hedges, .. } = *of;
    let seed = setting.seed.wrapping_mul(31).wrapping_add(u64::try_from(index).unwrap_or_default());
    let road = network.road(index);
    let builder = reaching(cluster, road)
        .hosts(hosts(setting, of, network))
        .jitter(Arc::new(SeededRandom::new(seed)))
        .hedging(if hedges { Hedging::of_the_slowest() } else { Hedging::never() })
        .compression(match of.packing {
            Packing::Never => Compression::never(),
            Packing::Deflate => Compression::deflate().requests_from(1),
            Packing::Gzip => Compression::gzip(),
        })
        .limits(Limits::default().total(total).attempt(attempt).connect(connect))
        .pool(PoolLimits::default().connections(connections).acquire(acquire).idle(idle));
    let builder = match of.speaks {
        Speaks::Http1 => builder.http2(Http2::Never),
        Speaks::Http2 => builder.http2(Http2::Negotiated),
        Speaks::Http2Surely => builder.http2(Http2::PriorKnowledge),
        Speaks::Both => builder.http2_with(by_their_names),
    };
    let builder = match of.login {
        Login::Basic => builder.basic_auth("root", cluster.root_password()),
        Login::Jwt => builder.jwt_auth("root", cluster.root_password()),
        Login::Token => {
            let token = Credentials::token(&cluster.superuser_token());
            builder.credentials(token.expect("a token of the cluster's is one"))
        }
    };
    let builder = match of.looks {
        None => builder,
        Some(every) => builder.discovery(Discovery::on().every(every)),
    };
    match of.spread {
        Spread::RoundRobin => builder,
        Spread::Random => builder.policy(Random::seeded(seed)),
    }
}

/// A client's way to the coordinators, and what it must know to trust them.
pub(crate) fn reaching(cluster: &TestCluster, road: Road) -> ClientBuilder {
    let builder = Client::builder().connect(road.clone()).resolve(road);
    match cluster.ca_pem() {
        None => builder,
        // Wherever they are, and whatever they are called there, they show the same.
        Some(authority) => {
            builder.tls(Tls::new().ca_pem(authority).given_authorities_only().server_name("db.example"))
        }
    }
}

/// How the coordinators that are named to a client are called.
fn hosts(setting: &Setting, of: &ClientSetting, network: &Network) -> Vec<String> {
    let scheme = if setting.kind.is_encrypted() { "https" } else { "http" };
    let place = |index: usize| network.places().newest(index);
    let named = of.seeds.iter().map(|&index| match of.hosts {
        Hosts::Addresses => format!("{scheme}://{}", place(index)),
        Hosts::Names => format!("{scheme}://{}:{}", name_of(index), place(index).port()),
    });
    named.collect()
}

/// HTTP/2 with about every second, by what it is called.
fn by_their_names(place: &Place) -> Http2 {
    let odd = place.as_str().bytes().filter(u8::is_ascii_digit).fold(0, |sum, digit| sum ^ digit) & 1;
    match (odd, place.is_tls()) {
        (0, _) => Http2::Never,
        (_, true) => Http2::Negotiated,
        (_, false) => Http2::PriorKnowledge,
    }
}
