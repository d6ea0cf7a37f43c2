//! The call sites in the report's text.

use core::fmt::{self, Write as _};

use super::fold;
use super::paint::Paint;
use super::units::{bytes, count, counted, whole_bytes};
use crate::profile::sites::{CallSite, ProfileReport};

/// Sites shown; the JSON has more.
const SITES_MAX: usize = 10;
/// Callers shown of each.
const CALLERS_MAX: usize = 3;
/// Longest name shown, in letters.
const NAME_MAX: usize = 60;

/// Writes the table of call sites.
pub(super) fn write_profile(
    out: &mut String,
    profile: &ProfileReport,
    paint: Paint,
) -> fmt::Result {
    writeln!(
        out,
        "\n{}",
        paint.bold("call sites by bytes live at the peak (estimates)")
    )?;
    let head = format!(
        "  {:>11} {:>6} {:>12}  {}",
        "live", "share", "allocated", "function"
    );
    writeln!(out, "{}", paint.dim(&head))?;
    for site in profile.sites.iter().take(SITES_MAX) {
        write_site(out, site, profile.peak_bytes)?;
    }
    let rest = profile.more_sites + profile.sites.len().saturating_sub(SITES_MAX) as u64;
    if rest > 0 {
        writeln!(out, "  and {}", counted(rest, "more site", "more sites"))?;
    }
    let mut told = format!(
        "from {}, one for each {} allocated",
        counted(profile.samples, "sample", "samples"),
        whole_bytes(profile.rate_bytes)
    );
    if profile.dropped > 0 {
        told.push_str(&format!(
            "; {} more could not be noted",
            count(profile.dropped)
        ));
    }
    writeln!(out, "{}", fold::sentence("  ", "  ", &told))
}

fn write_site(out: &mut String, site: &CallSite, all: f64) -> fmt::Result {
    writeln!(
        out,
        "  {:>11} {:>5.1}% {:>12}  {}",
        bytes(site.peak_bytes),
        100.0 * site.peak_bytes / all.max(1.0),
        bytes(site.allocated_bytes),
        cut(&site.function),
    )?;
    if let Some(file) = site.file.as_deref().filter(|_| site.line > 0) {
        let name = file.rsplit('/').next().unwrap_or(file);
        writeln!(out, "{:>35}{name}:{}", "", site.line)?;
    }
    for caller in site.callers.iter().take(CALLERS_MAX) {
        writeln!(out, "{:>35}from {}", "", cut(caller))?;
    }
    Ok(())
}

/// The name, or its end where it is long: that is what tells templates and modules apart.
fn cut(name: &str) -> String {
    let letters = name.chars().count();
    if letters <= NAME_MAX {
        return name.to_owned();
    }
    let end: String = name.chars().skip(letters - NAME_MAX + 3).collect();
    format!("...{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_shown_with_its_line_and_callers() {
        let site = CallSite {
            function: format!("{}::grow", "deep".repeat(30)),
            file: Some("/src/a.rs".to_owned()),
            line: 12,
            callers: vec!["main".to_owned()],
            peak_bytes: 2048.0,
            peak_blocks: 2.0,
            end_bytes: 0.0,
            allocated_bytes: 4096.0,
            allocated_blocks: 4.0,
        };
        let profile = ProfileReport {
            rate_bytes: 512 << 10,
            samples: 9,
            dropped: 1,
            peak_bytes: 4096.0,
            allocated_bytes: 4096.0,
            sites: vec![site],
            more_sites: 3,
        };
        let mut text = String::new();
        write_profile(&mut text, &profile, Paint::default()).unwrap();
        assert!(text.contains(" 50.0%") && text.contains("...") && text.contains("::grow"));
        assert!(text.contains("a.rs:12") && text.contains("from main"));
        assert!(text.contains("3 more sites") && text.contains("9 samples"));
    }
}
