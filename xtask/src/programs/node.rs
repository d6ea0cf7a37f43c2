//! Node with worker threads.

use super::Program;
use super::evidence::Evidence;
use super::process::missing;
use super::stage::Stage;
use super::trouble::Trouble;
use core::time::Duration;
use std::fs;

pub(super) const PROGRAM: Program = Program {
    name: "node",
    packages: &["nodejs"],
    missing: || missing(&["node"]),
    compared: "stdout of a script with worker threads, buffers, JSON, zlib, crypto and child processes",
    run,
};

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let script = stage.folder().join("script.js");
    fs::write(&script, SCRIPT)
        .map_err(|error| Trouble::new(format!("{}: {error}", script.display())))?;
    let rounds = if stage.is_quick() { "2" } else { "12" };
    let launch = stage
        .launch("node")?
        .current_dir(stage.folder())
        .arg("script.js")
        .arg(rounds);
    let finished = stage.run(launch, Duration::from_secs(300))?;
    let mut evidence = Evidence::default();
    evidence.file("stdout", &finished.stdout);
    Ok(evidence)
}

const SCRIPT: &str = r"'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const zlib = require('zlib');
const { execFileSync } = require('child_process');

function digest(data) { return crypto.createHash('sha256').update(data).digest('hex'); }

if (!isMainThread) {
  const { number, rounds } = workerData;
  let state = number + 1;
  const next = () => (state = (state * 1103515245 + 12345) % 2147483648);
  const hash = crypto.createHash('sha256');
  for (let round = 0; round < rounds; round++) {
    const map = new Map();
    for (let i = 0; i < 20000; i++) map.set('key' + next() % 5000, { n: i, s: 'x'.repeat(next() % 100) });
    const text = JSON.stringify([...map].sort((a, b) => (a[0] < b[0] ? -1 : 1)));
    const packed = zlib.deflateSync(Buffer.from(text), { level: 6 });
    if (zlib.inflateSync(packed).toString() !== text) throw new Error('zlib changed the text');
    const buffers = [];
    for (let i = 0; i < 500; i++) buffers.push(Buffer.alloc(next() % 200000, i));
    hash.update(text);
    for (const buffer of buffers) hash.update(buffer);
    const array = new Float64Array(100000).map((_, i) => Math.sin(i + number));
    hash.update(Buffer.from(array.buffer));
  }
  const transferred = new ArrayBuffer(1 << 20);
  new Uint8Array(transferred).fill(number);
  parentPort.postMessage({ number, digest: hash.digest('hex'), transferred }, [transferred]);
} else {
  const rounds = Number(process.argv[2]);
  const start = (number) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { number, rounds } });
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  (async () => {
    for (let wave = 0; wave < 3; wave++) {
      const results = await Promise.all([0, 1, 2, 3].map((n) => start(wave * 4 + n)));
      results.sort((a, b) => a.number - b.number);
      for (const r of results) console.log(r.number, r.digest, digest(Buffer.from(r.transferred)));
    }
    console.log(execFileSync(process.execPath, ['-p', '6 * 7']).toString().trim());
    console.log(await new Promise((resolve) => crypto.pbkdf2('p', 's', 20000, 32, 'sha512', (e, k) => resolve(k.toString('hex')))));
  })();
}
";
