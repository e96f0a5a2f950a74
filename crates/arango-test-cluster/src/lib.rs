//! An ArangoDB cluster for tests that starts in the process, with faults and a journal of what was executed.
