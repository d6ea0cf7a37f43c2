//! The labels as data.
//!
//! # Role
//! Reads the files of `golden/`, which are built into the program.

use serde::{Deserialize, Serialize};

use super::half::Half;
use crate::class::Class;

/// The files, in the order in which they are shown.
const FILES: [&str; 76] = [
    include_str!("../../golden/mimalloc.json"),
    include_str!("../../golden/jemalloc.json"),
    include_str!("../../golden/tokio.json"),
    include_str!("../../golden/crossbeam.json"),
    include_str!("../../golden/parking_lot.json"),
    include_str!("../../golden/rayon.json"),
    include_str!("../../golden/sled.json"),
    include_str!("../../golden/quick_cache.json"),
    include_str!("../../golden/rpmalloc.json"),
    include_str!("../../golden/librdkafka.json"),
    include_str!("../../golden/fjall.json"),
    include_str!("../../golden/moka.json"),
    include_str!("../../golden/redb.json"),
    include_str!("../../golden/bb8.json"),
    include_str!("../../golden/scylla.json"),
    include_str!("../../golden/async-nats.json"),
    include_str!("../../golden/mysql_async.json"),
    include_str!("../../golden/pingora.json"),
    include_str!("../../golden/ntex-server.json"),
    include_str!("../../golden/mdbx.json"),
    include_str!("../../golden/tantivy.json"),
    include_str!("../../golden/foyer.json"),
    include_str!("../../golden/opentelemetry.json"),
    include_str!("../../golden/zeromq.json"),
    include_str!("../../golden/leveldb.json"),
    include_str!("../../golden/tokio-metrics.json"),
    include_str!("../../golden/stats_alloc.json"),
    include_str!("../../golden/solana-bucket-map.json"),
    include_str!("../../golden/cached.json"),
    include_str!("../../golden/deadpool.json"),
    include_str!("../../golden/mobc.json"),
    include_str!("../../golden/sqlx-core.json"),
    include_str!("../../golden/threadpool.json"),
    include_str!("../../golden/tower.json"),
    include_str!("../../golden/tower-http.json"),
    include_str!("../../golden/metrics-util.json"),
    include_str!("../../golden/mini-moka.json"),
    include_str!("../../golden/hickory-resolver.json"),
    include_str!("../../golden/lapin.json"),
    include_str!("../../golden/wasmtime.json"),
    include_str!("../../golden/rocksdb.json"),
    include_str!("../../golden/stretto.json"),
    include_str!("../../golden/parity-db.json"),
    include_str!("../../golden/raft-engine.json"),
    include_str!("../../golden/nydus-utils.json"),
    include_str!("../../golden/shadowsocks-service.json"),
    include_str!("../../golden/glommio.json"),
    include_str!("../../golden/may.json"),
    include_str!("../../golden/fred.json"),
    include_str!("../../golden/quinn.json"),
    include_str!("../../golden/actix-server.json"),
    include_str!("../../golden/thingbuf.json"),
    include_str!("../../golden/tracing-appender.json"),
    include_str!("../../golden/prometheus.json"),
    include_str!("../../golden/nng.json"),
    include_str!("../../golden/msquic.json"),
    include_str!("../../golden/snmalloc.json"),
    include_str!("../../golden/iroh-metrics.json"),
    include_str!("../../golden/iroh.json"),
    include_str!("../../golden/sharded-slab.json"),
    include_str!("../../golden/console-subscriber.json"),
    include_str!("../../golden/left-right.json"),
    include_str!("../../golden/ractor.json"),
    include_str!("../../golden/mongodb.json"),
    include_str!("../../golden/bytes.json"),
    include_str!("../../golden/arc-swap.json"),
    include_str!("../../golden/indicatif.json"),
    include_str!("../../golden/tracing-subscriber.json"),
    include_str!("../../golden/flume.json"),
    include_str!("../../golden/rustyline.json"),
    include_str!("../../golden/lockfree.json"),
    include_str!("../../golden/regex-automata.json"),
    include_str!("../../golden/grpc.json"),
    include_str!("../../golden/oboe.json"),
    include_str!("../../golden/boringssl.json"),
    include_str!("../../golden/libgit2.json"),
];

