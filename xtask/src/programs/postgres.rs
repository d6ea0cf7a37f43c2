//! PostgreSQL: initdb, pgbench, queries of many kinds, a dump, a restart.

use super::Program;
use super::evidence::Evidence;
use super::process::{Finished, missing};
use super::stage::{Launch, Server, Stage, User};
use super::trouble::Trouble;
use core::time::Duration;
use std::fs;
use std::path::PathBuf;

pub(super) const PROGRAM: Program = Program {
    name: "postgres",
    packages: &["postgresql", "postgresql-contrib"],
    missing: || missing(&["postgres", "initdb", "pgbench", "psql", "pg_dump", "pg_ctl"]),
    compared: "initdb's words (folder set equal), balances after pgbench with a fixed seed, query results, the lines of a dump (sorted, its random key left out), results after a restart",
    run,
};

const TIME: Duration = Duration::from_secs(300);

/// A cluster in the stage's folder. Server and clients run on us.
struct Cluster<'a> {
    stage: &'a Stage,
    user: Option<User>,
    data: PathBuf,
    port: u16,
}

impl<'a> Cluster<'a> {
    /// A client or tool as the cluster's user.
    fn tool(&self, program: &str) -> Result<Launch, Trouble> {
        let launch = self.stage.launch(program)?;
        launch.current_dir(self.stage.folder()).user(self.user)
    }

