//! How the chance of being wrong, and the time, are shared.
//!
//! # Role
//! A campaign may be wrong in any of its verdicts as seldom as one comparison by itself: its budget
//! is split before the first run (Bonferroni). Half of it is the joint comparison's, which is the
//! answer; the members have equal parts of the other half.
//!
//! Holm's procedure, which is never worse for tests, was rejected: it gives a member more only once
//! others are decided, so members could not be stopped one after the other, an interrupted campaign
//! would have no verdicts, and the intervals would not hold all at once, on which EQUIVALENT and
//! SAFE rest. It would have saved little: twice the share makes an always-valid interval of 17
//! members narrower by 5 %.
//!
//! # Invariants
//! I1. The shares sum to at most 1, whatever was left out or stopped.
//! I2. They depend on the number of members only, not on what was measured: verdicts stay valid
//!     wherever each comparison stops.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// The joint comparison's share.
const JOINT: f64 = 0.5;

/// The joint comparison may take so many times the time of a member.
const JOINT_TIME: u32 = 2;

/// The shares of a campaign's comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// Of each member.
    pub member: f64,
    /// Of all members together.
    pub joint: f64,
}

impl Shares {
    /// For so many members.
    #[must_use]
    pub fn of(members: usize) -> Self {
        Self {
            member: (1.0 - JOINT) / members.max(1) as f64,
            joint: JOINT,
        }
    }
}

/// What of `left` the next comparison may take, before so many further members and the joint one.
#[must_use]
pub fn time_of_next(left: Duration, members_after: usize, is_joint: bool) -> Duration {
    if is_joint {
        return left;
    }
    let after = u32::try_from(members_after).unwrap_or(u32::MAX);
    left / after.saturating_add(1).saturating_add(JOINT_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shares_sum_to_one() {
        for members in [2_usize, 17, 400] {
            let shares = Shares::of(members);
            let sum = shares.member * members as f64 + shares.joint;
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
    }

    #[test]
    fn time_is_shared_by_those_that_are_left() {
        let left = Duration::from_secs(190);
        assert_eq!(time_of_next(left, 16, false), Duration::from_secs(10));
        assert_eq!(time_of_next(left, 0, false), left / 3);
        assert_eq!(time_of_next(left, 0, true), left);
    }
}
