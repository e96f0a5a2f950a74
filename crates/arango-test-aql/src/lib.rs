//! An interpreter of AQL, ArangoDB's query language, for tests.
