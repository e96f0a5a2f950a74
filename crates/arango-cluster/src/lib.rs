//! What is said to an ArangoDB cluster: typed operations and models of its administration. No IO.
