//! What a worker process may use. It sets its limits itself before it has read a byte of a file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Limits of one worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of address space. A picture of 50 megapixels with all networks takes 230 MB of it as
    /// JPEG, and 300 to 400 MB as PNG or WebP with transparency, of 16 bits too.
    pub address_space: u64,
    /// Seconds of processor time a file: for a worker that nobody watches any more.
    pub cpu_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // All of it is never in use: what is resident stays below 600 MB.
        Self { address_space: 600 * 1024 * 1024, cpu_seconds: 10 }
    }
}

/// Descriptors are numbered below this: those of the start, and none beside.
const DESCRIPTORS: u64 = 3;

impl Limits {
    /// Puts the limits in force for this process, for good.
    pub(super) fn set(self) -> std::io::Result<()> {
        let all = [
            (Resource::As, self.address_space),
            (Resource::Core, 0),
            (Resource::Fsize, 0),
            (Resource::Nofile, DESCRIPTORS),
        ];
        for (resource, most) in all {
            // Who started this process may have set less.
            let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
            setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
        }
        Ok(())
    }

    /// Lets the process use so much processor time from now on.
    pub(super) fn next_file(self) -> std::io::Result<()> {
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
        let most = u64::try_from(used).unwrap_or_default() + 1 + self.cpu_seconds;
        let maximum = getrlimit(Resource::Cpu).maximum;
        let most = maximum.map_or(most, |maximum| maximum.min(most));
        Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(most), maximum })?)
    }
}

impl Limits {
    /// As they stand on the command line of a worker process.
    pub(super) fn arguments(self) -> [String; 4] {
        let Self { address_space, cpu_seconds } = self;
        [
            "--address-space".to_owned(),
            address_space.to_string(),
            "--cpu-seconds".to_owned(),
            cpu_seconds.to_string(),
        ]
    }
}
