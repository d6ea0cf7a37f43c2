//! The comparison with other allocators, as text.

use core::fmt::{self, Write as _};

use super::fold;
use super::model::{ArmReport, RatioReport, Versus};
use super::paint::Paint;
use super::units::{bytes, seconds, short_name, whole_bytes};

/// Up to this many times what starting a process takes, a peak may be that alone.
const FLOOR_NEAR: f64 = 1.5;
/// Columns of a name.
const NAME_COLUMNS: usize = 14;

pub(super) fn write_versus(out: &mut String, versus: &Versus, paint: Paint) -> fmt::Result {
    let title = format!(
        "against others: {} interleaved rounds, seed {}, load {}",
        versus.rounds,
        versus.seed,
        versus
            .load_average
            .map_or_else(|| "not known".to_owned(), |load| format!("{load:.2}")),
    );
    writeln!(out, "\n{}", paint.bold(&title))?;
    let head = row("median", ["wall", "CPU", "peak RSS"].map(str::to_owned));
    writeln!(out, "{}", paint.dim(&head))?;
    write_medians(out, "bedplate", &versus.ours)?;
    for other in &versus.others {
        write_medians(out, &other.name, other)?;
    }
    let head = "  ours / other with 95 % interval; below 1: ours is better";
    writeln!(out, "{}", paint.dim(head))?;
    for other in &versus.others {
        write_ratios(out, other, paint)?;
    }
    for difference in versus.others.iter().flat_map(|other| &other.differences) {
        let folded = fold::sentence("  ", "  ", difference);
        writeln!(out, "{}", paint.bad(&folded))?;
    }
    let arms = core::iter::once(&versus.ours).chain(&versus.others);
    let smallest = arms.map(|arm| arm.peak_rss_bytes).fold(f64::MAX, f64::min);
    if smallest > FLOOR_NEAR * versus.rss_floor_bytes as f64 {
        return Ok(());
    }
    let floor = whole_bytes(versus.rss_floor_bytes);
    let line = format!("  a peak RSS near {floor} is that of starting a process");
    writeln!(out, "{}", paint.dim(&line))
}

/// A row of three columns as wide as a ratio with its interval.
fn row(name: &str, cells: [String; 3]) -> String {
    let [first, second, third] = cells;
    format!("  {name:<NAME_COLUMNS$} {first:>20} {second:>20} {third:>20}")
}

/// The name as a row has it; one that is too long stands in a line of its own.
fn row_name<'n>(out: &mut String, name: &'n str) -> Result<&'n str, fmt::Error> {
    let name = short_name(name);
    if name.chars().count() <= NAME_COLUMNS {
        return Ok(name);
    }
    writeln!(out, "  {name}")?;
    Ok("")
}

fn write_medians(out: &mut String, name: &str, arm: &ArmReport) -> fmt::Result {
    let name = row_name(out, name)?;
    let cells = [
        seconds(arm.wall_s),
        seconds(arm.cpu_s),
        bytes(arm.peak_rss_bytes),
    ];
    writeln!(out, "{}", row(name, cells))
}

fn write_ratios(out: &mut String, other: &ArmReport, paint: Paint) -> fmt::Result {
    let Some(ratios) = &other.ratios else {
        return Ok(());
    };
    let name = row_name(out, &other.name)?;
    write!(out, "  {name:<NAME_COLUMNS$}")?;
    for ratio in [ratios.wall, ratios.cpu, ratios.peak_rss] {
        let text = ratio.map_or_else(|| "needs 6 rounds".to_owned(), figures);
        let cell = format!("{text:>20}");
        let painted = match ratio {
            Some(ratio) if ratio.high < 1.0 => paint.good(&cell),
            Some(ratio) if ratio.low > 1.0 => paint.warn(&cell),
            _ => cell,
        };
        write!(out, " {painted}")?;
    }
    writeln!(out)
}

/// The ratio and its interval, with four digits each.
fn figures(ratio: RatioReport) -> String {
    let four = |value: f64| {
        let decimals = [10.0, 100.0, 1000.0]
            .into_iter()
            .filter(|&bound| value >= bound)
            .count();
        format!("{value:.*}", 3 - decimals)
    };
    format!(
        "{} [{}, {}]",
        four(ratio.ratio),
        four(ratio.low),
        four(ratio.high)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_fits_the_terminal() {
        let ratio = Some(RatioReport {
            ratio: 12.3456,
            low: 0.1234,
            high: 1234.5,
        });
        let arm = |name: &str| ArmReport {
            name: name.to_owned(),
            library: None,
            wall_s: 1.5,
            cpu_s: 1.5,
            peak_rss_bytes: 1e9,
            ratios: Some(super::super::model::Ratios {
                wall: ratio,
                cpu: None,
                peak_rss: ratio,
            }),
            raw: Vec::new(),
            exit_codes: Vec::new(),
            differences: vec![format!("OUTPUT DIFFERS between bedplate and {name}")],
        };
        let versus = Versus {
            rounds: 6,
            seed: u64::MAX,
            ours: arm("bedplate"),
            others: vec![
                arm("system"),
                arm("/a/rather/long/path/of/a/libsomething.so.2"),
            ],
            load_average: Some(0.5),
            rss_floor_bytes: 0,
        };
        let mut out = String::new();
        write_versus(&mut out, &versus, Paint::default()).unwrap();
        assert!(out.contains("12.35 [0.123, 1234]"), "{out}");
        for line in out.lines() {
            assert!(line.chars().count() <= fold::COLUMNS, "{line}");
        }
    }
}
