//! What every call to ArangoDB has in common: the operation, its facts, the error object and its numbers, names and envelopes. No IO.
