//! Figures in `Some` and `Ok`.

use bedplate_audit::Class;

use crate::assert_class;

/// A counter that `shown` hands out in a `Result`, and what is done with that.
fn figure(made: &str, used: &str) -> String {
    format!(
        "use std::sync::atomic::{{AtomicU64, Ordering::Relaxed}};
struct Cache {{ hits: AtomicU64 }}
impl Cache {{
    fn hit(&self) {{ self.hits.fetch_add(1, Relaxed); }}
    fn shown(&self) -> Result<u64, Broken> {{
        if is_broken() {{ return Err(Broken); }}
        {made}
    }}
    fn used(&self) -> Result<(), Broken> {{ {used} }}
}}
"
    )
}

const MADE: &str = "Ok(self.hits.load(Relaxed))";

#[test]
fn whether_there_is_a_figure_does_not_hang_on_it() {
    for used in [
        "let n = self.shown()?; start_thread(); log::info!(\"{n}\"); Ok(())",
        "match self.shown() { Ok(n) => log::info!(\"{n}\"), Err(_) => start_thread() } Ok(())",
        "if let Ok(n) = self.shown() { start_thread(); log::info!(\"{n}\"); } Ok(())",
        "let Ok(n) = self.shown() else { return stop() }; start_thread(); log::info!(\"{n}\"); Ok(())",
        "let n = self.shown().ok().map(|n| n + 1).unwrap_or(0); log::info!(\"{n}\"); Ok(())",
        "if self.shown().is_err() { start_thread(); } log::info!(\"{:?}\", self.shown()); Ok(())",
        "let shown = self.shown(); let n = shown.map_err(wrap)?; start_thread(); log::info!(\"{n}\"); Ok(())",
    ] {
        assert_class("a.rs", &figure(MADE, used), "Cache.hits", Class::Telemetry);
    }
    let then = figure(
        "is_whole().then(|| self.hits.load(Relaxed)).ok_or(Broken)",
        "let n = self.shown()?; start_thread(); log::info!(\"{n}\"); Ok(())",
    );
    assert_class("a.rs", &then, "Cache.hits", Class::Telemetry);
    // Which of them are in the list hangs on the figure; whether there is a list does not.
    let listed = figure(
        "Ok([self.hits.load(Relaxed)].iter().filter(|&n| n > &0).sum())",
        "let n = self.shown()?; start_thread(); log::info!(\"{n}\"); Ok(())",
    );
    assert_class("a.rs", &listed, "Cache.hits", Class::Telemetry);
    let asked = listed.replace("start_thread(); log", "if n > 3 { start_thread(); } log");
    assert_class("a.rs", &asked, "Cache.hits", Class::Correctness);
    let truth = figure(
        "Ok(self.hits.load(Relaxed) > 3)",
        "if self.shown()? { start_thread(); } Ok(())",
    );
    assert_class("a.rs", &truth, "Cache.hits", Class::Correctness);
}

#[test]
fn what_is_done_by_the_figure_decides() {
    for used in [
        "let n = self.shown()?; if n > 3 { start_thread(); } Ok(())",
        "match self.shown() { Ok(3) => start_thread(), _ => log::info!(\"other\") } Ok(())",
        "if let Ok(n) = self.shown() && n > 3 { start_thread(); } Ok(())",
        "self.shown().ok().filter(|n| *n > 3).map(|_| start_thread()); Ok(())",
        "if self.shown().is_ok_and(|n| n > 3) { start_thread(); } Ok(())",
        "let n = self.shown()?; n.checked_sub(3).ok_or(Broken)?; start_thread(); Ok(())",
        "let Ok(n) = self.shown() else { return stop() }; (n > 3).then(|| start_thread()); Ok(())",
        "if self.shown() == Ok(3) { start_thread(); } Ok(())",
        "let n = NonZero::new(self.shown()?); if n.is_some() { start_thread(); } Ok(())",
    ] {
        assert_class(
            "a.rs",
            &figure(MADE, used),
            "Cache.hits",
            Class::Correctness,
        );
    }
    for made in [
        "let n = self.hits.load(Relaxed); if n > 3 { Ok(n) } else { Err(Broken) }",
        "Some(self.hits.load(Relaxed)).filter(|n| *n > 3).ok_or(Broken)",
        "let n = self.hits.load(Relaxed); (n > 3).then(|| n).ok_or(Broken)",
    ] {
        let used = "let n = self.shown()?; start_thread(); log::info!(\"{n}\"); Ok(())";
        assert_class(
            "a.rs",
            &figure(made, used),
            "Cache.hits",
            Class::Correctness,
        );
    }
}

#[test]
fn what_a_closure_answers_is_what_its_caller_makes_of_it() {
    let text = |made: &str, used: &str| {
        format!(
            "use std::sync::atomic::{{AtomicU64, Ordering::Relaxed}};
struct Cache {{ hits: AtomicU64 }}
struct Seen {{ hits: u64 }}
impl Cache {{
    fn hit(&self) {{ self.hits.fetch_add(1, Relaxed); }}
    fn seen(&self) -> Result<Seen, Broken> {{ Ok(Seen {{ hits: self.hits.load(Relaxed) }}) }}
}}
fn each<T>(look: impl Fn(u32) -> Result<T, Broken>) -> Result<Vec<T>, Broken> {{
    let mut found = Vec::new();
    match look(1) {{ Ok(one) => found.push(one), Err(broken) => start_thread() }}
    {made}
}}
fn used(cache: &Cache) -> Result<(), Broken> {{
    let all = each(|_| cache.seen())?;
    start_thread();
    for one in &all {{ {used} }}
    Ok(())
}}
"
        )
    };
    let shown = "log::info!(\"{}\", one.hits);";
    assert_class(
        "a.rs",
        &text("Ok(found)", shown),
        "Cache.hits",
        Class::Telemetry,
    );
    let told =
        text("Ok(found)", shown).replace("cache.seen())?", "cache.seen()).map_err(|it| wrap(it))?");
    assert_class("a.rs", &told, "Cache.hits", Class::Telemetry);
    let asked = "if one.hits > 3 { start_thread(); }";
    assert_class(
        "a.rs",
        &text("Ok(found)", asked),
        "Cache.hits",
        Class::Correctness,
    );
    // What else is done with the closure is not seen.
    let handed_on = "library::go(look); Ok(found)";
    assert_class(
        "a.rs",
        &text(handed_on, shown),
        "Cache.hits",
        Class::Correctness,
    );
}
