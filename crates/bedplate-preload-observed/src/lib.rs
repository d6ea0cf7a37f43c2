//! bedplate-malloc for `LD_PRELOAD` with telemetry gates built in: all of them, or those that
//! `BEDPLATE_GATES` names when it is built.

/// The gates this library is built with.
struct Chosen;

impl bedplate_telemetry::Gates for Chosen {
    const SET: bedplate_telemetry::GateSet =
        bedplate_telemetry::GateSet::parse(match option_env!("BEDPLATE_GATES") {
            Some(names) => names,
            None => "all",
        });
}

bedplate_malloc::export_c_family!(Chosen, observed: true);
bedplate_malloc::embed_notice!();
