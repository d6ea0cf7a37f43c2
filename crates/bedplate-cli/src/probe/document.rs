//! What `probe` knows, as data.
//!
//! # Role
//! The layout of `probe --json`, described in docs/probe.md. Fields are only ever added; a change
//! of meaning raises [`PROBE_VERSION`].

use bedplate_malloc::config::OPTIONS;
use bedplate_os::facts::MachineFacts;
use bedplate_os::problems::Problem;
use bedplate_telemetry::{GateSet, TABLE};
use serde::Serialize;

use crate::settings;

/// Version of the layout.
const PROBE_VERSION: u32 = 1;

/// Gates of the observed library, as `bedplate-preload-observed` is built.
const OBSERVED: GateSet = GateSet::parse(match option_env!("BEDPLATE_GATES") {
    Some(names) => names,
    None => "all",
});

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    version: u32,
    bedplate: &'static str,
    pub(crate) machine: MachineFacts,
    pub(crate) gates: Vec<GateLine>,
    pub(crate) settings: Vec<SettingLine>,
    pub(crate) problems: Vec<Problem>,
}

/// One telemetry gate.
#[derive(Debug, Serialize)]
pub(crate) struct GateLine {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Built into the production library: never.
    pub(crate) production: bool,
    /// Built into the observed library.
    pub(crate) observed: bool,
}

/// One setting of the allocator.
#[derive(Debug, Serialize)]
pub(crate) struct SettingLine {
    pub(crate) name: &'static str,
    pub(crate) env: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) default: &'static str,
    pub(crate) min: &'static str,
    pub(crate) max: &'static str,
    pub(crate) text: &'static str,
    /// Its value in this environment, if set.
    pub(crate) value: Option<String>,
}

impl Document {
    /// Puts everything together.
    pub(crate) fn of(machine: MachineFacts) -> Self {
        let gates = TABLE.iter().map(|row| GateLine {
            name: row.name,
            what: row.what,
            production: GateSet::NONE.has(row.gate),
            observed: OBSERVED.has(row.gate),
        });
        let rows = OPTIONS.iter().map(|row| SettingLine {
            name: row.name,
            env: row.env,
            unit: row.unit,
            default: row.default,
            min: row.min,
            max: row.max,
            text: row.text,
            value: std::env::var_os(row.env).map(|value| value.to_string_lossy().into_owned()),
        });
        let mut problems = settings::problems();
        problems.extend(machine.problems());
        Self {
            version: PROBE_VERSION,
            bedplate: env!("CARGO_PKG_VERSION"),
            problems,
            gates: gates.collect(),
            settings: rows.collect(),
            machine,
        }
    }
}