    fn client(&self, program: &str) -> Result<Launch, Trouble> {
        let port = self.port.to_string();
        Ok(self
            .tool(program)?
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres"]))
    }

    fn run(&self, launch: Launch) -> Result<Finished, Trouble> {
        self.stage.run(launch, TIME)
    }

    fn query(&self, sql: &str) -> Result<Finished, Trouble> {
        self.run(self.client("psql")?.args([
            "-X",
            "-A",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
            "postgres",
        ]))
    }

    fn start(&self) -> Result<Server<'a>, Trouble> {
        let port = self.port.to_string();
        let launch = self
            .tool("postgres")?
            .arg("-D")
            .arg(&self.data)
            .args([
                "-p",
                &port,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args([
                "-c",
                "fsync=off",
                "-c",
                "shared_buffers=64MB",
                "-c",
                "max_parallel_workers_per_gather=2",
            ]);
        let mut server = self.stage.serve(launch)?;
        let (data, words) = (self.data.join("postmaster.pid"), "ready");
        // The server says so in its pid file, so no client has to be started just to ask.
        server.wait_until(TIME, || {
            fs::read_to_string(&data).is_ok_and(|text| text.contains(words))
        })?;
        Ok(server)
    }

    fn stop(&self, server: Server<'_>) -> Result<(), Trouble> {
        let launch = self
            .tool("pg_ctl")?
            .arg("stop")
            .arg("-D")
            .arg(&self.data)
            .args(["-m", "fast", "-w"]);
        self.run(launch)?;
        server.stopped(TIME)
    }
}

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let mut evidence = Evidence::default();
    let data = stage.folder().join("data");
    let cluster = Cluster {
        stage,
        user: stage.user("postgres")?,
        data,
        port: stage.free_port()?,
    };
    let init = cluster.tool("initdb")?.arg("-D").arg(&cluster.data);
    let made = cluster.run(init.args([
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]))?;
    let words =
        fs::read_to_string(&made.stdout).map_err(|error| Trouble::new(error.to_string()))?;
    evidence.text(
        "initdb",
        words.replace(&stage.folder().display().to_string(), "FOLDER"),
    );
    let server = cluster.start()?;
    benchmark(&cluster)?;
    evidence.file("balances", &cluster.query(BALANCES)?.stdout);
    evidence.file("queries", &queries(&cluster)?.stdout);
    let dumped =
        cluster.run(
            cluster
                .client("pg_dump")?
                .args(["-T", "pgbench_history", "postgres"]),
        )?;
    evidence.text("dump", dump(&dumped)?);
    cluster.stop(server)?;
    let server = cluster.start()?;
    evidence.file(
        "balances after the restart",
        &cluster.query(BALANCES)?.stdout,
    );
    cluster.stop(server)?;
    Ok(evidence)
}

fn benchmark(cluster: &Cluster<'_>) -> Result<(), Trouble> {
    let (scale, transactions) = if cluster.stage.is_quick() {
        ("1", "50")
    } else {
        ("10", "1000")
    };
    cluster.run(
        cluster
            .client("pgbench")?
            .args(["-i", "-q", "-s", scale, "postgres"]),
    )?;
    let fixed = [
        "--random-seed=7",
        "-c",
        "8",
        "-j",
        "2",
        "-t",
        transactions,
        "postgres",
    ];
    cluster.run(cluster.client("pgbench")?.args(["-n"]).args(fixed))?;
    cluster
        .run(
            cluster
                .client("pgbench")?
                .args(["-n", "-S", "-M", "prepared"])
                .args(fixed),
        )
        .map(drop)
}

/// The clients' orders differ from run to run, but not what they add up to.
const BALANCES: &str = "SELECT count(*), sum(abalance), md5(string_agg(aid || ':' || abalance, ',' ORDER BY aid)) \
    FROM pgbench_accounts UNION ALL SELECT count(*), sum(tbalance), md5(string_agg(tid || ':' || tbalance, ',' \
    ORDER BY tid)) FROM pgbench_tellers UNION ALL SELECT count(*), sum(bbalance), '' FROM pgbench_branches \
    UNION ALL SELECT count(*), sum(delta), '' FROM pgbench_history";

fn queries(cluster: &Cluster<'_>) -> Result<Finished, Trouble> {
    let script = cluster.stage.folder().join("queries.sql");
    let rows = if cluster.stage.is_quick() {
        "20000"
    } else {
        "300000"
    };
    fs::write(&script, QUERIES.replace("ROWS", rows))
        .map_err(|error| Trouble::new(format!("{}: {error}", script.display())))?;
    let launch = cluster
        .client("psql")?
        .args(["-X", "-A", "-v", "ON_ERROR_STOP=1", "-f"]);
    cluster.run(launch.arg(&script).arg("postgres"))
}

const QUERIES: &str = "
CREATE TABLE item AS SELECT i AS id, (i::bigint * 7919 % 10007)::int AS kind, md5(i::text) AS text, jsonb_build_object('n', i, 'list',
    ARRAY[i, i + 1, i + 2]) AS doc FROM generate_series(1, ROWS) i;
CREATE INDEX item_kind ON item(kind); CREATE INDEX item_doc ON item USING gin(doc); ANALYZE item;
SELECT kind % 10, count(*), min(text), max(text) FROM item GROUP BY 1 ORDER BY 1;
SELECT a.id, b.id FROM item a JOIN item b ON a.kind = b.kind AND a.id < b.id ORDER BY 1, 2 LIMIT 20;
SELECT md5(string_agg(text, ',' ORDER BY text)) FROM item;
SELECT count(*) FROM item WHERE doc @> '{\"list\": [77]}';
SELECT id, rank() OVER (PARTITION BY kind % 3 ORDER BY text) FROM item ORDER BY text LIMIT 10;
WITH RECURSIVE f(n, a, b) AS (VALUES (1, 0::numeric, 1::numeric) UNION ALL SELECT n + 1, b, a + b FROM f WHERE n < 500)
    SELECT md5(max(b)::text) FROM f;
SELECT length(xmlagg(xmlelement(name e, text))::text) FROM item WHERE id < 5000;
DO $$ DECLARE t text := ''; BEGIN FOR i IN 1..20000 LOOP t := t || chr(97 + i % 26); END LOOP;
    EXECUTE format('CREATE TABLE long AS SELECT %L AS t', t); END $$;
SELECT md5(t), length(regexp_replace(t, '[aeiou]', '-', 'g')) FROM long;
UPDATE item SET text = upper(text) WHERE kind % 7 = 0; DELETE FROM item WHERE kind % 11 = 0;
VACUUM FULL item; REINDEX TABLE item;
SELECT count(*), md5(string_agg(text, ',' ORDER BY id)) FROM item;
";

fn dump(finished: &Finished) -> Result<String, Trouble> {
    let text =
        fs::read_to_string(&finished.stdout).map_err(|error| Trouble::new(error.to_string()))?;
    let is_fixed =
        |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
    // Concurrent clients leave rows in any order.
    let mut lines = text.lines().filter(is_fixed).collect::<Vec<_>>();
    lines.sort_unstable();
    Ok(lines.join("\n"))
}
