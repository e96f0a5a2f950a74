//! Which member? Load balancing policies and health for any tower service; no HTTP, no ArangoDB.
