//! Requests that share a cache say what each would have said alone.

use crate::made::{Made, SMALL, with_gguf};
use crate::sums::{backing, pool, tokens};
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_region::kv::{ContiguousKv, KvCache, PagedKv, Pages, RowFormat, Settings, Tenant};
use core::ops::ControlFlow;
use llama::engine::{End, Engine, Event, Figures, Request};
use llama::{Chooser, Generation, Limits, LlamaError, Model, Runner, Sampling};
use std::sync::mpsc::{Receiver, channel};

const CLIENTS: usize = 8;
const COUNT: usize = 24;
const SHARED: usize = 48;

fn chooser(client: u64) -> Chooser {
    Chooser::sampled(Sampling {
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        seed: client,
    })
}

/// The prompts: all begin alike.
fn prompts() -> Vec<Vec<u32>> {
    let shared = tokens(SHARED, &SMALL);
    let prompt = |client: u32| {
        shared
            .iter()
            .copied()
            .chain([client, client + 9, 3])
            .collect()
    };
    (0..u32::try_from(CLIENTS).expect("few"))
        .map(prompt)
        .collect()
}

/// What each says alone, in a cache of its own.
fn alone(model: &Model<'_>) -> Vec<Vec<u32>> {
    let pool = pool(1);
    let mut said = Vec::new();
    for (prompt, seed) in prompts().iter().zip(0..) {
        let mut runner = Runner::new(model, &pool, Limits::default()).expect("is made");
        let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
        let mut cache = ContiguousKv::new(shape, 600, backing()).expect("is made");
        let sequence = cache.create(Settings::default()).expect("is made");
        let mut generation =
            Generation::begin(&mut runner, &mut cache, sequence, prompt, chooser(seed))
                .expect("begins");
        said.push(
            (0..COUNT)
                .map(|_| generation.next_token().expect("goes on"))
                .collect(),
        );
    }
    said
}

/// What a request was told.
#[derive(Debug, Default)]
struct Told {
    tokens: Vec<u32>,
    known: usize,
    end: Option<End>,
    error: Option<LlamaError>,
}

fn told(events: &Receiver<Event>) -> Told {
    let mut told = Told::default();
    for event in events {
        match event {
            Event::Begun { known } => told.known = known,
            Event::Token(token) => told.tokens.push(token),
            Event::Ended(end) => told.end = Some(end),
            Event::Failed(error) => told.error = Some(error),
            _ => {}
        }
    }
    told
}

/// A request, and what it is told.
fn request(prompt: &[u32], count: usize, seed: u64) -> (Request, Receiver<Event>) {
    let (sender, events) = channel();
    let request = Request::new(prompt.to_vec(), count, chooser(seed), move |event| {
        let _heard = sender.send(event);
        ControlFlow::Continue(())
    });
    (request, events)
}

/// Runs requests to their ends.
fn run(
    model: &Model<'_>,
    limits: Limits,
    cache: PagedKv,
    requests: Vec<(Request, Receiver<Event>)>,
) -> (Vec<Told>, Figures) {
    let pool = pool(2);
    let runner = Runner::new(model, &pool, limits).expect("is made");
    let (desk, engine) = Engine::new(runner, cache);
    let events: Vec<_> = requests
        .into_iter()
        .map(|(request, events)| {
            desk.submit(request).expect("is open");
            events
        })
        .collect();
    assert_eq!(desk.figures().ended, 0);
    drop(desk);
    let figures = engine.run();
    (events.iter().map(told).collect(), figures)
}

fn cache(model: &Model<'_>, tokens: usize, budget: Option<&'static Budget>) -> PagedKv {
    let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
    let mut backing = backing();
    if let Some(budget) = budget {
        backing = backing.budget(budget);
    }
    PagedKv::new(shape, Pages::new(tokens).block_tokens(16), backing).expect("is made")
}

const LIMITS: Limits = Limits {
    tokens: 32,
    items: CLIENTS,
    context: None,
    budget: None,
};

fn everyone() -> Vec<(Request, Receiver<Event>)> {
    prompts()
        .iter()
        .zip(0..)
        .map(|(prompt, seed)| request(prompt, COUNT, seed))
        .collect()
}

