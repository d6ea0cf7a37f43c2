//! Names the version of the peer; its archive is linked by the bench.
