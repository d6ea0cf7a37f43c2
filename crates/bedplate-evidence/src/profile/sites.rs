//! The call sites that hold most.
//!
//! # Role
//! Adds up stacks by the place that asked for the block: the innermost function that is no wrapper
//! of an allocator, and its line.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stacks::{Blocks, Frame, Profile, Stack};

/// Callers named for a site.
const CALLERS: usize = 6;

/// A place that asks for blocks. All figures are estimates from samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallSite {
    /// The function that called the allocator.
    pub function: String,
    /// Its source file.
    pub file: Option<String>,
    /// The line, 0 where it is not known.
    pub line: u32,
    /// Who called it, on the way that holds most: nearest first.
    pub callers: Vec<String>,
    /// Bytes live at the peak.
    pub peak_bytes: f64,
    /// Blocks live at the peak.
    pub peak_blocks: f64,
    /// Bytes live at the end.
    pub end_bytes: f64,
    /// Bytes allocated.
    pub allocated_bytes: f64,
    /// Blocks allocated.
    pub allocated_blocks: f64,
}

/// What a report tells of a heap profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProfileReport {
    /// Bytes for each sample on the average.
    pub rate_bytes: u64,
    /// Samples behind the estimates.
    pub samples: u64,
    /// Samples that could not be noted.
    pub dropped: u64,
    /// Bytes live at the peak, over all sites.
    pub peak_bytes: f64,
    /// Bytes allocated, over all sites.
    pub allocated_bytes: f64,
    /// The sites that hold most at the peak, and how many more there are.
    pub sites: Vec<CallSite>,
    /// Sites beyond those listed.
    pub more_sites: u64,
}

/// The report on a profile, with at most `most` sites.
#[must_use]
pub fn report(profile: &Profile, most: usize) -> ProfileReport {
    let mut sites = call_sites(profile);
    let sum = |of: fn(&CallSite) -> f64| sites.iter().map(of).sum::<f64>();
    let (peak_bytes, allocated_bytes) = (sum(|s| s.peak_bytes), sum(|s| s.allocated_bytes));
    let more_sites = sites.len().saturating_sub(most) as u64;
    sites.truncate(most);
    ProfileReport {
        rate_bytes: profile.rate_bytes,
        samples: profile.samples,
        dropped: profile.dropped,
        peak_bytes,
        allocated_bytes,
        sites,
        more_sites,
    }
}

/// All call sites, those that hold most at the peak first.
fn call_sites(profile: &Profile) -> Vec<CallSite> {
    let mut sites: BTreeMap<(&str, u32), (f64, CallSite)> = BTreeMap::new();
    for stack in &profile.stacks {
        let wrappers = profile
            .frames(stack)
            .take_while(|f| is_wrapper(&f.function));
        let wrappers = wrappers.count();
        // A stack of wrappers only is named by the innermost.
        let has_asker = profile.frames(stack).nth(wrappers).is_some();
        let mut frames = profile
            .frames(stack)
            .skip(if has_asker { wrappers } else { 0 });
        let Some(asker) = frames.next() else { continue };
        let key = (asker.function.as_str(), asker.line);
        let (largest, site) = sites.entry(key).or_insert_with(|| (-1.0, empty(asker)));
        add(site, stack);
        let weight = stack.bytes(stack.blocks.peak * 1e6 + stack.blocks.allocated);
        if weight > *largest {
            *largest = weight;
            site.callers = frames.take(CALLERS).map(|f| f.function.clone()).collect();
        }
    }
    let mut sites: Vec<CallSite> = sites.into_values().map(|(_, site)| site).collect();
    sites.sort_by(|a, b| {
        (b.peak_bytes, b.allocated_bytes)
            .partial_cmp(&(a.peak_bytes, a.allocated_bytes))
            .unwrap_or(core::cmp::Ordering::Equal)
    });
    sites
}

/// Whether a function only passes requests on: programs' own `xmalloc`, and the containers of Rust's
/// and C++'s libraries.
fn is_wrapper(function: &str) -> bool {
    const LIBRARIES: &[&str] = &[
        "alloc::",
        "<alloc::",
        "core::",
        "<core::",
        "std::",
        "<std::",
        "hashbrown::",
        "<hashbrown::",
        "__gnu_cxx::",
        "void std::",
    ];
    // Without template arguments and parameters, which name types.
    let name = function.split(['<', '(']).next().unwrap_or(function);
    let own = name
        .rsplit("::")
        .next()
        .unwrap_or(name)
        .to_ascii_lowercase();
    own.contains("alloc")
        || own.contains("strdup")
        || LIBRARIES.iter().any(|start| function.starts_with(start))
}

fn empty(frame: &Frame) -> CallSite {
    CallSite {
        function: frame.function.clone(),
        file: frame.file.clone(),
        line: frame.line,
        callers: Vec::new(),
        peak_bytes: 0.0,
        peak_blocks: 0.0,
        end_bytes: 0.0,
        allocated_bytes: 0.0,
        allocated_blocks: 0.0,
    }
}

fn add(site: &mut CallSite, stack: &Stack) {
    let Blocks {
        allocated,
        live,
        peak,
    } = stack.blocks;
    site.peak_blocks += peak;
    site.peak_bytes += stack.bytes(peak);
    site.end_bytes += stack.bytes(live);
    site.allocated_blocks += allocated;
    site.allocated_bytes += stack.bytes(allocated);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::pprof::tests::example;

    #[test]
    fn wrappers_are_passed_over() {
        for wrapper in [
            "zmalloc_usable",
            "xstrdup",
            "alloc::raw_vec::RawVecInner<A>::finish_grow",
            "std::vector<int, std::allocator<int> >::push_back(int const&)",
        ] {
            assert!(is_wrapper(wrapper), "{wrapper}");
        }
        for asker in ["lpInsert", "Cache<Allocator>::fill(int)", "app::main"] {
            assert!(!is_wrapper(asker), "{asker}");
        }
    }

    #[test]
    fn a_site_has_its_line_its_callers_and_its_bytes() {
        let mut profile = example(40.0);
        let found = report(&profile, 5);
        let site = &found.sites[0];
        assert_eq!((site.function.as_str(), site.line), ("ask", 7));
        assert_eq!(site.callers, ["main"]);
        assert!((site.peak_bytes - 2560.0).abs() < 1e-9);
        profile.locations[0].frames[0].function = "xmalloc".to_owned();
        assert_eq!(report(&profile, 5).sites[0].function, "main");
        profile.locations[1].frames[0].function = "xcalloc".to_owned();
        assert_eq!(report(&profile, 5).sites[0].function, "xmalloc");
        assert_eq!(report(&profile, 0).more_sites, 1);
    }
}
