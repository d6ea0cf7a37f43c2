//! Names the version of the peer; its C sources are built by the bench.
