//! The routes.
//!
//! # Role
//! `POST /generate` streams a request's tokens as server-sent events, each a line of JSON; `GET /figures`
//! says what the engine has done and what memory it has. What is refused has a status, and an object with a
//! `message`, whoever refused it.
//!
//! | event | data |
//! |---|---|
//! | `begun` | `{"known":96}`: tokens of the prompt that were not computed again |
//! | `token` | `{"token":17,"text":"e"}` |
//! | `end` | `{"why":"count"}`, or `"context"` |
//! | `error` | `{"message":"..."}` |

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::sse::{Event as Line, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use bedplate_os::budget::Budget;
use bedplate_region::kv::Tenant;
use core::convert::Infallible;
use core::net::SocketAddr;
use core::ops::ControlFlow;
use futures_util::Stream;
use futures_util::stream::unfold;
use llama::engine::{Desk, End, Event, Request};
use llama::{Chooser, LlamaError, Repetition, Sampling, Vocabulary};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What the routes know.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) desk: Desk,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) budget: &'static Budget,
}

/// What a client asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    prompt: Option<String>,
    tokens: Option<Vec<u32>>,
    #[serde(default = "count")]
    count: usize,
    #[serde(default)]
    temperature: f32,
    #[serde(default)]
    top_k: usize,
    #[serde(default = "whole")]
    top_p: f32,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    repeat_penalty: f32,
    #[serde(default = "repeat_tokens")]
    repeat_tokens: usize,
    #[serde(default)]
    tenant: u64,
}

const fn count() -> usize {
    100
}

const fn whole() -> f32 {
    1.0
}

const fn repeat_tokens() -> usize {
    64
}

impl Asked {
    fn chooser(&self) -> Result<Chooser, LlamaError> {
        let chooser = Chooser::sampled(Sampling {
            temperature: Sampling::TEMPERATURE.check(self.temperature)?,
            top_k: self.top_k,
            top_p: Sampling::TOP_P.check(self.top_p)?,
            seed: self.seed,
        });
        Ok(chooser.repetition(Repetition {
            penalty: Repetition::PENALTY.check(self.repeat_penalty)?,
            tokens: self.repeat_tokens,
        }))
    }
}

/// Serves until the process is asked to end.
pub(crate) fn listen(
    service: Service,
    address: SocketAddr,
) -> Result<(), Box<dyn core::error::Error>> {
    // One thread: those of the pool compute.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        writeln!(
            std::io::stdout(),
            "listening on http://{}",
            listener.local_addr()?
        )?;
        let routes = Router::new()
            .route("/generate", post(generate))
            .route("/figures", get(figures))
            .fallback(async || {
                let message = "there are POST /generate and GET /figures";
                refused(StatusCode::NOT_FOUND, message)
            })
            .method_not_allowed_fallback(async || {
                let message = "it is POST /generate, and GET /figures";
                refused(StatusCode::METHOD_NOT_ALLOWED, message)
            })
            .with_state(service);
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let asked_to_end = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        axum::serve(listener, routes)
            .with_graceful_shutdown(asked_to_end)
            .await?;
        Ok(())
    })
}

/// What is answered instead.
type Refused = (StatusCode, Json<Value>);

fn refused(status: StatusCode, message: &str) -> Refused {
    (status, Json(json!({ "message": message })))
}

type Lines = Sse<Box<dyn Stream<Item = Result<Line, Infallible>> + Send + Unpin>>;

async fn generate(
    State(service): State<Service>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Lines, Refused> {
    let Json(asked) =
        asked.map_err(|rejection| refused(rejection.status(), &rejection.body_text()))?;
    let prompt = match (&asked.prompt, &asked.tokens) {
        (Some(prompt), None) => service.vocabulary.encode(prompt),
        (None, Some(tokens)) => Ok(tokens.clone()),
        _ => {
            let message = "give a prompt, or tokens, and not both";
            return Err(refused(StatusCode::BAD_REQUEST, message));
        }
    };
    let prompt = prompt.map_err(|error| refused(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let chooser = asked.chooser();
    let chooser = chooser.map_err(|error| refused(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let (sender, events) = unbounded_channel();
    let request = Request::new(prompt, asked.count, chooser, move |event| {
        // The receiver is dropped with the connection.
        match sender.send(event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    let submitted = service.desk.submit(request.tenant(Tenant(asked.tenant)));
    submitted.map_err(|error| refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()))?;
    Ok(Sse::new(Box::new(Box::pin(lines(
        events,
        service.vocabulary,
    )))))
}

fn lines(
    events: UnboundedReceiver<Event>,
    vocabulary: Arc<Vocabulary>,
) -> impl Stream<Item = Result<Line, Infallible>> + Send {
    unfold(
        (events, vocabulary),
        |(mut events, vocabulary)| async move {
            let event = events.recv().await?;
            let line = line(&event, &vocabulary);
            Some((Ok(line), (events, vocabulary)))
        },
    )
}

fn line(event: &Event, vocabulary: &Vocabulary) -> Line {
    let (name, data) = match event {
        Event::Begun { known } => ("begun", json!({ "known": known })),
        Event::Token(token) => {
            let text = String::from_utf8_lossy(vocabulary.text(*token));
            ("token", json!({ "token": token, "text": text }))
        }
        Event::Ended(end) => {
            let why = if *end == End::Count {
                "count"
            } else {
                "context"
            };
            ("end", json!({ "why": why }))
        }
        Event::Failed(error @ LlamaError::Context { .. }) => {
            let message = format!("{error}: llama-serve's --context is what to raise");
            ("error", json!({ "message": message }))
        }
        Event::Failed(error) => ("error", json!({ "message": error.to_string() })),
        _ => ("other", json!({})),
    };
    Line::default().event(name).data(data.to_string())
}

async fn figures(State(service): State<Service>) -> Json<Value> {
    let figures = service.desk.figures();
    Json(json!({
        "requests": figures.requests,
        "ended": figures.ended,
        "computed_tokens": figures.computed,
        "known_tokens": figures.known,
        "generated_tokens": figures.generated,
        "waited": figures.waited,
        "cache_bytes": figures.cache_bytes,
        "cache_bytes_peak": figures.cache_bytes_peak,
        "memory_bytes": service.budget.used_bytes(),
        "memory_bytes_peak": service.budget.peak_bytes(),
    }))
}
