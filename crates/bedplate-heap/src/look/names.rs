//! Objects and their references in words.

use crate::bits::low;
use crate::header::{self, Kind};
use crate::{Heap, Ref, TablePosition, Value, View};

/// So much of a text is shown.
const TEXT_MAX: usize = 24;

impl Heap {
    /// What an object is, in a few words.
    pub(super) fn described(&self, at: u32) -> String {
        let kind = header::kind(self.words.load(at));
        let Some(object) = Ref::at(at) else {
            return "nothing".to_owned();
        };
        let length = match kind {
            Kind::Array => self.array_length(object).ok(),
            Kind::Table => self.table_length(object).ok(),
            _ => None,
        };
        let more = match (kind, length) {
            (_, Some(length)) => format!(" of {length}"),
            (Kind::Bytes, _) => match self.long_text(object) {
                Ok(Some(text)) => format!(" {:?}", shortened(text)),
                _ => format!(" of {}", self.bytes(object).map_or(0, <[u8]>::len)),
            },
            (Kind::Closure, _) => {
                let code = self.closure(object).map_or(0, |(code, _)| code);
                format!(" of code {code}")
            }
            _ => String::new(),
        };
        format!("{kind:?}{more}")
    }

    /// Each reference of an object: what it is called, and to whom it is.
    pub(super) fn named_edges(&self, at: u32) -> Vec<(String, u32)> {
        let mut edges = Vec::new();
        let mut add = |name: String, value: Value| {
            if value.link() != 0 {
                edges.push((name, value.link()));
            }
        };
        let Some(object) = Ref::at(at) else {
            return edges;
        };
        match header::kind(self.words.load(at)) {
            Kind::Pair => {
                add("first".to_owned(), self.value(at + 1));
                add("second".to_owned(), self.value(at + 2));
            }
            Kind::Cell => add("value".to_owned(), self.value(at + 1)),
            Kind::Record => {
                for (name, value) in self.record_fields(object) {
                    add(format!(".{name}"), value);
                }
            }
            Kind::Table => {
                for (name, value) in self.table_entries(object) {
                    add(name, value);
                }
            }
            Kind::Array | Kind::Closure => {
                let places = self.edges(at);
                for index in 0..places.count() {
                    let child = Ref::at(places.at(self, index));
                    add(format!("[{index}]"), Value::from(child));
                }
            }
            _ => self.each_edge(at, |child| add("link".to_owned(), Ref::at(child).into())),
        }
        edges
    }

    fn record_fields(&self, record: Ref) -> Vec<(String, Value)> {
        let shape = self.shapes.own(low(self.words.load(record.index() + 1)));
        let places = self.edges(record.index());
        let keys = self.shape_keys(shape);
        keys.iter()
            .zip(0..)
            .map(|(key, place)| {
                let name = self.key_name(*key).unwrap_or("?").to_owned();
                (name, Ref::at(places.at(self, place)).into())
            })
            .collect()
    }

    fn table_entries(&self, table: Ref) -> Vec<(String, Value)> {
        let mut entries = Vec::new();
        let mut position = TablePosition::default();
        while let Ok(Some((next, key, value))) = self.next_entry(table, position) {
            entries.push((format!("[{}]", self.shown(key)), value));
            entries.push(("key".to_owned(), key));
            position = next;
        }
        let meta = self.meta(table).ok().flatten();
        entries.push(("meta".to_owned(), meta.into()));
        entries
    }

    fn shown(&self, value: Value) -> String {
        match value.view() {
            View::Nil => "nil".to_owned(),
            View::Bool(truth) => truth.to_string(),
            View::Integer(number) => number.to_string(),
            View::Float(number) => number.to_string(),
            View::Text(text) => format!("{text:?}"),
            View::Object(object) => self.described(object.index()),
        }
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(TEXT_MAX).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
