//! The numbers that steer the collector.
//!
//! # Role
//! [`Limits`], declared once: field, unit, bounds, default and text stand in one table, which the
//! struct, its bounds and [`Limits::TABLE`] are made from. Presets only fill it.

use crate::header::SCRATCH_MAX;

/// One limit, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitRow {
    /// The field of [`Limits`].
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// The least; less becomes this.
    pub min: usize,
    /// The greatest; more becomes this.
    pub max: usize,
    /// The value of [`Limits::DEFAULT`].
    pub default: usize,
    /// What it does.
    pub text: &'static str,
}

macro_rules! limits {
    ($($name:ident: $unit:literal, $min:expr, $max:expr, $default:expr, $text:literal;)*) => {
        /// The numbers that steer the collector. What is outside its bounds is moved to them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(
                #[doc = $text]
                #[doc = concat!("\n\nIn ", $unit, ", from `", stringify!($min), "` to `", stringify!($max),
                    "`; `", stringify!($default), "` where nothing else is said.")]
                pub $name: usize,
            )*
            /// Whether trials and full passes start by themselves. Off, only
            /// [`crate::Heap::collect`] and [`crate::Heap::step`] collect.
            pub automatic: bool,
        }

        impl Limits {
            /// The limits that nobody needs to change.
            pub const DEFAULT: Self = Self { $($name: $default,)* automatic: true };

            /// All numbers, with units, bounds and defaults.
            pub const TABLE: &[LimitRow] = &[$(LimitRow {
                name: stringify!($name),
                unit: $unit,
                min: $min,
                max: $max,
                default: $default,
                text: $text,
            },)*];

            /// The limits inside their bounds.
            pub(crate) fn bounded(mut self) -> Self {
                $(self.$name = self.$name.clamp($min, $max);)*
                self.candidates_max = self.candidates_max.max(self.candidates_min);
                self.growth_max_bytes = self.growth_max_bytes.max(self.growth_min_bytes);
                self
            }
        }
    };
}

limits! {
    capacity_bytes: "bytes", 1 << 20, 32 << 30, 32 << 30,
        "The heap's greatest size: address space, not memory. Rounded up to a power of two.";
    trial_objects: "objects", 16, SCRATCH_MAX as usize, 512,
        "Objects in one trial, and half the references that are followed in it: bounds its pause.";
    candidates_min: "objects", 1, 1 << 30, 64,
        "The candidates that start a trial: between this and `candidates_max`, moved by how much the last ones freed.";
    candidates_max: "objects", 1, 1 << 30, 2048,
        "The upper end of the same.";
    large_bytes: "bytes", 8 << 10, usize::MAX, 16 << 20,
        "Bytes of objects above 8 KiB that are made since the last trial and start one, however few candidates there are: a few rings may hold much.";
    release_steps: "objects and references", 16, 1 << 30, 1024,
        "What is released and freed in one go; the rest waits for the next.";
    pass_steps: "objects and references", 1, usize::MAX, 1024,
        "What one slice of a full pass looks at: bounds its pause.";
    pass_events: "objects made or freed", 1, 1 << 20, 64,
        "What the program does between two slices of a full pass.";
    deferred_min: "objects", 1, usize::MAX, 100_000,
        "Objects that no trial could decide, and that start a full pass; `deferred_percent` of those alive where that is more.";
    deferred_percent: "percent", 0, 100, 50,
        "The same as a share of the objects that are alive.";
    growth_percent: "percent", 1, 1000, 50,
        "By how much the heap may grow from one full pass to the next, if there is anything undecided.";
    growth_min_bytes: "bytes", 64 << 10, usize::MAX, 8 << 20,
        "The least of that growth: a small heap need not be passed at each step.";
    growth_max_bytes: "bytes", 64 << 10, usize::MAX, 64 << 20,
        "The most of it, so that a heap that began large is passed at all. Doubled by each pass in a row that frees next to nothing, up to `growth_percent`.";
    shapes_min: "shapes", 1, 1 << 20, 4096,
        "Shapes made since the last full pass that start one: their records may be gone. As many as were left then, where that is more.";
    collect_each: "objects made", 0, usize::MAX, 0,
        "For debugging: a whole collection each so many allocations; 1 is before each, 0 never.";
}

impl Limits {
    /// For machines in use: the default.
    pub const PRODUCTION: Self = Self::DEFAULT;

    /// For programs that are being written: cycles are found sooner, at the cost of time.
    pub const DEVELOPMENT: Self = Self {
        candidates_max: 256,
        deferred_min: 1000,
        deferred_percent: 5,
        growth_percent: 10,
        growth_min_bytes: 1 << 20,
        growth_max_bytes: 8 << 20,
        ..Self::DEFAULT
    };

    /// For mistakes in counting: a trial for each candidate, and whole collections all the time.
    pub const DEBUGGING: Self = Self {
        candidates_min: 1,
        candidates_max: 1,
        collect_each: 1024,
        ..Self::DEVELOPMENT
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn the_defaults_are_inside_their_bounds() {
        for row in Limits::TABLE {
            assert!(row.min <= row.default && row.default <= row.max, "{row:?}");
            assert!(!row.unit.is_empty() && !row.text.is_empty());
        }
        for preset in [Limits::DEFAULT, Limits::DEVELOPMENT, Limits::DEBUGGING] {
            assert_eq!(preset.bounded(), preset);
        }
    }

    #[test]
    fn what_is_outside_is_moved() {
        let limits = Limits {
            trial_objects: 1,
            candidates_min: 100,
            candidates_max: 10,
            growth_min_bytes: 1 << 30,
            growth_max_bytes: 0,
            ..Limits::DEFAULT
        };
        let limits = limits.bounded();
        assert_eq!((limits.trial_objects, limits.candidates_max), (16, 100));
        assert_eq!(limits.growth_max_bytes, 1 << 30);
    }
}
