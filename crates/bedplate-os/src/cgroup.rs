//! Control groups: which the process is in, and where their files lie.
//!
//! # Role
//! Reads `/proc/self/cgroup` and `/proc/self/mountinfo` into one [`Group`] per controller, for
//! version 2, version 1, both at once (hybrid) and none.
//!
//! # Not here
//! The limits in a group: `cgroup_limits.rs`.
//!
//! # Invariants
//! - I1: a group's `levels` run from the process's own group up to the mount point, and never out
//!   of it.
//!
//! # Sources
//! cgroups(7), proc(5), Documentation/admin-guide/cgroup-v2.rst.

use crate::fact::{Because, Fact, Reason};
use crate::source::Machine;
use crate::text;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

const MEMBERSHIP: &str = "/proc/self/cgroup";
const MOUNTS: &str = "/proc/self/mountinfo";

/// How the machine's control groups are set up, as this process sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Version {
    /// One tree for all controllers.
    V2,
    /// A tree per controller.
    V1,
    /// Version 1 trees for some controllers and a version 2 tree beside them.
    Hybrid,
    /// No control groups.
    None,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2 => "version 2",
            Self::V1 => "version 1",
            Self::Hybrid => "hybrid (versions 1 and 2)",
            Self::None => "none",
        })
    }
}

/// The process's control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cgroups {
    /// The set-up.
    pub version: Fact<Version>,
    /// The group that limits memory.
    pub memory: Fact<Group>,
    /// The group that limits CPU time.
    pub cpu: Fact<Group>,
    /// The version 2 group, which has the pressure files.
    pub unified: Fact<Group>,
}

/// A group in one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Group {
    /// True for a version 2 tree.
    pub is_v2: bool,
    /// The group's path as the kernel names it.
    pub path: String,
    /// Where the tree is mounted.
    pub mount: String,
    /// The group's folder; the mount point itself or beneath it.
    pub folder: String,
}

impl Group {
    /// The folders of the group and of its ancestors up to the mount point, own first.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        core::iter::successors(Some(self.folder.as_str()), |folder| {
            let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            (parent.len() >= self.mount.len() && !parent.is_empty()).then_some(parent)
        })
    }
}

/// A line of `/proc/self/cgroup`.
struct Membership<'a> {
    controllers: &'a str,
    path: &'a str,
}

/// A mounted tree of control groups.
struct Mount {
    root: String,
    point: String,
    is_v2: bool,
    options: String,
}

impl Cgroups {
    /// Reads the process's groups. A kernel without control groups is [`Version::None`].
    #[must_use]
    pub fn read(machine: &Machine) -> Self {
        match Self::try_read(machine) {
            Ok(groups) => groups,
            Err(because) if because.reason == Reason::NotThere => Self {
                version: Fact::Known(Version::None),
                memory: Fact::Absent {
                    because: because.clone(),
                },
                cpu: Fact::Absent {
                    because: because.clone(),
                },
                unified: Fact::Absent { because },
            },
            Err(because) => Self {
                version: Fact::Absent {
                    because: because.clone(),
                },
                memory: Fact::Absent {
                    because: because.clone(),
                },
                cpu: Fact::Absent {
                    because: because.clone(),
                },
                unified: Fact::Absent { because },
            },
        }
    }

    fn try_read(machine: &Machine) -> Result<Self, Because> {
        let membership_text = machine.read(MEMBERSHIP)?;
        let members = parse_membership(&membership_text).map_err(|r| r.at(MEMBERSHIP))?;
        let mounts = machine.parse(MOUNTS, parse_mounts)?;
        let unified = find_group(&members, &mounts, "", None);
        let v1_mounted = mounts.iter().any(|m| !m.is_v2);
        let v2_mounted = mounts.iter().any(|m| m.is_v2);
        let version = match (v1_mounted, v2_mounted) {
            (true, true) => Ok(Version::Hybrid),
            (true, false) => Ok(Version::V1),
            (false, true) => Ok(Version::V2),
            (false, false) if members.is_empty() => Ok(Version::None),
            // The process is in groups whose files cannot be reached from here.
            (false, false) => Err(Reason::NotListed.at(format!("{MOUNTS} (a cgroup mount)"))),
        };
        Ok(Self {
            version: version.into(),
            memory: find_group(&members, &mounts, "memory", Some((machine, &unified))).into(),
            cpu: find_group(&members, &mounts, "cpu", Some((machine, &unified))).into(),
            unified: unified.into(),
        })
    }
}

fn parse_membership(text: &str) -> Result<Vec<Membership<'_>>, Reason> {
    let mut members: Vec<Membership<'_>> = Vec::new();
    if text.is_empty() {
        return Ok(members);
    }
    for line in text::lines(text)? {
        let mut parts = line.splitn(3, ':');
        let (Some(id), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Reason::Garbage);
        };
        text::number(id)?;
        if !path.starts_with('/') {
            return Err(Reason::Garbage);
        }
        if members.iter().any(|m| m.controllers == controllers) {
            return Err(Reason::Contradicts {
                what: "a tree is listed twice",
            });
        }
        members.push(Membership { controllers, path });
    }
    Ok(members)
}

