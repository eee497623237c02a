//! What a run ran on.

use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

/// The machine, as the kernel tells of it; what it does not tell is empty or 0.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Its clock now, in MHz.
    pub cpu_mhz: u32,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The file system that the journal is on.
    pub filesystem: String,
    /// The device that that is on.
    pub disk: String,
}

impl Machine {
    /// This one; `data` is where the journal is.
    pub fn look(data: &Path) -> Self {
        let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = read_to_string("/proc/meminfo").unwrap_or_default();
        let mhz = field(&cpu, "cpu MHz").split('.').next().and_then(|mhz| mhz.parse().ok());
        let kib = field(&memory, "MemTotal").split(' ').next().and_then(|kib| kib.parse().ok());
        let mounts = read_to_string("/proc/self/mounts").unwrap_or_default();
        let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let (disk, filesystem) = mount_of(&mounts, &data);
        let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cpu: field(&cpu, "model name").to_owned(),
            cpu_mhz: mhz.unwrap_or(0),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: kib.unwrap_or(0u64) * 1_024,
            kernel: kernel.trim().to_owned(),
            filesystem,
            disk,
        }
    }

    /// Whether what is synced there is kept when the power goes.
    pub fn keeps_data(&self) -> bool {
        !matches!(self.filesystem.as_str(), "tmpfs" | "ramfs")
    }
}

/// The value of a line of `NAME : VALUE`.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim() == name).map_or("", |(_, value)| value.trim())
}

/// The device and file system that a path is on: the longest mount that it is
/// below, the last one if several are stacked.
fn mount_of(mounts: &str, path: &Path) -> (String, String) {
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?, fields.next()?))
    });
    let below = fields.filter(|(_, point, _)| path.starts_with(point));
    let longest = below.max_by_key(|(_, point, _)| point.len());
    longest.map_or_else(Default::default, |(disk, _, kind)| (disk.to_owned(), kind.to_owned()))
}

/// The commit that is checked out here, with a mark when files differ from it.
pub fn commit() -> Option<String> {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let output = git.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_on_its_longest_mount() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp xfs rw 0 0\n";
        let on = |path: &str| mount_of(mounts, Path::new(path));
        assert_eq!(on("/tmp/data"), ("/dev/vdb".into(), "xfs".into()));
        assert_eq!(on("/tmpfiles"), ("/dev/vda".into(), "ext4".into()));
    }
}
