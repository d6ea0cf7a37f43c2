//! Graphs of tensors.
//!
//! # Role
//! The intermediate tensors of a transformer's forward pass, with the steps that use them: what a plan
//! of memory is judged on.
//!
//! # Not here
//! Weights and caches: they outlive the pass.

/// A tensor of a graph: its size, and the first and the last step that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its size.
    pub bytes: usize,
    /// The step that writes it.
    pub first: u32,
    /// The last step that reads it.
    pub last: u32,
}

/// The sizes of a transformer of the llama family, in items.
#[derive(Clone, Copy, Debug)]
pub struct Transformer {
    /// Layers.
    pub layers: usize,
    /// Width of a token's row.
    pub width: usize,
    /// Width of a token's keys, and of its values.
    pub kv_width: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Width of the feed-forward part.
    pub hidden: usize,
    /// Tokens that attention looks back at.
    pub context: usize,
    /// Entries of the vocabulary.
    pub vocabulary: usize,
    /// Tokens of one pass.
    pub tokens: usize,
}

/// Builds a graph step by step.
#[derive(Debug, Default)]
struct Graph {
    tensors: Vec<Tensor>,
    step: u32,
}

impl Graph {
    /// A step that reads some tensors and writes one of so many 32-bit items.
    fn step(&mut self, items: usize, reads: &[usize]) -> usize {
        for read in reads {
            self.tensors[*read].last = self.step;
        }
        self.tensors.push(Tensor {
            bytes: items * 4,
            first: self.step,
            last: self.step,
        });
        self.step += 1;
        self.tensors.len() - 1
    }

    /// A step that only reads.
    fn read(&mut self, reads: &[usize]) {
        for read in reads {
            self.tensors[*read].last = self.step;
        }
        self.step += 1;
    }
}

impl Transformer {
    /// Llama 2 with seven thousand million parameters, one token at the end of its context.
    pub const LLAMA_7B: Self = Self {
        layers: 32,
        width: 4096,
        kv_width: 4096,
        heads: 32,
        hidden: 11008,
        context: 4096,
        vocabulary: 32000,
        tokens: 1,
    };

    /// The smallest of the story tellers.
    pub const TINY: Self = Self {
        layers: 5,
        width: 64,
        kv_width: 32,
        heads: 8,
        hidden: 172,
        context: 512,
        vocabulary: 512,
        tokens: 1,
    };

    /// The tensors of one pass, in the order of the steps that write them. None is written over.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor> {
        let mut graph = Graph::default();
        let row = self.tokens * self.width;
        let kv = self.tokens * self.kv_width;
        let scores = self.heads * self.tokens * self.context;
        let hidden = self.tokens * self.hidden;
        let mut x = graph.step(row, &[]);
        for _ in 0..self.layers {
            let normed = graph.step(row, &[x]);
            let q = graph.step(row, &[normed]);
            let k = graph.step(kv, &[normed]);
            let v = graph.step(kv, &[normed]);
            let q = graph.step(row, &[q]);
            let k = graph.step(kv, &[k]);
            // Into the cache.
            graph.read(&[k, v]);
            let scored = graph.step(scores, &[q]);
            let weighted = graph.step(scores, &[scored]);
            let attended = graph.step(row, &[weighted]);
            let projected = graph.step(row, &[attended]);
            let between = graph.step(row, &[x, projected]);
            let normed = graph.step(row, &[between]);
            let gate = graph.step(hidden, &[normed]);
            let up = graph.step(hidden, &[normed]);
            let gated = graph.step(hidden, &[gate, up]);
            let down = graph.step(row, &[gated]);
            x = graph.step(row, &[between, down]);
        }
        let normed = graph.step(row, &[x]);
        let logits = graph.step(self.vocabulary, &[normed]);
        graph.read(&[logits]);
        graph.tensors
    }
}

#[cfg(test)]
mod tests {
    use super::Transformer;

    #[test]
    fn every_tensor_is_read_after_it_was_written() {
        let tensors = Transformer::TINY.tensors();
        assert_eq!(tensors.len(), 1 + 5 * 17 + 2);
        assert!(tensors.iter().all(|tensor| tensor.first < tensor.last));
    }
}
