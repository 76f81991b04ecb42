//! What the process itself uses, under the names of every Prometheus client.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads `/proc` when it is asked; tells nothing where there is none.
#[derive(Debug)]
pub(super) struct Process;

/// Clock ticks a second: fixed at 100 in what Linux tells of processes.
const TICKS: f64 = 100.0;

/// Bytes resident, threads, descriptors, seconds of processor time.
struct Used {
    resident: i64,
    threads: i64,
    descriptors: i64,
    seconds: f64,
}

fn used() -> Option<Used> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let number = |name: &str| -> Option<i64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything.
    let after = stat.rsplit_once(')')?.1;
    let ticks = |at: usize| -> Option<f64> { after.split_whitespace().nth(at)?.parse().ok() };
    Some(Used {
        resident: number("VmRSS:")? * 1024,
        threads: number("Threads:")?,
        // One is the folder that is being read.
        descriptors: std::fs::read_dir("/proc/self/fd").ok()?.count() as i64 - 1,
        seconds: (ticks(11)? + ticks(12)?) / TICKS,
    })
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(Used { resident, threads, descriptors, seconds }) = used() else {
            return Ok(());
        };
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: i64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
        };
        let memory = "Memory that is resident";
        gauge("process_resident_memory", memory, Some(&Unit::Bytes), resident)?;
        gauge("process_threads", "Threads", None, threads)?;
        gauge("process_open_fds", "Open descriptors", None, descriptors)?;
        let counter = ConstCounter::new(seconds);
        let (name, help) = ("process_cpu", "Processor time used");
        let unit = Some(&Unit::Seconds);
        counter.encode(encoder.encode_descriptor(name, help, unit, counter.metric_type())?)
    }
}
