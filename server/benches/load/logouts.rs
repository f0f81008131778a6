//! Very many notices (`logout.md` §8): a thousand relying parties told of one ending, beside the same signatures and POSTs
//! made raw in the same run; one dead relying party in ten; very many sessions ended at once, and very many notices waiting,
//! while people sign on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jose::{JwsAlg, SigningKey};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::Broken;
use crate::ground::{ES256, Provider};
use crate::measure::{self, Figures};
use crate::work::Work;

/// What has been received, and when.
#[derive(Default)]
struct Heard {
    amount: AtomicUsize,
    times: std::sync::Mutex<Vec<Instant>>,
}

impl Heard {
    fn hear(&self) {
        self.amount.fetch_add(1, Ordering::Relaxed);
        self.times.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(Instant::now());
    }

    fn take(&self) -> Vec<Instant> {
        self.amount.store(0, Ordering::Relaxed);
        std::mem::take(&mut *self.times.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    async fn until(&self, amount: usize, patience: Duration) -> Result<(), Broken> {
        let began = Instant::now();
        while self.amount.load(Ordering::Relaxed) < amount {
            if began.elapsed() > patience {
                return Err(format!("{} of {amount} were told", self.amount.load(Ordering::Relaxed)).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

/// A relying party's door: it answers 200 to whatever is posted.
async fn open(heard: Arc<Heard>) -> Result<u16, Broken> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                while receive(&mut stream).await.is_ok() {
                    heard.hear();
                    if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(port)
}

/// A door behind which nobody answers.
async fn open_to_nobody() -> Result<u16, Broken> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    Ok(port)
}

async fn receive(stream: &mut TcpStream) -> Result<(), Broken> {
    let mut bytes = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err("closed".into());
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        while bytes.len() < end + 4 + length.unwrap_or_default() {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err("closed".into());
            }
        }
        return Ok(());
    }
}

/// So many signatures and so many POSTs, each to a door of its own, as many at once as the courier has places.
async fn raw(ports: &[u16], heard: &Heard) -> Result<Duration, Broken> {
    let key = Arc::new(SigningKey::generate(JwsAlg::Rs256, "bench")?);
    let room = Arc::new(Semaphore::new(64));
    heard.take();
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for port in ports.iter().copied() {
        let (key, room) = (Arc::clone(&key), Arc::clone(&room));
        tasks.spawn(async move {
            let _turn = room.acquire_owned().await?;
            let token = jose::sign(&*key, None, &[b'x'; 300])?;
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            let body = format!("logout_token={token}");
            let opening =
                format!("POST / HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(format!("{opening}{body}").as_bytes()).await?;
            let mut answer = [0; 64];
            match stream.read(&mut answer).await? {
                0 => Err::<(), Broken>("no answer".into()),
                _ => Ok(()),
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(began.elapsed())
}

/// All of it. `parties` a thousand, `sessions` a hundred thousand, unless somebody wants a short look.
pub(crate) async fn run(provider: &mut Provider, parties: usize, sessions: usize) -> Result<(), Broken> {
    let heard = Arc::new(Heard::default());
    let mut ports = Vec::new();
    for _ in 0..parties {
        ports.push(open(Arc::clone(&heard)).await?);
    }
    let mut dead = Vec::new();
    for _ in 0..parties / 10 {
        dead.push(open_to_nobody().await?);
    }
    provider.parties("healthy", &ports).await?;
    provider.parties("dead", &dead).await?;
    provider.restart().await?;
    fan_out(provider, &ports, &heard).await?;
    one_dead_in_ten(provider, (parties / 10 * 9, dead.len()), &heard).await?;
    mass_end(provider, sessions, &heard).await?;
    many_wait(provider, sessions * 10).await
}

/// Relying parties of each session in a crowd.
const FEW: usize = 3;

/// The times of all who were told of a visitor's sign-out, in order.
async fn told(
    provider: &mut Provider,
    (tag, stays): (&str, &[(&str, usize)]),
    heard: &Heard,
    amount: usize,
) -> Result<Vec<Duration>, Broken> {
    let (holding, hint) = provider.visitor().await?;
    for (name, amount) in stays {
        provider.stays(
            "(SELECT id FROM session WHERE ended_at IS NULL ORDER BY created_at DESC LIMIT 1)",
            tag,
            name,
            *amount,
        )?;
    }
    heard.take();
    let began = provider.sign_out(&holding, &hint).await?;
    heard.until(amount, Duration::from_mins(2)).await?;
    let mut times: Vec<Duration> = heard.take().into_iter().map(|at| at.duration_since(began)).collect();
    times.sort_unstable();
    Ok(times)
}

/// From the click to the last of the relying parties.
async fn fan_out(provider: &mut Provider, ports: &[u16], heard: &Heard) -> Result<(), Broken> {
    println!(
        "\n| {} relying parties | raw ms | from the click to the last, ms | × raw |\n|---|---|---|---|",
        ports.len()
    );
    for round in 0..5 {
        let raw = raw(ports, heard).await?;
        let tag = format!("fan{round}");
        let times = told(provider, (&tag, &[("healthy", ports.len())]), heard, ports.len()).await?;
        let last = times.last().copied().unwrap_or_default();
        println!(
            "| run {} | {:.0} | {:.0} | {:.2} |",
            round + 1,
            ms(raw),
            ms(last),
            last.as_secs_f64() / raw.as_secs_f64()
        );
    }
    Ok(())
}

/// The healthy ones' times with and without dead ones among them, by turns.
async fn one_dead_in_ten(
    provider: &mut Provider,
    (healthy, dead): (usize, usize),
    heard: &Heard,
) -> Result<(), Broken> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 0..7 {
        for (times, dead) in [(&mut without, 0), (&mut with, dead)] {
            let tag = format!("ten{round}-{dead}");
            let all = told(provider, (&tag, &[("healthy", healthy), ("dead", dead)]), heard, healthy).await?;
            times.push(all[all.len() * 99 / 100]);
            provider.withdraw("dead")?;
        }
    }
    let middle = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (without, with) = (middle(without), middle(with));
    println!(
        "\n{healthy} healthy relying parties, p99, median of seven runs by turns: {:.0} ms; with {dead} dead ones among \
         them {:.0} ms ({:+.0} %)",
        ms(without),
        ms(with),
        (with.as_secs_f64() / without.as_secs_f64() - 1.0) * 100.0
    );
    Ok(())
}

/// Very many sessions expire at once while people sign on.
async fn mass_end(provider: &mut Provider, sessions: usize, heard: &Heard) -> Result<(), Broken> {
    let (work, units) = (Work::SignOn { client: ES256 }, 20_000);
    provider.restart().await?;
    let alone = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
    println!(
        "\n| sessions, {FEW} relying parties each | until all are told, s | for 1,000, s | peak MiB |\n|---|---|---|---|"
    );
    let mut during = None;
    for (tag, amount) in [sessions / 4, sessions / 2, sessions].into_iter().enumerate() {
        provider.crowd_of_sessions(tag, amount, FEW)?;
        provider.restart().await?;
        heard.take();
        let began = Instant::now();
        provider.expire(tag)?;
        if amount == sessions {
            // The first have been told: from now on the others are.
            heard.until(FEW, Duration::from_mins(1)).await?;
            during = Some(measure::measure(provider.process(), &work, provider.holdings(), units).await?);
        }
        heard.until(amount * FEW, Duration::from_secs(120 + amount as u64 / 25)).await?;
        let took = began.elapsed().as_secs_f64();
        let each = took * 1e3 / f64::from(u32::try_from(amount)?);
        println!("| {amount} | {took:.1} | {each:.2} | {:.1} |", provider.process().peak_mib()?);
    }
    println!("\n{}", Figures::HEAD);
    println!("{}", alone.line("sign-on, alone", None));
    if let Some(during) = during {
        println!("{}", during.line("sign-on, while they end", None));
        println!("\nthe slowest hundredth of sign-ons takes {:.2} × as long meanwhile", during.slower_than(&alone));
    }
    Ok(())
}

/// People sign on while very many notices wait for relying parties that do not answer.
async fn many_wait(provider: &mut Provider, notices: usize) -> Result<(), Broken> {
    let (work, units) = (Work::SignOn { client: ES256 }, 20_000);
    provider.restart().await?;
    let alone = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
    provider.waiting("dead", notices)?;
    let ready = provider.restart().await?;
    let among = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
    println!("\n{}", Figures::HEAD);
    println!("{}", alone.line("sign-on, alone", None));
    println!("{}", among.line(&format!("sign-on, while {notices} notices wait"), None));
    println!(
        "\na sign-on costs {:+.1} % meanwhile, its slowest hundredth takes {:.2} × as long; ready after {ready:.0} ms, \
         peak {:.1} MiB",
        among.percent_beyond(&alone),
        among.slower_than(&alone),
        provider.process().peak_mib()?
    );
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