/// The labels of one tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Corpus {
    /// Version of the layout.
    pub version: u32,
    /// Short name.
    pub tree: String,
    /// Where the project lives.
    pub repository: String,
    /// Whether all its labels are kept out of rule-making: those of trees that came after rules were.
    #[serde(default)]
    pub kept_out: bool,
    /// Whether they were committed before the rules that stand now, and scored once, after them.
    #[serde(default)]
    pub later: bool,
    /// Whether all its labels were looked at since, to make rules: no figure may call them kept out.
    #[serde(default)]
    pub seen: bool,
    /// The packages of the registry that hold its sources; audited as one tree.
    pub packages: Vec<Package>,
    /// The labels.
    pub labels: Vec<Label>,
}

/// A package of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Package {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The commit of the repository it was made from, where it says so.
    pub commit: Option<String>,
    /// The directory inside the package that paths are relative to; empty for the package itself.
    pub root: String,
    /// The directories that are audited.
    pub sources: Vec<String>,
}

/// One label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Label {
    /// The package.
    pub package: String,
    /// The file of the declaration.
    pub file: String,
    /// The line of the declaration.
    pub line: u32,
    /// The owner and the name: `Type.field`, or the name of a static.
    pub location: String,
    /// What it is.
    pub label: Class,
    /// Why, in words.
    pub reason: String,
    /// Why, in the words of the source.
    pub quote: Quote,
}

/// A line of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quote {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// What it says.
    pub text: String,
}

impl Corpus {
    /// The half that one of its labels belongs to.
    #[must_use]
    pub fn half(&self, label: &Label) -> Half {
        if self.seen {
            Half::Rules
        } else if self.later {
            Half::Later
        } else if self.kept_out {
            Half::KeptOut
        } else {
            Half::of(&label.package, &label.file, &label.location)
        }
    }
}

/// All corpora.
///
/// # Errors
/// A file that cannot be read, with where in it: only after an edit of `golden/`.
pub fn corpora() -> Result<Vec<Corpus>, serde_json::Error> {
    FILES
        .iter()
        .map(|text| serde_json::from_str(text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn labels_are_many_and_distinct() {
        let corpora = corpora().unwrap();
        let labels: Vec<&Label> = corpora.iter().flat_map(|corpus| &corpus.labels).collect();
        assert!(corpora.len() >= 5 && labels.len() >= 150);
        let places: BTreeSet<_> = labels
            .iter()
            .map(|label| (&label.package, &label.file, label.line))
            .collect();
        assert_eq!(places.len(), labels.len());
    }

    #[test]
    fn the_hash_divides_the_trees_that_rules_were_made_with() {
        let corpora = corpora().unwrap();
        let divided = corpora.iter().filter(|it| !it.kept_out && !it.seen);
        let halves: Vec<Half> = divided
            .flat_map(|corpus| corpus.labels.iter().map(|label| corpus.half(label)))
            .collect();
        let kept_out = halves.iter().filter(|half| **half == Half::KeptOut).count();
        assert!(kept_out * 3 > halves.len() && kept_out * 3 < halves.len() * 2);
    }

    #[test]
    fn later_trees_are_kept_out_whole() {
        for corpus in corpora().unwrap().iter().filter(|corpus| corpus.kept_out) {
            let mut labels = corpus.labels.iter();
            assert!(labels.all(|label| corpus.half(label) != Half::Rules));
        }
    }

    #[test]
    fn every_label_says_why() {
        for label in corpora().unwrap().iter().flat_map(|corpus| &corpus.labels) {
            assert!(!label.reason.is_empty() && !label.quote.text.is_empty());
            assert_ne!(label.label, Class::Unknown);
        }
    }
}