fn with_model(run: impl FnOnce(&Model<'_>)) {
    with_gguf(&Made::new(SMALL, 31).gguf(false, |_| {}), run).expect("is a model");
}

#[test]
fn eight_clients_say_what_each_says_alone_and_share_the_prompt() {
    with_model(|model| {
        let (told, figures) = run(model, LIMITS, cache(model, 4096, None), everyone());
        for (told, alone) in told.iter().zip(alone(model)) {
            assert_eq!(told.tokens, alone);
            assert_eq!(told.end, Some(End::Count));
        }
        assert!(
            told.iter().skip(1).all(|told| told.known == SHARED),
            "{told:?}"
        );
        assert_eq!(figures.known, ((CLIENTS - 1) * SHARED) as u64);
        assert_eq!((figures.ended, figures.requests, figures.waited), (8, 0, 0));
        assert_eq!(figures.generated, (CLIENTS * COUNT) as u64);
    });
}

#[test]
fn without_room_for_all_they_wait_and_say_the_same() {
    with_model(|model| {
        // Room for the shared blocks and three clients or so.
        let (told, figures) = run(model, LIMITS, cache(model, 160, None), everyone());
        for (told, alone) in told.iter().zip(alone(model)) {
            assert_eq!(told.tokens, alone);
        }
        assert!(figures.waited > 0, "{figures:?}");
    });
}

#[test]
fn a_budget_is_kept_and_they_say_the_same() {
    // A page of each of the four planes holds four blocks: room for twelve of the nineteen wanted.
    static BUDGET: Budget = Budget::new(12 * 4096, UNLIMITED);
    with_model(|model| {
        let (told, figures) = run(model, LIMITS, cache(model, 4096, Some(&BUDGET)), everyone());
        for (told, alone) in told.iter().zip(alone(model)) {
            assert_eq!(told.tokens, alone, "{told:?}");
        }
        assert!(
            figures.waited > 0 && BUDGET.refused_count() > 0,
            "{figures:?}"
        );
        assert!(BUDGET.peak_bytes() <= BUDGET.limit_bytes());
    });
    assert_eq!(BUDGET.used_bytes(), 0);
}

#[test]
fn tenants_share_nothing() {
    with_model(|model| {
        let tenants = everyone().into_iter().zip(0..);
        let requests =
            tenants.map(|((request, events), tenant)| (request.tenant(Tenant(tenant)), events));
        let (told, figures) = run(model, LIMITS, cache(model, 4096, None), requests.collect());
        assert_eq!(figures.known, 0);
        for (told, alone) in told.iter().zip(alone(model)) {
            assert_eq!(told.tokens, alone);
        }
    });
}

#[test]
fn who_does_not_listen_any_more_is_let_go() {
    with_model(|model| {
        let (sender, events) = channel();
        let mut left = 3;
        let gone = Request::new(tokens(10, &SMALL), 10_000, chooser(1), move |event| {
            left -= 1;
            let _heard = sender.send(event);
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let stays = request(&tokens(20, &SMALL), 5, 2);
        let (told, figures) = run(
            model,
            LIMITS,
            cache(model, 4096, None),
            vec![(gone, events), stays],
        );
        assert_eq!(told[0].tokens.len(), 2);
        assert_eq!((told[1].tokens.len(), told[1].end), (5, Some(End::Count)));
        assert!(figures.computed < 60, "{figures:?}");
    });
}

#[test]
fn requests_that_cannot_be_say_why_and_harm_no_other() {
    with_model(|model| {
        let limits = Limits {
            context: Some(100),
            ..LIMITS
        };
        let requests = vec![
            request(&[], 5, 1),
            request(&[99], 5, 1),
            request(&[1; 101], 5, 1),
            request(&[1; 90], 50, 1),
            request(&tokens(20, &SMALL), 5, 2),
            request(&[1, 2], 0, 2),
        ];
        let (told, figures) = run(model, limits, cache(model, 4096, None), requests);
        assert!(matches!(told[0].error, Some(LlamaError::NoTokens)));
        assert!(matches!(
            told[1].error,
            Some(LlamaError::Token { token: 99, .. })
        ));
        assert!(matches!(
            told[2].error,
            Some(LlamaError::Context {
                tokens: 101,
                limit: 100
            })
        ));
        assert_eq!(
            (told[3].tokens.len(), told[3].end),
            (11, Some(End::Context))
        );
        assert_eq!((told[4].tokens.len(), told[4].end), (5, Some(End::Count)));
        assert_eq!((told[5].tokens.len(), told[5].end), (0, Some(End::Count)));
        assert_eq!(figures.ended, 6);
    });
}

#[test]
fn a_request_that_no_cache_holds_fails_alone() {
    with_model(|model| {
        let requests = vec![
            request(&tokens(200, &SMALL), 5, 1),
            request(&tokens(20, &SMALL), 5, 2),
        ];
        let (told, _) = run(model, LIMITS, cache(model, 128, None), requests);
        assert!(
            matches!(told[0].error, Some(LlamaError::Cache(_))),
            "{told:?}"
        );
        assert_eq!((told[1].tokens.len(), told[1].end), (5, Some(End::Count)));
    });
}

#[test]
fn a_desk_without_an_engine_says_so() {
    with_model(|model| {
        let pool = pool(1);
        let runner = Runner::new(model, &pool, LIMITS).expect("is made");
        let (desk, engine) = Engine::new(runner, cache(model, 128, None));
        drop(engine);
        let error = desk.submit(request(&[1], 1, 1).0).expect_err("has ended");
        assert!(matches!(error, LlamaError::Ended), "{error}");
    });
}
