//! What the operating system says of this process. On other systems than Linux it says nothing.

use std::fs;

/// Memory, processor time and descriptors.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    pub(super) resident: Option<u64>,
    pub(super) processor: Option<f64>,
    pub(super) descriptors: Option<usize>,
}

/// Processor time is told in hundredths of a second, whatever the kernel counts in (`proc(5)`, `USER_HZ`).
const TICKS: f64 = 100.0;

impl Process {
    pub(super) fn look() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        Self {
            resident: resident.map(|kilobytes: u64| kilobytes * 1024),
            processor: ticks(&stat).map(|ticks| ticks / TICKS),
            descriptors: fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
        }
    }
}

/// `utime` and `stime`: the 14th and the 15th field; the 2nd, in parentheses, may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}
