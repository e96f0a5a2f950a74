//! Builds the clients of a scenario.

use std::sync::Arc;

use arango::balance::{Random, SeededRandom};
use arango::{
    Client, ClientBuilder, Compression, Coordinator as Address, Credentials, Discovery, Hedging, Http2,
    Limits, PoolLimits, Tls,
};
use arango_test_cluster::TestCluster;

use super::address_book::host_name;
use super::attempt_layer::ObserveLayer;
use super::kind::{CompressionKind, HttpVersion};
use super::network::{ClientNetwork, Network};
use super::network_log::NetworkLog;
use super::scenario::{AuthMethod, ClientConfig, Hosts, PolicyKind, Scenario};

/// Builds all clients of a scenario.
pub(crate) fn build(
    scenario: &Scenario,
    cluster: &TestCluster,
    network: &Network,
    network_log: &NetworkLog,
) -> Vec<Client> {
    let builders = builders(scenario, cluster, network, network_log).into_iter();
    builders.map(|builder| builder.build().expect("the configuration is valid")).collect()
}

/// Configures all clients of a scenario.
pub(crate) fn builders(
    scenario: &Scenario,
    cluster: &TestCluster,
    network: &Network,
    network_log: &NetworkLog,
) -> Vec<ClientBuilder> {
    let each = scenario.clients.iter().enumerate();
    each.map(|(index, config)| {
        let builder = client_builder(scenario, index, cluster, network);
        if config.observes_attempts(scenario.kind) {
            let (network, network_log) = (network.clone(), network_log.clone());
            builder.attempt_layer_with(move |address: &Address| ObserveLayer {
                network_log: network_log.clone(),
                client: index,
                coordinator: network.addresses().coordinator_at(address),
                address: address.to_string(),
            })
        } else {
            builder
        }
    })
    .collect()
}

fn client_builder(
    scenario: &Scenario,
    index: usize,
    cluster: &TestCluster,
    network: &Network,
) -> ClientBuilder {
    let config = &scenario.clients[index];
    let ClientConfig { total, attempt, connect, connections, acquire, idle, hedges, .. } = *config;
    let seed = scenario.seed.wrapping_mul(31).wrapping_add(u64::try_from(index).unwrap_or_default());
    let client_network = network.for_client(index);
    let builder = base_builder(cluster, client_network)
        .hosts(hosts(scenario, config, network))
        .random_source(Arc::new(SeededRandom::new(seed)))
        .hedging(if hedges { Hedging::at_p95() } else { Hedging::disabled() })
        .compression(match config.compression {
            CompressionKind::Disabled => Compression::disabled(),
            CompressionKind::Deflate => Compression::deflate().requests_from(1),
            CompressionKind::Gzip => Compression::gzip(),
        })
        .limits(Limits::default().total(total).attempt(attempt).connect(connect))
        .pool(PoolLimits::default().connections(connections).acquire(acquire).idle(idle));
    let builder = match config.http_version {
        HttpVersion::Http1 => builder.http2(Http2::Disabled),
        HttpVersion::Http2Negotiated => builder.http2(Http2::Negotiated),
        HttpVersion::Http2PriorKnowledge => builder.http2(Http2::PriorKnowledge),
        HttpVersion::Mixed => builder.http2_with(http2_by_address),
    };
    let builder = match config.login {
        AuthMethod::Basic => builder.basic_auth("root", cluster.root_password()),
        AuthMethod::Jwt => builder.jwt_auth("root", cluster.root_password()),
        AuthMethod::Token => {
            let token = Credentials::token(&cluster.superuser_token());
            builder.credentials(token.expect("the cluster's token is valid"))
        }
    };
    let builder = match config.discovery_interval {
        None => builder,
        Some(every) => builder.discovery(Discovery::enabled().interval(every)),
    };
    match config.policy {
        PolicyKind::RoundRobin => builder,
        PolicyKind::Random => builder.policy(Random::seeded(seed)),
    }
}

/// Builds a client's connector, and its trust in the cluster's certificate authority.
pub(crate) fn base_builder(cluster: &TestCluster, client_network: ClientNetwork) -> ClientBuilder {
    let builder = Client::builder().connect(client_network.clone()).resolve(client_network);
    match cluster.ca_pem() {
        None => builder,
        // All coordinators present a certificate for this name, independently of their address.
        Some(authority) => {
            builder.tls(Tls::new().ca_pem(authority).given_authorities_only().server_name("db.example"))
        }
    }
}

/// The seeds of a client, as URLs with addresses or names.
fn hosts(scenario: &Scenario, config: &ClientConfig, network: &Network) -> Vec<String> {
    let scheme = if scenario.kind.is_encrypted() { "https" } else { "http" };
    let address = |index: usize| network.addresses().current(index);
    let hosts = config.seeds.iter().map(|&index| match config.hosts {
        Hosts::Addresses => format!("{scheme}://{}", address(index)),
        Hosts::Names => format!("{scheme}://{}:{}", host_name(index), address(index).port()),
    });
    hosts.collect()
}

/// Chooses the HTTP version by the address, so that about half of the coordinators get HTTP/2.
fn http2_by_address(address: &Address) -> Http2 {
    let odd = address.as_str().bytes().filter(u8::is_ascii_digit).fold(0, |sum, digit| sum ^ digit) & 1;
    match (odd, address.is_tls()) {
        (0, _) => Http2::Disabled,
        (_, true) => Http2::Negotiated,
        (_, false) => Http2::PriorKnowledge,
    }
}
