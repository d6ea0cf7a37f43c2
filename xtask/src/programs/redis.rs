//! Redis: its benchmark, a data set of every type, a snapshot while writes go on, a restart from it.

use super::Program;
use super::evidence::Evidence;
use super::process::{find, missing};
use super::stage::{Server, Stage};
use super::trouble::Trouble;
use core::fmt::Write as _;
use core::time::Duration;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

pub(super) const PROGRAM: Program = Program {
    name: "redis",
    packages: &["redis-server", "redis-tools"],
    missing: || missing(&["redis-server", "redis-benchmark", "redis-cli"]),
    compared: "digests of all keys before the snapshot and after the restart, replies, the benchmark's tests (not their times)",
    run,
};

const TIME: Duration = Duration::from_secs(300);

/// A connection's worth of `redis-cli`, which runs without us.
struct Client {
    port: u16,
}

impl Client {
    fn command(&self) -> Command {
        let mut command = Command::new(find("redis-cli").unwrap_or_else(|| "redis-cli".into()));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command
    }

    fn try_ask(&self, words: &[&str]) -> io::Result<String> {
        let output = self.command().args(words).stdin(Stdio::null()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn ask(&self, words: &[&str]) -> Result<String, Trouble> {
        let reply = self
            .try_ask(words)
            .map_err(|error| Trouble::new(format!("redis-cli: {error}")))?;
        if reply.is_empty() || reply.starts_with("ERR") {
            return Err(Trouble::new(format!("redis-cli {words:?}: `{reply}`")));
        }
        Ok(reply)
    }

    /// Sends a file of commands.
    fn pipe(&self, file: &Path) -> Result<(), Trouble> {
        let input = fs::File::open(file)
            .map_err(|error| Trouble::new(format!("{}: {error}", file.display())))?;
        let output = self.command().arg("--pipe").stdin(input).output();
        let output = output.map_err(|error| Trouble::new(format!("redis-cli --pipe: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("errors: 0") {
            return Ok(());
        }
        Err(Trouble::new(format!("redis-cli --pipe: {text}")))
    }
}

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let mut evidence = Evidence::default();
    let data = data(stage)?;
    let (server, client) = start(stage)?;
    evidence.text("benchmark", benchmark(stage, &client)?);
    client.ask(&["FLUSHALL"])?;
    client.pipe(&data)?;
    evidence.text("keys", client.ask(&["DBSIZE"])?);
    evidence.text(
        "digest before the snapshot",
        client.ask(&["DEBUG", "DIGEST"])?,
    );
    evidence.text(
        "sorted",
        client.ask(&["SORT", "numbers", "LIMIT", "0", "200"])?,
    );
    evidence.text("script", client.ask(&["EVAL", SCRIPT, "0"])?);
    evidence.text("purge", client.ask(&["MEMORY", "PURGE"])?);
    for words in [
        &["MEMORY", "STATS"][..],
        &["MEMORY", "DOCTOR"],
        &["INFO", "everything"],
    ] {
        // What these say is the linked allocator's business; that they answer is ours.
        client.ask(words)?;
    }
    snapshot(&client, &data)?;
    let digest = client.ask(&["DEBUG", "DIGEST"])?;
    stop(server, &client)?;
    let (server, client) = start(stage)?;
    let again = client.ask(&["DEBUG", "DIGEST"])?;
    if again != digest {
        return Err(Trouble::new(format!(
            "restart from the snapshot gave {again} instead of {digest}"
        )));
    }
    evidence.text("digest after the restart", again);
    evidence.text("keys after the restart", client.ask(&["DBSIZE"])?);
    stop(server, &client)?;
    Ok(evidence)
}

/// All but the long ranges, which measure the socket.
const TESTS: &str =
    "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset";

const SCRIPT: &str = "local t = {} for i = 1, 20000 do t[i] = string.rep('x', i % 50) .. i end \
                      return redis.sha1hex(table.concat(t))";

fn start(stage: &Stage) -> Result<(Server<'_>, Client), Trouble> {
    let client = Client {
        port: stage.free_port()?,
    };
    let launch = stage
        .launch("redis-server")?
        .args(["--bind", "127.0.0.1", "--port", &client.port.to_string()])
        .args([
            "--save",
            "",
            "--appendonly",
            "no",
            "--enable-debug-command",
            "local",
        ])
        .arg("--dir")
        .arg(stage.folder());
    let mut server = stage.serve(launch)?;
    server.wait_until(TIME, || {
        client.try_ask(&["PING"]).is_ok_and(|reply| reply == "PONG")
    })?;
    Ok((server, client))
}

fn stop(server: Server<'_>, client: &Client) -> Result<(), Trouble> {
    // The connection ends before there is a reply.
    client
        .try_ask(&["SHUTDOWN", "NOSAVE"])
        .map_err(|error| Trouble::new(format!("redis-cli: {error}")))?;
    server.stopped(TIME)
}

/// Runs the benchmark on us too, and says which tests it did.
fn benchmark(stage: &Stage, client: &Client) -> Result<String, Trouble> {
    let count = if stage.is_quick() { "20000" } else { "100000" };
    let launch = stage
        .launch("redis-benchmark")?
        .args(["-h", "127.0.0.1", "-p", &client.port.to_string(), "--csv"])
        .args(["-n", count, "-r", "20000", "-P", "8", "-d", "200"])
        .args(["--threads", "2", "-t", TESTS]);
    let finished = stage.run(launch, TIME)?;
    let csv =
        fs::read_to_string(&finished.stdout).map_err(|error| Trouble::new(error.to_string()))?;
    Ok(csv
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect::<Vec<_>>()
        .join("\n"))
}

/// Saves in the background while the same commands are sent again.
fn snapshot(client: &Client, data: &Path) -> Result<(), Trouble> {
    client.ask(&["BGSAVE"])?;
    client.pipe(data)?;
    let started = std::time::Instant::now();
    loop {
        let persistence = client.ask(&["INFO", "persistence"])?;
        if persistence.contains("rdb_bgsave_in_progress:0") {
            if !persistence.contains("rdb_last_bgsave_status:ok") {
                return Err(Trouble::new("the background save failed"));
            }
            break;
        }
        if started.elapsed() > TIME {
            return Err(Trouble::new("the background save did not end"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // The snapshot to restart from holds what was written meanwhile too.
    client.ask(&["SAVE"]).map(drop)
}

/// Commands for every type, made once.
fn data(stage: &Stage) -> Result<std::path::PathBuf, Trouble> {
    let path = stage.shared().join("data.txt");
    let count = if stage.is_quick() { 20_000 } else { 200_000 };
    let mut text = String::new();
    for i in 0..count {
        let bytes = "v".repeat(i * 7919 % 900);
        let at = i * 31 % 5000;
        let line = match i % 10 {
            0..4 => writeln!(text, "SET key:{i} {i}-{bytes}"),
            4 => writeln!(text, "HSET hash:{} field:{i} {i}-{bytes}", at % 300),
            5 => writeln!(text, "RPUSH list:{} {i}-{bytes}", at % 100),
            6 => writeln!(text, "ZADD sorted:{} {} member:{i}", at % 50, i * 17 % 9973),
            7 => writeln!(text, "SADD set:{} {i}", at % 200),
            8 => writeln!(text, "APPEND key:{} -more-{bytes}", i / 2),
            _ => writeln!(text, "DEL key:{}", i / 3),
        };
        line.map_err(|error| Trouble::new(error.to_string()))?;
        if i % 40 == 0 {
            writeln!(text, "SADD numbers {}", i * 7 % 3001)
                .map_err(|error| Trouble::new(error.to_string()))?;
        }
    }
    fs::write(&path, text).map_err(|error| Trouble::new(format!("{}: {error}", path.display())))?;
    Ok(path)
}
