//! How a request is sent to an ArangoDB cluster: a tower stack over hyper with one connection pool per coordinator.
