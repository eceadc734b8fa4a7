//! How much memory this process may still take.

use std::path::Path;

/// Memory that this process may still take, and what sets the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    pub bytes: u64,
    pub limited_by: &'static str,
}

/// The tightest of: free memory, control groups (v1 and v2), limits on address space and data. None where the system tells none.
pub fn available() -> Option<Available> {
    available_under(Path::new("/"))
}

/// As `available`, with `/proc` and `/sys` below `root`.
pub fn available_under(root: &Path) -> Option<Available> {
    let limits = [
        ("the memory that is free", free_bytes(root)),
        ("the control group's limit", control_group_bytes(root)),
        (
            "the limit on address space (ulimit -v)",
            resource_bytes(root, "Max address space", "VmSize:"),
        ),
        (
            "the limit on data (ulimit -d)",
            resource_bytes(root, "Max data size", "VmData:"),
        ),
    ];
    let known = limits.into_iter().filter_map(|(limited_by, bytes)| {
        Some(Available {
            bytes: bytes?,
            limited_by,
        })
    });
    known.min_by_key(|limit| limit.bytes)
}

fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn number(path: &Path) -> Option<u64> {
    text(path)?.trim().parse().ok()
}

/// The value of a line `NAME: 123 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
}

fn free_bytes(root: &Path) -> Option<u64> {
    kilobytes(&text(&root.join("proc/meminfo"))?, "MemAvailable:")
}

/// A soft limit of this process less what it has taken.
fn resource_bytes(root: &Path, limit: &str, taken: &str) -> Option<u64> {
    let limits = text(&root.join("proc/self/limits"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix(limit))?;
    let most: u64 = line.split_whitespace().next()?.parse().ok()?;
    let taken = kilobytes(&text(&root.join("proc/self/status"))?, taken)?;
    Some(most.saturating_sub(taken))
}

/// Files of a control group: limit, usage, and the name in memory.stat of the file cache that gives way.
const VERSION_2: [&str; 3] = ["memory.max", "memory.current", "inactive_file"];
const VERSION_1: [&str; 3] = [
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
];

/// The tightest limit of this process's control group and its parents.
fn control_group_bytes(root: &Path) -> Option<u64> {
    let groups = text(&root.join("proc/self/cgroup"))?;
    let room = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        let (mount, files) = match controllers {
            "" => ("sys/fs/cgroup", VERSION_2),
            list if list.split(',').any(|name| name == "memory") => {
                ("sys/fs/cgroup/memory", VERSION_1)
            }
            _ => return None,
        };
        let mount = root.join(mount);
        // In a container the group's own path may not be visible; its files then lie at the mount.
        let group = Path::new(group.trim_start_matches('/'));
        let folders = group.ancestors().map(|part| mount.join(part));
        folders
            .filter_map(|folder| room_in_group(&folder, files))
            .min()
    };
    groups.lines().filter_map(room).min()
}

fn room_in_group(folder: &Path, [limit, usage, cache]: [&str; 3]) -> Option<u64> {
    let most = number(&folder.join(limit))?;
    let used = number(&folder.join(usage))?;
    let gives_way = text(&folder.join("memory.stat"))
        .and_then(|stat| {
            let line = stat.lines().find_map(|line| line.strip_prefix(cache))?;
            line.trim().parse::<u64>().ok()
        })
        .unwrap_or(0);
    Some(most.saturating_sub(used.saturating_sub(gives_way)))
}
