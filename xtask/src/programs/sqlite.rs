//! SQLite: a database of a million rows, built, indexed, queried, changed, checked.

use super::Program;
use super::evidence::Evidence;
use super::process::missing;
use super::stage::Stage;
use super::trouble::Trouble;
use core::time::Duration;
use std::fs;

pub(super) const PROGRAM: Program = Program {
    name: "sqlite",
    packages: &["sqlite3"],
    missing: || missing(&["sqlite3"]),
    compared: "all query results, and the database file byte by byte",
    run,
};

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let rows = if stage.is_quick() { 100_000 } else { 1_000_000 };
    let script = stage.folder().join("script.sql");
    let text = SCRIPT.replace("ROWS", &rows.to_string());
    fs::write(&script, text)
        .map_err(|error| Trouble::new(format!("{}: {error}", script.display())))?;
    let database = stage.folder().join("rows.db");
    let launch = stage
        .launch("sqlite3")?
        .arg("-bail")
        .arg(&database)
        .stdin(&script)?;
    let finished = stage.run(launch, Duration::from_secs(300))?;
    let mut evidence = Evidence::default();
    evidence.file("results", &finished.stdout);
    evidence.file("database", &database);
    Ok(evidence)
}

const SCRIPT: &str = "
PRAGMA cache_size = -64000;
PRAGMA journal_mode = DELETE;
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, town INTEGER, score REAL, note TEXT);
WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ROWS)
INSERT INTO person SELECT i, 'name-' || (i * 7919 % 1000003), i * 31 % 997, (i * 17 % 10007) / 7.0,
    substr('abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz', i % 26 + 1, i % 20) FROM number;
CREATE INDEX by_name ON person(name);
CREATE INDEX by_town ON person(town, score);
ANALYZE;
SELECT count(*), sum(id), round(sum(score), 3), count(DISTINCT name), max(length(note)) FROM person;
SELECT town, count(*), round(avg(score), 4) FROM person GROUP BY town ORDER BY 3 DESC, 1 LIMIT 50;
SELECT a.id, b.id FROM person a JOIN person b ON a.name = b.name AND a.id < b.id ORDER BY 1, 2 LIMIT 20;
SELECT name, rank() OVER (ORDER BY score DESC, id) FROM person WHERE town = 7 ORDER BY 2 LIMIT 20;
SELECT json_extract(json_object('n', name, 's', score), '$.n') FROM person WHERE id % 50021 = 0 ORDER BY id;
SELECT length(group_concat(note)) FROM person WHERE town < 100;
SELECT count(*) FROM person WHERE note LIKE '%xyz%';
UPDATE person SET score = score * 2, note = note || name WHERE town % 10 = 3;
DELETE FROM person WHERE town % 11 = 5;
SELECT count(*), round(sum(score), 3) FROM person;
VACUUM;
PRAGMA integrity_check;
SELECT town, min(name), max(name) FROM person GROUP BY town ORDER BY town;
";
