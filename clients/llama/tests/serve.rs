//! The server over HTTP, by plain sockets: clients that share a prompt, streams, refusals.
//!
//! Needs the feature `server`.

#[path = "it/made.rs"]
#[expect(dead_code, reason = "made for the other tests, too")]
mod made;

use made::{Folder, Made, SMALL};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A server that ends with the value.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Folder, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_llama-serve"))
            .arg(folder.path().join("made.gguf"))
            .args(["--listen", "127.0.0.1:0", "--threads", "1"])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("is started");
        let mut line = String::new();
        let out = child.stdout.take().expect("is a pipe");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("says where it listens");
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .expect("an address")
            .to_owned();
        Self { child, address }
    }

    /// Sends a request and returns the whole answer.
    fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("listens");
        let request = format!(
            "{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("is answered");
        answer
    }

    fn generate(&self, body: &str) -> String {
        self.ask("POST /generate", body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The data of the events of a kind.
fn data<'a>(answer: &'a str, kind: &str) -> Vec<&'a str> {
    let kind = format!("event: {kind}\n");
    let events = answer.split("event: ").skip(1);
    let start = kind.trim_start_matches("event: ").to_owned();
    events
        .filter_map(|event| {
            event
                .strip_prefix(start.as_str())?
                .lines()
                .next()?
                .strip_prefix("data: ")
        })
        .collect()
}

/// What a refusal says: an object with a message, and nothing else.
fn message_of(answer: &str) -> String {
    let (_, body) = answer.split_once("\r\n\r\n").expect("has a body");
    let body: Value = serde_json::from_str(body).expect("is JSON");
    assert_eq!(body.as_object().expect("is an object").len(), 1, "{body}");
    body["message"].as_str().expect("is text").to_owned()
}

#[test]
fn weights_that_are_no_numbers_end_a_stream_with_an_error() {
    let broken = Made::new(SMALL, 43).with("blk.0.ffn_up.weight", f32::NAN);
    let server = Server::start(&Folder::of(&broken), &[]);
    let answer = server.generate("{\"tokens\":[1,2],\"count\":5}");
    assert!(
        data(&answer, "error")[0].contains("logits are no numbers"),
        "{answer}"
    );
    assert!(data(&answer, "token").is_empty(), "{answer}");
    // The next one is answered, too.
    let answer = server.generate("{\"tokens\":[1,2],\"count\":0}");
    assert_eq!(data(&answer, "end").len(), 1, "{answer}");
}

#[test]
fn options_of_the_server_that_make_no_sense() {
    let folder = Folder::of(&Made::new(SMALL, 44));
    for option in ["--clients=0", "--batch=0", "--threads=0", "--rows=q8_0"] {
        let ended = Command::new(env!("CARGO_BIN_EXE_llama-serve"))
            .arg(folder.path().join("made.gguf"))
            .args(["--listen", "127.0.0.1:0", option])
            .output()
            .expect("is started");
        assert_eq!(ended.status.code(), Some(2), "{option}: {ended:?}");
    }
}

#[test]
fn eight_clients_share_a_prompt_over_http() {
    let folder = Folder::of(&Made::new(SMALL, 41));
    let server = Server::start(&folder, &["--memory-mib", "64"]);
    let shared = "the memory of an engine ".repeat(8);
    let ask = |client: char| {
        server.generate(&format!("{{\"prompt\":\"{shared}{client}\",\"count\":20}}"))
    };
    // Alone first: what each says does not depend on the others.
    let alone = ask('a');
    assert!(alone.starts_with("HTTP/1.1 200"), "{alone}");
    assert_eq!(data(&alone, "token").len(), 20, "{alone}");
    assert_eq!(data(&alone, "end"), ["{\"why\":\"count\"}"]);
    let together: Vec<String> = thread::scope(|scope| {
        let asked: Vec<_> = ('a'..='h')
            .map(|client| scope.spawn(move || ask(client)))
            .collect();
        asked
            .into_iter()
            .map(|asked| asked.join().expect("is answered"))
            .collect()
    });
    assert_eq!(data(&together[0], "token"), data(&alone, "token"));
    for answer in &together {
        assert_eq!(data(answer, "begun"), ["{\"known\":192}"], "{answer}");
        assert_eq!(data(answer, "token").len(), 20, "{answer}");
    }
    let figures = server.ask("GET /figures", "");
    assert!(figures.contains("\"generated_tokens\":180"), "{figures}");
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let folder = Folder::of(&Made::new(SMALL, 42));
    let server = Server::start(&folder, &[]);
    for (body, status, message) in [
        ("{}", "400", "give a prompt, or tokens"),
        ("{\"prompt\":\"a\",\"tokens\":[1]}", "400", "and not both"),
        ("{\"prompt\":\"?\"}", "400", "failed to find a token"),
        ("{\"prompt\":1}", "422", "invalid type"),
        ("{\"promt\":\"a\"}", "422", "unknown field"),
        ("nothing", "400", "parse"),
        ("{\"prompt\":\"a\",\"top_p\":-5}", "400", "top-p of -5"),
        (
            "{\"prompt\":\"a\",\"temperature\":1e39}",
            "400",
            "temperature of inf",
        ),
        (
            "{\"prompt\":\"a\",\"repeat_penalty\":-1e39}",
            "400",
            "repeat penalty of -inf",
        ),
    ] {
        let answer = server.generate(body);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(message_of(&answer).contains(message), "{answer}");
    }
    for (head, status) in [("GET /nowhere", "404"), ("GET /generate", "405")] {
        let answer = server.ask(head, "");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(message_of(&answer).contains("POST /generate"), "{answer}");
    }
    let long = format!("{{\"tokens\":{:?}}}", [1; 601]);
    let answer = server.generate(&long);
    assert!(data(&answer, "error")[0].contains("--context"), "{answer}");
    let answer = server.generate("{\"tokens\":[77]}");
    assert!(
        data(&answer, "error")[0].contains("failed to use token 77"),
        "{answer}"
    );
    assert_eq!(
        data(&server.generate("{\"tokens\":[7],\"count\":2}"), "token").len(),
        2
    );
}
