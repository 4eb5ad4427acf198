//! `make demo`, as a stranger types it.
