//! The ArangoDB client that is at home in a cluster.
