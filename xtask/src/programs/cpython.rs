//! CPython's own tests.

use super::Program;
use super::evidence::Evidence;
use super::process::find;
use super::stage::Stage;
use super::trouble::Trouble;
use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::Command;

pub(super) const PROGRAM: Program = Program {
    name: "cpython",
    packages: &["python3", "libpython3.11-testsuite"],
    missing,
    compared: "the outcome of every single test case of CPython's own modules (not their times)",
    run,
};

const QUICK: &[&str] = &["test_list", "test_dict", "test_json", "test_sqlite3"];
const REST: &[&str] = &[
    "test_threading",
    "test_subprocess",
    "test_multiprocessing_fork",
];

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let rest = if stage.is_quick() { &[] } else { REST };
    let mut evidence = Evidence::default();
    for module in QUICK.iter().chain(rest) {
        let report = stage.folder().join(format!("{module}.xml"));
        let launch = stage
            .launch(&interpreter(module)?)?
            .current_dir(stage.folder())
            .args(["-m", "test", "--timeout", "300", "--junit-xml"])
            .arg(&report)
            .arg(module);
        // A failing case is a finding, to be compared, not the end: some fail on this machine without us too.
        let finished = stage.run_any(launch, Duration::from_secs(900))?;
        if !report.exists() {
            return Err(Trouble::new(format!(
                "{module}: {} {}",
                finished.status,
                finished.said()
            )));
        }
        evidence.text(module, cases(&report)?);
        evidence.text(&format!("{module} exit"), finished.status.to_string());
    }
    Ok(evidence)
}

/// The interpreter itself, not a shim that is a shell script; the first one that has the module. Distributions
/// leave some modules out, each other ones.
fn interpreter(module: &str) -> Result<String, Trouble> {
    let found = find("python3").ok_or_else(|| Trouble::new("`python3` is not installed"))?;
    for python in [found.as_path(), Path::new("/usr/bin/python3")] {
        let output = Command::new(python)
            .args(["-c", HAS_MODULE, &format!("test.{module}")])
            .output()
            .map_err(|error| Trouble::new(format!("{}: {error}", python.display())))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
    }
    Err(Trouble::new(format!("no python3 has test.{module}")))
}

fn missing() -> Option<Trouble> {
    let mut modules = QUICK.iter().chain(REST);
    modules.find_map(|module| interpreter(module).err())
}

const HAS_MODULE: &str = "import sys, importlib.util
if not importlib.util.find_spec(sys.argv[1]): sys.exit(1)
print(sys.executable)";

/// One line for each case: its name and whether it passed, failed, broke or was skipped.
fn cases(report: &Path) -> Result<String, Trouble> {
    let xml = fs::read_to_string(report)
        .map_err(|error| Trouble::new(format!("{}: {error}", report.display())))?;
    let mut lines = xml
        .split("<testcase ")
        .skip(1)
        .map(case)
        .collect::<Vec<_>>();
    if lines.is_empty() {
        return Err(Trouble::new(format!(
            "{}: no test case in it",
            report.display()
        )));
    }
    lines.sort();
    Ok(lines.join("\n"))
}

fn case(text: &str) -> String {
    let name = text
        .split("name=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("?");
    let body = text.split("</testcase>").next().unwrap_or("");
    let outcome = ["<failure", "<error", "<skipped"]
        .iter()
        .find(|mark| body.contains(**mark));
    format!("{name} {}", outcome.map_or("passed", |mark| &mark[1..]))
}

#[cfg(test)]
mod tests {
    use super::case;

    #[test]
    fn a_case_has_its_name_and_outcome() {
        assert_eq!(
            case("name=\"a.b.test_c\" status=\"run\" time=\"0.1\" /></testsuite>"),
            "a.b.test_c passed"
        );
        let failed = "name=\"a.test_d\" time=\"0\"><failure type=\"x\">..</failure></testcase><x>";
        assert_eq!(case(failed), "a.test_d failure");
    }
}
