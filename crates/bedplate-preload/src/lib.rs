//! bedplate-malloc for `LD_PRELOAD`: the production library, without telemetry.

bedplate_malloc::export_c_family!(bedplate_telemetry::Off, observed: false);
bedplate_malloc::embed_notice!();
