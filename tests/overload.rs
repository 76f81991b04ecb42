//! Does a service that is asked for more than it can do go on doing what it can?
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

mod service;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use scanvet::grpc::proto::stream_validate_files_request::Source;
use scanvet::grpc::proto::{self, FileDescriptor};
use service::{
    Client, Service, is_long, path, percentile, reason, request, sample, settings, validate,
};
use tonic::{Code, Request};
use tonic_types::StatusExt;

const JUDGED: &str = r#"scanvet_stage_seconds_count{stage="judge"}"#;
const BEGUN: &str = r#"scanvet_queue_wait_seconds_count{class="interactive"}"#;

/// What callers got who called all the time.
#[derive(Default)]
struct Load {
    answered: AtomicUsize,
    refused: AtomicUsize,
    wrong: AtomicUsize,
    times: std::sync::Mutex<Vec<Duration>>,
}

/// So many callers at once for some time; those that are refused wait as long as they are told.
async fn load(service: &Service, callers: usize, time: Duration, patient: bool) -> Arc<Load> {
    let (load, picture) = (Arc::new(Load::default()), Arc::new(sample("accept-card.jpg")));
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    // As many connections as a few machines would open.
    let mut clients = Vec::new();
    for _ in 0..callers.min(16) {
        clients.push(service.client().await);
    }
    for caller in 0..callers {
        let (load, picture, stop) = (load.clone(), picture.clone(), stop.clone());
        let mut client = clients[caller % clients.len()].clone();
        tasks.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                match validate(&mut client, picture.to_vec()).await {
                    Ok(result) if result.verdict() == proto::Verdict::Accept => {
                        load.answered.fetch_add(1, Ordering::Relaxed);
                        load.times.lock().unwrap().push(begun.elapsed());
                    }
                    Err(status) if status.code() == Code::Unavailable => {
                        assert_eq!(reason(&status), "OVERLOADED");
                        let details = status.get_error_details();
                        let after = details.retry_info().unwrap().retry_delay.unwrap();
                        let pushed = status.metadata().get("grpc-retry-pushback-ms").unwrap();
                        assert_eq!(pushed.to_str().unwrap(), after.as_millis().to_string());
                        load.refused.fetch_add(1, Ordering::Relaxed);
                        if patient {
                            tokio::time::sleep(after).await;
                        }
                    }
                    other => {
                        println!("{other:?}");
                        load.wrong.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }));
    }
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    load
}

