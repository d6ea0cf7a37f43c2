//! `ab ledger`, and where the ledger is.

use core::fmt::Write as _;
use std::path::PathBuf;

use bedplate_evidence::RunError;
use bedplate_evidence::ab::spending::{ERROR_TOTAL, error_of_rerun};
use bedplate_evidence::trial::ledger::{Known, KnownCampaign, Ledger, NO_SUMS};
use bedplate_evidence::trial::words::signed;

use super::arguments::LedgerArguments;
use crate::exit::Exit;
use crate::talk::{complain, print};

/// `$XDG_STATE_HOME/bedplate/ledger`, else `~/.local/state/bedplate/ledger`.
pub(super) fn usual_path() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME").or_else(|| {
        let home = absolute("HOME").filter(|home| home.is_dir())?;
        Some(home.join(".local/state"))
    })?;
    Some(state.join("bedplate/ledger"))
}

/// Runs the command.
pub(super) fn list(arguments: &LedgerArguments) -> Exit {
    if arguments.sum {
        complain(&NO_SUMS);
        return Exit::Usage;
    }
    match try_list(arguments) {
        Ok(true) => Exit::Done,
        Ok(false) => Exit::Failed,
        Err(error) => {
            complain(&error);
            Exit::Failed
        }
    }
}

fn try_list(arguments: &LedgerArguments) -> Result<bool, RunError> {
    let path = arguments.ledger.clone().or_else(usual_path);
    let path = path.ok_or_else(|| RunError::Senseless {
        message: "neither XDG_STATE_HOME nor HOME names a directory: give --ledger FILE".to_owned(),
    })?;
    let ledger = Ledger::at(&path);
    let known = ledger.known()?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&known).map_err(|error| RunError::System {
            what: "write JSON",
            source: error.into(),
        })?;
        return Ok(print(&(json + "\n")));
    }
    let mut text = format!("{} comparisons in {}\n", known.len(), path.display());
    for comparison in &known {
        let _written = writeln!(text, "\n{}", shown(comparison));
    }
    for campaign in &ledger.campaigns()? {
        let _written = writeln!(text, "\n{}", campaign_shown(campaign));
    }
    Ok(print(&text))
}

fn campaign_shown(campaign: &KnownCampaign) -> String {
    let names: Vec<&str> = campaign.members.iter().map(|it| it.0.as_str()).collect();
    let verdict = campaign
        .verdict
        .map_or_else(|| "stopped".to_owned(), |verdict| verdict.to_string());
    let change = campaign
        .change_percent
        .map_or_else(String::new, |percent| format!(", {}", signed(percent)));
    format!(
        "{}\n  campaign of {}: {}\n  all together: {verdict}{change}",
        campaign.key.get(..16).unwrap_or(&campaign.key),
        names.len(),
        names.join(", "),
    )
}

fn shown(known: &Known) -> String {
    let verdicts: Vec<String> = known
        .verdicts
        .iter()
        .map(|verdict| verdict.map_or_else(|| "stopped".to_owned(), |verdict| verdict.to_string()))
        .collect();
    format!(
        "{}\n  A: {}\n  B: {}\n  {}{}\n  {:.2} of {:.0} % of error spent; the next run may \
         spend {:.3} %",
        known.key.get(..16).unwrap_or(&known.key),
        known.a,
        known.b,
        match known.runs {
            0 => "no run counted, for none came to a pair".to_owned(),
            1 => "1 run counted: ".to_owned(),
            runs => format!("{runs} runs counted: "),
        },
        verdicts.join(", "),
        100.0 * known.spent,
        100.0 * ERROR_TOTAL,
        100.0 * error_of_rerun(known.runs),
    )
}
