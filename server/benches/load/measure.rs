//! What a run of one kind of work costs: the server's processor time, throughput, latencies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jose::Signer as _;

use crate::ground::Holding;
use crate::wire::Line;
use crate::work::Work;
use crate::{Broken, LINES};

/// A process that is measured.
#[derive(Clone, Copy)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) port: u16,
}

/// Clock ticks of `/proc` in a second: `USER_HZ`, 100 on every Linux.
const TICKS: f64 = 100.0;

impl Process {
    /// The processor time it has used, in seconds.
    fn cpu(self) -> Result<f64, Broken> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name in parentheses may hold anything: count from behind it.
        let rest = stat.rsplit_once(')').ok_or("/proc/…/stat has another form")?.1;
        let mut fields = rest.split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok()).ok_or("/proc/…/stat is short");
        Ok((ticks()? + ticks()?) / TICKS)
    }

    /// Its resident memory.
    pub(crate) fn resident_mib(self) -> Result<f64, Broken> {
        self.memory_mib("VmRSS:")
    }

    /// The most it ever was.
    pub(crate) fn peak_mib(self) -> Result<f64, Broken> {
        self.memory_mib("VmHWM:")
    }

    fn memory_mib(self, name: &str) -> Result<f64, Broken> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the kernel says nothing of it")?;
        let kib: f64 = line.split_whitespace().next().ok_or("the kernel says nothing of it")?.parse()?;
        Ok(kib / 1024.0)
    }
}

/// The figures of one run.
pub(crate) struct Figures {
    /// Processor milliseconds of the server for one unit.
    cpu: f64,
    /// Units in a second.
    rate: f64,
    half: Duration,
    slow: Duration,
    resident: f64,
}

impl Figures {
    pub(crate) const HEAD: &str =
        "| work | CPU ms | × bare | units/s | p50 ms | p99 ms | MiB |\n|---|---|---|---|---|---|---|";

    /// What one unit costs, in processor milliseconds.
    pub(crate) fn cpu_ms(&self) -> f64 {
        self.cpu
    }

    /// What one unit costs more than one of another, in processor milliseconds.
    pub(crate) fn beyond(&self, other: &Self) -> f64 {
        self.cpu - other.cpu
    }

    /// By how many per cent of the other's one unit costs more.
    pub(crate) fn percent_beyond(&self, other: &Self) -> f64 {
        self.beyond(other) / other.cpu * 100.0
    }

    /// How many times as long as another's its slowest hundredth takes.
    pub(crate) fn slower_than(&self, other: &Self) -> f64 {
        self.slow.as_secs_f64() / other.slow.as_secs_f64()
    }

    /// One line of the table.
    pub(crate) fn line(&self, title: &str, floor: Option<&Self>) -> String {
        let ratio = floor.map_or_else(|| "–".to_owned(), |floor| format!("{:.2}", self.cpu / floor.cpu));
        format!(
            "| {title} | {:.3} | {ratio} | {:.0} | {:.2} | {:.2} | {:.1} |",
            self.cpu,
            self.rate,
            self.half.as_secs_f64() * 1e3,
            self.slow.as_secs_f64() * 1e3,
            self.resident
        )
    }
}

/// Does so many units over all lines.
pub(crate) async fn measure(
    process: Process,
    work: &Work,
    holdings: &[Arc<Holding>],
    units: usize,
) -> Result<Figures, Broken> {
    // A short warm-up: caches, statements, connections.
    drive(process, work, holdings, units / 20).await?;
    let (cpu, began) = (process.cpu()?, Instant::now());
    let mut times = drive(process, work, holdings, units).await?;
    let (spent, took) = (process.cpu()? - cpu, began.elapsed());
    times.sort_unstable();
    let at = |share: f64| times[index(times.len(), share)];
    let amount = f64::from(u32::try_from(times.len())?);
    Ok(Figures {
        cpu: spent * 1e3 / amount,
        rate: amount / took.as_secs_f64(),
        half: at(0.5),
        slow: at(0.99),
        resident: process.resident_mib()?,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a list of some ten thousand"
)]
fn index(length: usize, share: f64) -> usize {
    ((length as f64 * share) as usize).min(length - 1)
}

async fn drive(
    process: Process,
    work: &Work,
    holdings: &[Arc<Holding>],
    units: usize,
) -> Result<Vec<Duration>, Broken> {
    let left = Arc::new(AtomicUsize::new(units.max(LINES)));
    let mut tasks = Vec::new();
    for number in 0..LINES {
        let mut line = Line::open(process.port).await?;
        let (left, work, holding) = (Arc::clone(&left), work.clone(), holdings.get(number).cloned());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let mut work = work.begin(&mut line, holding).await?;
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let began = Instant::now();
                work.unit(&mut line).await?;
                times.push(began.elapsed());
            }
            Ok::<_, Broken>(times)
        }));
    }
    let mut times = Vec::with_capacity(units);
    for task in tasks {
        times.extend(task.await??);
    }
    Ok(times)
}

/// What one signature costs on one core, in milliseconds.
pub(crate) fn raw_signature(key: &jose::SigningKey) -> Result<f64, Broken> {
    let input = [b'x'; 464];
    each(|| {
        key.sign(&input)?;
        Ok(())
    })
}

/// What it costs to verify one.
pub(crate) fn raw_verification(key: &jose::SigningKey) -> Result<f64, Broken> {
    let token = jose::sign(key, None, &[b'x'; 300])?;
    let set = jose::JwkSet::read_public(&serde_json::json!({ "keys": [key.public_jwk()] }))?;
    each(|| {
        jose::verify(&token, &set, &[key.alg()])?;
        Ok(())
    })
}

/// What something costs on one core, in milliseconds.
fn each(mut work: impl FnMut() -> Result<(), Broken>) -> Result<f64, Broken> {
    for _ in 0..200 {
        work()?;
    }
    let (began, amount) = (Instant::now(), 2_000_u32);
    for _ in 0..amount {
        work()?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e3 / f64::from(amount))
}
