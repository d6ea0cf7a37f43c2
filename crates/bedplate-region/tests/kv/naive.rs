//! The naive model: each sequence a vector of tokens that is copied wherever it is forked.

/// A token: its mark, where it was written, where it is now.
#[derive(Clone, Copy, Debug)]
struct Token {
    mark: u32,
    written: i64,
    now: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    tokens: Vec<Token>,
    committed: usize,
    next: i64,
    window: Option<usize>,
    /// How many tokens went at the front, and how many had when the window turned last.
    front: usize,
    slid: usize,
    pub(crate) is_pinned: bool,
    pub(crate) changed: u64,
}

impl Sequence {
    pub(crate) fn new(window: Option<usize>) -> Self {
        Self {
            tokens: Vec::new(),
            committed: 0,
            next: 0,
            window,
            front: 0,
            slid: 0,
            is_pinned: true,
            changed: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn committed(&self) -> usize {
        self.committed
    }

    pub(crate) fn first_position(&self) -> i64 {
        self.tokens.first().map_or(self.next, |token| token.now)
    }

    pub(crate) fn append(&mut self, marks: &[u32]) {
        for mark in marks {
            self.tokens.push(Token {
                mark: *mark,
                written: self.next,
                now: self.next,
            });
            self.next += 1;
        }
    }

    pub(crate) fn fork(&self) -> Self {
        let mut fork = self.clone();
        fork.committed = fork.len();
        fork.is_pinned = true;
        fork
    }

    /// False where the window would hold what is gone, or there are not so many.
    pub(crate) fn truncate(&mut self, tokens: usize) -> bool {
        let is_gone = self.window.is_some_and(|window| {
            self.slid > 0 && tokens < self.len() && self.front + tokens < self.slid + window
        });
        if tokens > self.len() || is_gone {
            return false;
        }
        self.cut(tokens);
        true
    }

    fn cut(&mut self, tokens: usize) {
        while self.len() > tokens {
            self.tokens.pop();
            self.next -= 1;
        }
        self.committed = self.committed.min(tokens);
    }

    pub(crate) fn drop_front(&mut self, tokens: usize) -> bool {
        if tokens > self.len() {
            return false;
        }
        self.tokens.drain(..tokens);
        self.committed = self.committed.saturating_sub(tokens);
        self.front += tokens;
        true
    }

    pub(crate) fn shift(&mut self, by: i64) -> bool {
        if self.first_position() + by < 0 {
            return false;
        }
        for token in &mut self.tokens {
            token.now += by;
        }
        self.next += by;
        true
    }

    pub(crate) fn commit(&mut self) {
        self.committed = self.len();
        if let Some(window) = self.window {
            let gone = self.len().saturating_sub(window);
            self.drop_front(gone);
            if gone > 0 {
                self.slid = self.front;
            }
        }
    }

    pub(crate) fn roll_back(&mut self) {
        self.cut(self.committed);
    }

    pub(crate) fn read(&self) -> Vec<(u32, i64, i64)> {
        let seen = |token: &Token| (token.mark, token.now, token.now - token.written);
        self.tokens.iter().map(seen).collect()
    }
}
