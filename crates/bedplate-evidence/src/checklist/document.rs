//! The checklist as data.

use serde::Serialize;

use super::check::Check;
use super::law::{Fit, Law, fits};

/// A checklist.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checklist {
    /// Version of the layout.
    pub version: u32,
    /// What it is about.
    pub subject: String,
    /// The machine's processor.
    pub host: String,
    /// When it was made.
    pub date: String,
    /// How the cost grows.
    pub growth: Vec<Growth>,
    /// What it is beside the limit.
    pub constant: Option<Constant>,
    /// Figures of checks.
    pub checks: Vec<Check>,
    /// The command that makes it again.
    pub replay: String,
}

/// How a cost grows with a size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// What the size is.
    pub size: String,
    /// What is counted at each size.
    pub cost: String,
    /// Sizes with their costs.
    pub points: Vec<(u64, f64)>,
    /// All laws.
    pub fits: Vec<Fit>,
    /// The one that fits; none: none does.
    pub law: Option<Law>,
    /// Share of the mean within which costs count as constant.
    pub constant_within: f64,
    /// The command that was counted.
    pub source: String,
}

/// The cost beside that of a limit program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// What the limit program does.
    pub limit: String,
    /// Its command.
    pub source: String,
    /// At which size.
    pub size: u64,
    /// Instructions of the subject.
    pub ours: f64,
    /// Instructions of the limit.
    pub limits: f64,
    /// Nanoseconds of both, where a turn was timed.
    pub ns: Option<[f64; 2]>,
}

impl Growth {
    /// With all laws fitted.
    #[must_use]
    pub fn of(
        size: &str,
        cost: &str,
        points: Vec<(u64, f64)>,
        constant_within: f64,
        source: String,
    ) -> Self {
        let figures: Vec<(f64, f64)> = points.iter().map(|it| (it.0 as f64, it.1)).collect();
        let (fits, fitting) = fits(&figures, constant_within);
        let law = fitting.map(|place| fits[place].law);
        Self {
            size: size.to_owned(),
            cost: cost.to_owned(),
            points,
            fits,
            law,
            constant_within,
            source,
        }
    }

    /// The law that fits, with its coefficients.
    #[must_use]
    pub fn fitting(&self) -> Option<&Fit> {
        self.fits.iter().find(|fit| Some(fit.law) == self.law)
    }
}

impl Checklist {
    /// Whether every law was found and every check that ran passed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.growth.iter().all(|it| it.law.is_some())
            && self.checks.iter().all(|it| it.passed != Some(false))
    }
}