fn parse_mounts(text: &str) -> Result<Vec<Mount>, Reason> {
    let mut mounts = Vec::new();
    for line in text::lines(text)? {
        let (front, back) = line.split_once(" - ").ok_or(Reason::Garbage)?;
        let mut back = back.split(' ');
        let is_v2 = match back.next() {
            Some("cgroup2") => true,
            Some("cgroup") => false,
            _ => continue,
        };
        let options = back.nth(1).unwrap_or("").to_owned();
        let mut front = front.split(' ').skip(3);
        let (Some(root), Some(point)) = (front.next(), front.next()) else {
            return Err(Reason::Garbage);
        };
        if !root.starts_with('/') || !point.starts_with('/') {
            return Err(Reason::Garbage);
        }
        mounts.push(Mount {
            root: unescape(root),
            point: unescape(point),
            is_v2,
            options,
        });
    }
    Ok(mounts)
}

/// Spaces and the like stand as octal escapes (`\040`) in `mountinfo`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after
            .get(..3)
            .and_then(|octal| u8::from_str_radix(octal, 8).ok());
        match (code, after.get(3..)) {
            (Some(code), Some(behind)) if code.is_ascii() => {
                plain.push(char::from(code));
                rest = behind;
            }
            _ => {
                plain.push('\\');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The group of `controller` ("" for the version 2 tree): a version 1 tree that carries it, else
/// the version 2 tree `unified` where that has the controller.
fn find_group(
    members: &[Membership<'_>],
    mounts: &[Mount],
    controller: &str,
    unified: Option<(&Machine, &Result<Group, Because>)>,
) -> Result<Group, Because> {
    let is_v2 = controller.is_empty();
    let Some(member) = members
        .iter()
        .find(|m| m.controllers.split(',').any(|c| c == controller))
    else {
        let Some((machine, unified)) = unified else {
            return Err(Reason::NoController.at(MEMBERSHIP));
        };
        let group = unified.clone()?;
        return if carries(machine, &group, controller)? {
            Ok(group)
        } else {
            Err(Reason::NoController.at(group.folder))
        };
    };
    let mut beneath = None;
    let mut seen = false;
    for mount in mounts.iter().filter(|m| m.is_v2 == is_v2) {
        if is_v2 || mount.options.split(',').any(|o| o == controller) {
            seen = true;
            beneath =
                beneath.or_else(|| strip_root(member.path, &mount.root).map(|rest| (mount, rest)));
        }
    }
    let (mount, rest) = match beneath {
        Some(found) => found,
        None if seen => return Err(Reason::OutsideMount.at(member.path)),
        None => {
            return Err(
                Reason::NotThere.at(format!("a mount of the {} tree", tree_name(controller)))
            );
        }
    };
    let folder = if rest.is_empty() {
        mount.point.clone()
    } else {
        format!("{}/{rest}", mount.point)
    };
    Ok(Group {
        is_v2,
        path: member.path.to_owned(),
        mount: mount.point.clone(),
        folder,
    })
}

const fn tree_name(controller: &str) -> &str {
    if controller.is_empty() {
        "cgroup2"
    } else {
        controller
    }
}

/// True where some level of a version 2 group has the controller on. The root of the tree has all
/// that the machine has and no limits, so it does not count by itself.
fn carries(machine: &Machine, group: &Group, controller: &str) -> Result<bool, Because> {
    for folder in group.levels() {
        let list = machine.parse(&format!("{folder}/cgroup.controllers"), |text| {
            text::line(text).map(ToOwned::to_owned)
        })?;
        if list.split(' ').any(|c| c == controller) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What of `path` lies beneath a mount's `root`, without slashes at its ends.
fn strip_root<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let root = root.trim_end_matches('/');
    let rest = path.strip_prefix(root)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::{Group, strip_root, unescape};

    #[test]
    fn levels_run_from_the_own_group_to_the_mount() {
        let group = Group {
            is_v2: true,
            path: "/a/b".into(),
            mount: "/sys/fs/cgroup".into(),
            folder: "/sys/fs/cgroup/a/b".into(),
        };
        let levels: Vec<&str> = group.levels().collect();
        assert_eq!(
            levels,
            ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"]
        );
    }

    #[test]
    fn only_what_is_beneath_the_root_is_found() {
        assert_eq!(strip_root("/docker/abc", "/docker/abc"), Some(""));
        assert_eq!(strip_root("/docker/abc/x", "/docker/abc"), Some("x"));
        assert_eq!(strip_root("/docker/abcd", "/docker/abc"), None);
        assert_eq!(strip_root("/", "/"), Some(""));
        assert_eq!(strip_root("/../other", "/"), None);
    }

    #[test]
    fn escapes_are_resolved_and_strays_kept() {
        assert_eq!(unescape("/a\\040b"), "/a b");
        assert_eq!(unescape("/a\\9"), "/a\\9");
        assert_eq!(unescape("/a\\"), "/a\\");
    }
}
