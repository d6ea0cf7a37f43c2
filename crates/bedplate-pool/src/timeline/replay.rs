//! From events to slices.
//!
//! # Role
//! Events of a seat, in the order they were written, become tracks of slices that lie inside each
//! other or beside each other.
//!
//! # Invariants
//! - I1: what is missing of a seat's events is missing at the front. So an end without a beginning
//!   closes something that encloses all that came before on its track.

use super::model::{Mark, MarkKind, PlaceKind, Slice, SliceKind, Track};
use super::recorder::{Edge, Event};
use crate::span::SpanContext;
use alloc::collections::BTreeMap;

/// The time that was recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) began_ns: u64,
    pub(super) ended_ns: u64,
}

impl Window {
    /// Nanoseconds since the beginning.
    fn at(self, at_ns: u64) -> u64 {
        at_ns.min(self.ended_ns).saturating_sub(self.began_ns)
    }
}

/// A track on its way.
#[derive(Default)]
struct Building {
    slices: Vec<Slice>,
    /// Places in `slices` of those that have not ended, the innermost last.
    open: Vec<usize>,
    /// Those whose beginning is not known, the innermost first.
    cut: Vec<Slice>,
    marks: Vec<Mark>,
}

/// The tracks of a seat: the thread's, then its fibers'. None where nothing happened.
pub(super) fn tracks(
    window: &Window,
    (place, kind, name): (usize, PlaceKind, &str),
    events: &[Event],
    names: &[&'static str],
    lost: u64,
) -> Vec<Track> {
    // Where events were lost, nothing is known of the time before the first that is left.
    let first_ns = match events.first() {
        Some(event) if lost > 0 => window.at(event.at_ns),
        _ => 0,
    };
    let mut building: BTreeMap<u16, Building> = BTreeMap::new();
    for event in events {
        let track = building.entry(event.fiber).or_default();
        let at_ns = window.at(event.at_ns);
        match event.edge {
            // One from between two recordings, written once this one had begun.
            Edge::Begin if event.at_ns < window.began_ns => {}
            Edge::Begin => track.begin(event, at_ns, names),
            Edge::End => track.end(event, first_ns, at_ns),
            Edge::Mark => track.mark(event, at_ns),
        }
    }
    let mut lost = lost;
    building
        .into_iter()
        .map(|(fiber, track)| Track {
            place,
            kind,
            fiber: fiber.checked_sub(1).map(usize::from),
            name: match fiber.checked_sub(1) {
                Some(fiber) => format!("{name} fiber {fiber}"),
                None => name.to_owned(),
            },
            marks: track.marks.clone(),
            slices: track.close(window.at(window.ended_ns)),
            lost: core::mem::take(&mut lost),
        })
        .collect()
}

fn slice(event: &Event, (begin_ns, end_ns): (u64, u64), name: Option<&'static str>) -> Slice {
    // A kind that this program does not know cannot have been written by it.
    let kind = SliceKind::of(event.kind).unwrap_or(SliceKind::Job);
    let is_half = matches!(kind, SliceKind::Half | SliceKind::Leap);
    let parent = if kind == SliceKind::Span {
        event.other
    } else {
        0
    };
    Slice {
        kind,
        name: name.unwrap_or_else(|| kind.name()),
        begin_ns,
        end_ns,
        span: SpanContext::new(event.span),
        parent: SpanContext::new(parent),
        from: usize::try_from(event.other).ok().filter(|_| is_half),
        is_cut: true,
    }
}

impl Building {
    fn begin(&mut self, event: &Event, at_ns: u64, names: &[&'static str]) {
        let name = event.name.checked_sub(1);
        let name = name.and_then(|at| names.get(usize::try_from(at).ok()?).copied());
        self.open.push(self.slices.len());
        self.slices.push(slice(event, (at_ns, at_ns), name));
    }

    fn end(&mut self, event: &Event, first_ns: u64, at_ns: u64) {
        match self.open.pop() {
            Some(at) => {
                self.slices[at].end_ns = at_ns;
                self.slices[at].is_cut = false;
            }
            // I1.
            None => self.cut.push(slice(event, (first_ns, at_ns), None)),
        }
    }

    fn mark(&mut self, event: &Event, at_ns: u64) {
        self.marks.extend(MarkKind::of(event.kind).map(|kind| Mark {
            kind,
            at_ns,
            place: usize::try_from(event.other).unwrap_or(usize::MAX),
        }));
    }

    /// What has not ended ends with the timeline.
    fn close(mut self, end_ns: u64) -> Vec<Slice> {
        for at in self.open {
            self.slices[at].end_ns = end_ns;
        }
        self.cut.reverse();
        self.cut.append(&mut self.slices);
        self.cut
    }
}

#[cfg(test)]
mod tests {
    use super::{Window, tracks};
    use crate::timeline::recorder::{Edge, Event};
    use crate::timeline::{PlaceKind, SliceKind, Track};

    fn event(at_ns: u64, edge: Edge, kind: SliceKind, fiber: u16) -> Event {
        Event {
            at_ns,
            edge,
            kind: kind as u8,
            fiber,
            name: 0,
            span: 3,
            other: 1,
        }
    }

    fn replayed(events: &[Event], lost: u64) -> Vec<Track> {
        let window = Window {
            began_ns: 100,
            ended_ns: 200,
        };
        tracks(
            &window,
            (0, PlaceKind::Worker, "w"),
            events,
            &["named"],
            lost,
        )
    }

    fn times(track: &Track) -> Vec<(SliceKind, u64, u64, bool)> {
        let slices = track.slices.iter();
        slices
            .map(|s| (s.kind, s.begin_ns, s.end_ns, s.is_cut))
            .collect()
    }

    #[test]
    fn what_is_known_in_part_reaches_to_the_edges() {
        use Edge::{Begin, End};
        use SliceKind::{Half, Inside, Job, Wait};
        let events = [
            event(110, Begin, Half, 0),
            event(120, End, Half, 0),
            event(130, End, Wait, 0),
            event(140, End, Job, 0),
            event(150, Begin, Inside, 0),
            event(160, Begin, Half, 0),
        ];
        let tracks = replayed(&events, 0);
        assert_eq!(
            times(&tracks[0]),
            [
                (Job, 0, 40, true),
                (Wait, 0, 30, true),
                (Half, 10, 20, false),
                (Inside, 50, 100, true),
                (Half, 60, 100, true),
            ]
        );
        assert_eq!(tracks[0].slices[2].from, Some(1));
        let tracks = replayed(&events, 7);
        assert_eq!((tracks[0].lost, tracks[0].slices[0].begin_ns), (7, 10));
    }

    #[test]
    fn what_began_before_the_recording_is_not_open_in_it() {
        use Edge::{Begin, End};
        use SliceKind::{Half, Wait};
        let events = [
            event(90, Begin, Half, 0),
            event(110, Begin, Wait, 0),
            event(120, End, Wait, 0),
        ];
        assert_eq!(times(&replayed(&events, 0)[0]), [(Wait, 10, 20, false)]);
    }

    #[test]
    fn fibers_have_tracks_of_their_own() {
        use Edge::{Begin, End};
        use SliceKind::{Job, Wait};
        let mut named = event(100, Begin, SliceKind::Span, 2);
        named.name = 1;
        let events = [
            event(100, Begin, Job, 1),
            event(105, Begin, Wait, 1),
            named,
            event(110, End, Wait, 1),
            event(115, End, SliceKind::Span, 2),
            event(120, End, Job, 1),
        ];
        let tracks = replayed(&events, 2);
        assert_eq!(tracks.len(), 2);
        assert_eq!(
            times(&tracks[0]),
            [(Job, 0, 20, false), (Wait, 5, 10, false)]
        );
        assert_eq!(tracks[1].name, "w fiber 1");
        assert_eq!((tracks[0].lost, tracks[1].lost), (2, 0));
        let span = tracks[1].slices[0];
        assert_eq!(
            (span.name, span.parent.id(), span.span.id()),
            ("named", 1, 3)
        );
    }
}