/// The long form prints the figures of `docs/operations.md`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_and_twenty_times_too_many_callers_are_refused_in_time_and_cost_the_others_little() {
    let file = settings("[serve]\nqueue = 4\n");
    let service = Service::start(&["--config", path(&file)]);
    let time = Duration::from_secs(if is_long() { 60 } else { 2 });
    // A queue of four before two workers holds six: as many callers keep the service busy.
    let fits = 6;
    let peak = load(&service, fits, time, true).await;
    let rate = |load: &Load| load.answered.load(Ordering::Relaxed) as f64 / time.as_secs_f64();
    let wrong = |load: &Load| load.wrong.load(Ordering::Relaxed);
    let p99 = |load: &Load| percentile(&mut load.times.lock().unwrap(), 0.99);
    println!("peak: {:.1} files a second, p99 {:?}", rate(&peak), p99(&peak));
    assert_eq!(wrong(&peak), 0);
    let before = service.resident();
    for times in [5, 20] {
        let crowd = load(&service, times * fits, time, true).await;
        let share = rate(&crowd) / rate(&peak);
        let refused = crowd.refused.load(Ordering::Relaxed);
        let grown = (service.resident() - before) / 1e6;
        println!(
            "{times} times too many: {:.1} files a second, {share:.2} of the peak, p99 {:?}, {refused} refused, {grown:.1} MB more",
            rate(&crowd),
            p99(&crowd),
        );
        assert_eq!(wrong(&crowd), 0);
        assert!(refused > 0);
        // Machines that do other work, too, tell nothing of a few seconds.
        assert!(share > if is_long() { 0.9 } else { 0.3 }, "{share}");
        assert!(grown < 64.0, "{grown} MB");
    }
    let shed = service.metric(r#"scanvet_shed_total{why="queue"}"#);
    assert!(shed > 0.0, "{}", service.metrics());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_of_callers_who_left_is_never_begun() {
    let file = settings("[serve]\nqueue = 600\nworkers = 1\n");
    let service = Service::start(&["--config", path(&file)]);
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(service.client().await);
    }
    validate(&mut clients[0], sample("accept-card.jpg")).await.unwrap();
    let before = service.metric(BEGUN);
    let callers = if is_long() { 1000 } else { 300 };
    let picture = Arc::new(sample("accept-card.jpg"));
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (mut client, picture) = (clients[caller % 8].clone(), picture.clone());
            tokio::spawn(async move {
                let asked = validate(&mut client, picture.to_vec());
                tokio::time::timeout(Duration::from_millis(100), asked).await.is_ok()
            })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        served += usize::from(task.await.unwrap());
    }
    // What ran when they left ends, and nothing else is begun.
    while service.metric("scanvet_workers_busy") > 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = service.metric(BEGUN) - before;
    println!("{callers} callers, {served} served or refused in time, {begun} begun");
    assert!(begun <= callers as f64 * 0.05 + served as f64, "{begun} of {callers}");
    assert_eq!(service.metric(r#"scanvet_queue_depth{class="interactive"}"#), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_at_full_speed_leaves_people_their_turn() {
    let service = Service::start(&[]);
    let mut person = service.client().await;
    let picture = sample("accept-card.jpg");
    let calls = if is_long() { 300 } else { 10 };
    let mut alone = Vec::new();
    for _ in 0..calls {
        alone.push(timed(&mut person, &picture).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut batch = service.client().await;
    let content = picture.clone();
    let items = tokio_stream::iter((0..).map(move |at| {
        let file = FileDescriptor {
            item_id: format!("item-{at}"),
            slot: "id-card-front".to_owned(),
            ..FileDescriptor::default()
        };
        let source = Some(Source::Content(content.clone()));
        proto::StreamValidateFilesRequest { file: Some(file), options: None, source }
    }));
    let mut answers = batch.stream_validate_files(items).await.unwrap().into_inner();
    let under_way = tokio::spawn(async move {
        let mut count = 0;
        while answers.message().await.is_ok_and(|answer| answer.is_some()) {
            count += 1;
        }
        count
    });
    let mut beside = Vec::new();
    for _ in 0..calls {
        beside.push(timed(&mut person, &picture).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (alone, beside) = (percentile(&mut alone, 0.99), percentile(&mut beside, 0.99));
    let judged = service.metric(JUDGED);
    println!("p99 alone {alone:?}, beside a batch {beside:?}, {judged} files judged");
    assert!(judged > 2.0 * calls as f64, "the batch went on, too");
    if is_long() {
        assert!(beside.as_secs_f64() < 1.5 * alone.as_secs_f64());
    }
    under_way.abort();
}

async fn timed(client: &mut Client, picture: &[u8]) -> Duration {
    let begun = Instant::now();
    validate(client, picture.to_vec()).await.unwrap();
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_a_batch_waits_behind_people_and_takes_half_of_the_queue_at_most() {
    let file = settings("[serve]\nqueue = 4\nworkers = 1\n");
    let service = Service::start(&["--config", path(&file)]);
    let client = service.client().await;
    let picture = sample("accept-card.jpg");
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let (mut client, mut call) = (client.clone(), Request::new(request(picture.clone())));
            call.metadata_mut().insert("x-priority", "batch".parse().unwrap());
            tokio::spawn(async move { client.validate_file(call).await.map(|_| ()) })
        })
        .collect();
    let mut person = client.clone();
    validate(&mut person, picture).await.expect("a place is left for a person");
    for call in calls {
        if let Err(status) = call.await.unwrap() {
            assert_eq!((status.code(), &*reason(&status)), (Code::Unavailable, "OVERLOADED"));
        }
    }
    let waited = service.metric(r#"scanvet_queue_wait_seconds_count{class="batch"}"#);
    assert!(waited > 0.0, "{}", service.metrics());
}

/// The head of a call on a connection of bare bytes.
struct Bare(TcpStream);

impl Bare {
    fn open(service: &Service) -> Self {
        let mut stream = TcpStream::connect(service.uri.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut bare = Self(stream);
        bare.frame(4, 0, 0, &[]).unwrap();
        // Its settings hold once they are acknowledged, and its window once it has said so (frames of kind 4
        // and 8): until then little may be sent.
        let (mut told, mut widened) = (false, false);
        while !(told && widened) {
            let mut head = [0; 9];
            bare.0.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            bare.0.read_exact(&mut vec![0; length as usize]).unwrap();
            told |= (head[3], head[4]) == (4, 0);
            widened |= head[3] == 8;
        }
        bare.frame(4, 1, 0, &[]).unwrap();
        bare
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, content: &[u8]) -> std::io::Result<()> {
        let length = (content.len() as u32).to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(content);
        self.0.write_all(&frame)
    }

    /// Opens a call of `method`, with more headers.
    fn call(&mut self, stream: u32, method: &str, more: &[(&str, &str)]) -> std::io::Result<()> {
        let path = format!("/scanvet.v1.ValidationService/{method}");
        let plain = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", &*path),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ];
        let mut block = Vec::new();
        for (name, value) in plain.iter().chain(more) {
            block.push(0);
            for text in [name, value] {
                hpack_length(&mut block, text.len());
                block.extend(text.as_bytes());
            }
        }
        let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let ends = if at + 1 == pieces.len() { 4 } else { 0 };
            self.frame(if at == 0 { 1 } else { 9 }, ends, stream, piece)?;
        }
        Ok(())
    }
}

/// A length of HPACK, without Huffman.
fn hpack_length(block: &mut Vec<u8>, length: usize) {
    if length < 127 {
        block.push(length as u8);
        return;
    }
    block.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        block.push((rest % 128 + 128) as u8);
        rest /= 128;
    }
    block.push(rest as u8);
}

/// What abuses a connection, until it is closed under its hands.
type Abuse = fn(&mut Bare) -> std::io::Result<()>;

const ABUSES: [(&str, Abuse); 5] = [
    ("calls that are reset as soon as they are opened", |bare| {
        for stream in (1..40_000).step_by(2) {
            bare.call(stream, "GetServerInfo", &[])?;
            bare.frame(3, 0, stream, &8u32.to_be_bytes())?;
        }
        Ok(())
    }),
    ("headers without end", |bare| {
        bare.frame(1, 0, 1, &[0x40, 1, b'a', 1, b'b'])?;
        for _ in 0..100_000 {
            bare.frame(9, 0, 1, &[0, 1, b'a', 1, b'b'].repeat(100))?;
        }
        Ok(())
    }),
    ("pings without end and nobody who reads the answers", |bare| {
        for _ in 0..3_000_000 {
            bare.frame(6, 0, 0, &[0; 8])?;
        }
        Ok(())
    }),
    ("settings without end", |bare| {
        for _ in 0..3_000_000 {
            bare.frame(4, 0, 0, &[0, 3, 0, 0, 0, 9])?;
        }
        Ok(())
    }),
    ("empty pieces of a message without end", |bare| {
        bare.call(1, "UploadAndValidateFile", &[])?;
        for _ in 0..3_000_000 {
            bare.frame(0, 0, 1, &[])?;
        }
        Ok(())
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_abuses_a_connection_loses_it_and_the_others_are_served() {
    let file = settings("[serve]\nmax_deadline_seconds = 5\n");
    let service = Arc::new(Service::start(&["--config", path(&file)]));
    let mut honest = service.client().await;
    let picture = sample("accept-card.jpg");
    validate(&mut honest, picture.clone()).await.unwrap();
    let before = service.resident();
    for (name, abuse) in ABUSES {
        let abused = Arc::clone(&service);
        let abusing = tokio::task::spawn_blocking(move || {
            let mut bare = Bare::open(&abused);
            bare.0.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
            let outcome = abuse(&mut bare);
            (outcome.is_err(), bare)
        });
        let mut served = 0;
        while !abusing.is_finished() {
            validate(&mut honest, picture.clone()).await.unwrap();
            served += 1;
        }
        let (cut, _bare) = abusing.await.unwrap();
        let grown = (service.resident() - before) / 1e6;
        println!(
            "{name}: cut off or made to wait: {cut}, {served} served beside it, {grown:.1} MB more"
        );
        assert!(grown < 80.0, "{name}: {grown} MB");
        validate(&mut honest, picture.clone()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_64_kib_are_refused_and_cost_nobody_else_anything() {
    let service = Service::start(&[]);
    let mut honest = service.client().await;
    let mut bare = Bare::open(&service);
    let long = "a".repeat(64 * 1024);
    // The connection may be gone before all of it is written.
    let written = bare.call(1, "GetServerInfo", &[("x-long", &long)]);
    let answered = written.is_err() || {
        let mut head = [0; 4096];
        bare.0.read(&mut head).is_ok()
    };
    assert!(answered);
    validate(&mut honest, sample("accept-card.jpg")).await.unwrap();
    assert_eq!(service.metric("grpc_server_started_total{grpc_type=\"unary\",grpc_service=\"scanvet.v1.ValidationService\",grpc_method=\"GetServerInfo\"}"), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_uploads_are_cut_off_and_honest_callers_served() {
    let file = settings("[serve]\nmax_deadline_seconds = 2\n");
    let service = Arc::new(Service::start(&["--config", path(&file)]));
    let mut honest = service.client().await;
    let picture = sample("accept-card.jpg");
    validate(&mut honest, picture.clone()).await.unwrap();
    let before = service.resident();
    let slow = if is_long() { 900 } else { 60 };
    let mut connections: Vec<Bare> = (0..slow).map(|_| Bare::open(&service)).collect();
    let begun = Instant::now();
    for bare in &mut connections {
        bare.call(1, "ValidateFile", &[]).unwrap();
        // A message of 20 MB is promised, and comes byte by byte.
        bare.frame(0, 0, 1, &[0, 1, 0x40, 0, 0]).unwrap();
    }
    while begun.elapsed() < Duration::from_millis(1200) {
        for bare in &mut connections {
            bare.frame(0, 0, 1, &[0]).unwrap();
        }
        validate(&mut honest, picture.clone()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let grown = (service.resident() - before) / 1e6;
    println!("{slow} slow uploads: {grown:.1} MB more");
    assert!(grown < 100.0 + 0.1 * f64::from(slow), "{grown} MB");
    const CUT: &str = "grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"scanvet.v1.ValidationService\",grpc_method=\"ValidateFile\",grpc_code=\"DeadlineExceeded\"}";
    while service.metric(CUT) < f64::from(slow) {
        assert!(begun.elapsed() < Duration::from_secs(40), "{}", service.metrics());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(service.metric("scanvet_held_bytes"), 0.0);
    validate(&mut honest, picture).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_on_its_way_is_counted_before_it_is_whole() {
    let file = settings("[serve]\nmax_bytes_in_flight = 3000000\nmax_deadline_seconds = 20\n");
    let service = Service::start(&["--config", path(&file)]);
    let mut honest = service.client().await;
    let mut first = Bare::open(&service);
    first.call(1, "ValidateFile", &[]).unwrap();
    first.frame(0, 0, 1, &[0, 1, 0x40, 0, 0]).unwrap();
    // As much as a stream may send without being asked for more, three times.
    let piece = vec![0; 16_000];
    for _ in 0..60 {
        first.frame(0, 0, 1, &piece).unwrap();
    }
    let begun = Instant::now();
    while service.metric("scanvet_held_bytes") < 900_000.0 {
        assert!(begun.elapsed() < Duration::from_secs(15), "{}", service.metrics());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let status = validate(&mut honest, vec![b'a'; 2_500_000]).await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::Unavailable, "OVERLOADED"));
    assert!(service.metric(r#"scanvet_shed_total{why="bytes"}"#) > 0.0);
    drop(first);
    while service.metric("scanvet_held_bytes") > 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    validate(&mut honest, vec![b'a'; 2_500_000]).await.unwrap();
}
