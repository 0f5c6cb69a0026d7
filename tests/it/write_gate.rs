//! A gate in front of the API server: it lets known writes through, and holds the first other one before or after it is
//! done.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Where the write that is not let through is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The server never hears of it.
    Before,
    /// The server did it, and its answer is lost.
    After,
}

/// `kubectl proxy` with a gate in front; both end with it.
pub(crate) struct WriteGate {
    proxy: Child,
    address: String,
    state: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    gate: Mutex<Gate>,
    moved: Condvar,
    closed: AtomicBool,
}

/// What the gate does, for all connections at once.
#[derive(Default)]
struct Gate {
    /// Writes that are let through, and where the first other one is held; open when absent.
    holds: Option<(Vec<String>, Hold)>,
    /// The write at which it closed, as soon as it is held there.
    point: Option<String>,
    /// The last write that is let through, until the server has answered it.
    unanswered: Option<String>,
    /// Writes that were let through.
    written: Vec<String>,
    /// How often it was set: what an earlier run sent does not count.
    era: u64,
}

/// Paths that are asked by `POST` and change nothing.
const QUESTIONS: &str = "/apis/authorization.k8s.io/";

impl WriteGate {
    /// An open one.
    pub(crate) fn new() -> Self {
        let mut proxy = Command::new("kubectl")
            .args(["proxy", "--port=0"])
            .stdout(Stdio::piped())
            // It tells of every run that is killed.
            .stderr(Stdio::null())
            .spawn()
            .expect("kubectl starts");
        let mut line = String::new();
        let stdout = proxy.stdout.take().expect("it was asked for");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("kubectl says where it is");
        let upstream = line
            .trim()
            .rsplit(' ')
            .next()
            .expect("an address")
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(Shared::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.closed.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, upstream) = (Arc::clone(&shared), upstream.clone());
                let era = shared.gate.lock().expect("no thread panicked").era;
                thread::spawn(move || serve(client, &upstream, &shared, era));
            }
        });
        Self {
            proxy,
            address,
            state,
        }
    }

    /// Its URL, as an API server's.
    pub(crate) fn server(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig that leads through the gate.
    pub(crate) fn kubeconfig(&self) -> String {
        let server = self.server();
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "gate", "cluster": {"server": server}}],
            "contexts": [{"name": "gate", "context": {"cluster": "gate", "user": "gate"}}],
            "users": [{"name": "gate", "user": {}}],
            "current-context": "gate",
        });
        config.to_string()
    }

    /// Lets those writes through, and holds the first other one and all after it.
    pub(crate) fn hold(&self, but: &[String], hold: Hold) {
        self.set(Some((but.to_vec(), hold)));
    }

    /// Lets everything through.
    pub(crate) fn open(&self) {
        self.set(None);
    }

    fn set(&self, holds: Option<(Vec<String>, Hold)>) {
        let mut gate = self.state.gate.lock().expect("no thread panicked");
        *gate = Gate {
            holds,
            era: gate.era + 1,
            ..Gate::default()
        };
        self.state.moved.notify_all();
    }

    /// The write at which it closed, as soon as there is one.
    pub(crate) fn held(&self, patience: Duration) -> Option<String> {
        let gate = self.state.gate.lock().expect("no thread panicked");
        let waits = |gate: &mut Gate| gate.point.is_none();
        let (gate, _) = self
            .state
            .moved
            .wait_timeout_while(gate, patience, waits)
            .expect("no thread panicked");
        gate.point.clone()
    }

    /// The writes that were let through since it was set.
    pub(crate) fn written(&self) -> Vec<String> {
        let gate = self.state.gate.lock().expect("no thread panicked");
        gate.written.clone()
    }
}

impl Drop for WriteGate {
    fn drop(&mut self) {
        self.state.closed.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(&self.address);
        let _ended = self.proxy.kill();
        let _waited = self.proxy.wait();
    }
}

/// One request's head and body, as bytes.
struct Request {
    bytes: Vec<u8>,
    write: Option<String>,
    /// Whether something else than HTTP follows: a forwarded port.
    upgrades: bool,
}

fn serve(client: TcpStream, upstream: &str, shared: &Arc<Shared>, era: u64) {
    let Ok(mut server) = TcpStream::connect(upstream) else {
        return;
    };
    let silent = Arc::new(AtomicBool::new(false));
    let answers = {
        let (shared, silent) = (Arc::clone(shared), Arc::clone(&silent));
        let server = server.try_clone().expect("a socket");
        let client = client.try_clone().expect("a socket");
        thread::spawn(move || relay(server, client, &shared, &silent))
    };
    let mut requests = BufReader::new(client);
    while let Some(request) = read(&mut requests) {
        if let Some(write) = request.write {
            match pass(shared, write, era) {
                Pass::Through => {}
                Pass::Silently => silent.store(true, Ordering::SeqCst),
                Pass::Never => break,
            }
        }
        if server.write_all(&request.bytes).is_err() {
            break;
        }
        if request.upgrades {
            let _copied = std::io::copy(&mut requests, &mut server);
            break;
        }
    }
    // A client that was killed leaves no request half sent: what came whole is done.
    let _ended = server.shutdown(Shutdown::Write);
    let _ended = answers.join();
}

enum Pass {
    Through,
    /// It is done, and nobody hears of it.
    Silently,
    Never,
}

/// Decides on one write. Who is held waits for the gate to be set anew, and is gone by then.
fn pass(shared: &Shared, write: String, era: u64) -> Pass {
    let mut gate = shared.gate.lock().expect("no thread panicked");
    if gate.era != era || gate.point.is_some() || gate.unanswered.is_some() {
        return Pass::Never;
    }
    let held = gate.holds.as_ref();
    match held.and_then(|(but, hold)| (!but.contains(&write)).then_some(*hold)) {
        Some(Hold::Before) => {
            gate.point = Some(write);
            shared.moved.notify_all();
            Pass::Never
        }
        Some(Hold::After) => {
            gate.written.push(write.clone());
            gate.unanswered = Some(write);
            Pass::Silently
        }
        None => {
            gate.written.push(write);
            Pass::Through
        }
    }
}

/// Answers, until one is to be kept back: then the write is done, and the gate says so.
fn relay(mut server: TcpStream, mut client: TcpStream, shared: &Shared, silent: &AtomicBool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read) = server.read(&mut buffer) {
        if silent.load(Ordering::SeqCst) {
            let mut gate = shared.gate.lock().expect("no thread panicked");
            gate.point = gate.unanswered.take();
            shared.moved.notify_all();
            return;
        }
        if read == 0 || client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ended = client.shutdown(Shutdown::Both);
}

/// The next request; none when the connection ends.
fn read(client: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut bytes = Vec::new();
    let (mut length, mut first, mut upgrades) = (0, String::new(), false);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).ok()? == 0 {
            return None;
        }
        bytes.extend_from_slice(line.as_bytes());
        let line = line.trim_end();
        if first.is_empty() {
            line.clone_into(&mut first);
        }
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        assert!(
            !name.eq_ignore_ascii_case("transfer-encoding"),
            "a body without a length is not read here"
        );
        upgrades |= name.eq_ignore_ascii_case("upgrade");
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
    }
    let head = bytes.len();
    bytes.resize(head + length, 0);
    client.read_exact(&mut bytes[head..]).ok()?;
    Some(Request {
        bytes,
        write: write_of(&first),
        upgrades,
    })
}

/// Method and path, where a request changes something.
fn write_of(first: &str) -> Option<String> {
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let changes = ["POST", "PUT", "PATCH", "DELETE"].contains(&method)
        && !path.starts_with(QUESTIONS)
        && !query.contains("dryRun=All");
    changes.then(|| format!("{method} {path}"))
}

/// How long after which a run that neither ends nor writes is given up.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a run is looked after.
const LOOK: Duration = Duration::from_millis(50);

/// Kills runs, one after the other, at the first write at which none has died yet, until one ends by itself. Those
/// writes.
pub(crate) fn deaths(
    gate: &WriteGate,
    hold: Hold,
    start: impl Fn() -> Child,
    ends_well: impl Fn(&Output) -> bool,
) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    loop {
        assert!(points.len() < 200, "no run comes to its end: {points:?}");
        gate.hold(&points, hold);
        let mut run = start();
        let began = Instant::now();
        let point = loop {
            let point = gate.held(LOOK);
            if point.is_some() || run.try_wait().expect("it can be asked").is_some() {
                break point;
            }
            assert!(began.elapsed() < PATIENCE, "a run hangs after {points:?}");
        };
        let Some(point) = point else {
            let ended = run.wait_with_output().expect("it ends");
            assert!(ends_well(&ended), "after {points:?}: {ended:?}");
            gate.open();
            return points;
        };
        run.kill().expect("it can be killed");
        run.wait().expect("it ends");
        points.push(point);
    }
}

/// The writes of an undisturbed run at which none has died; of two alike, one death spares the other.
pub(crate) fn spared(writes: &[String], points: &[String]) -> Vec<String> {
    let mut points = points.to_vec();
    let mut spared = writes.to_vec();
    spared.retain(
        |write| match points.iter().position(|point| point == write) {
            Some(found) => {
                points.swap_remove(found);
                false
            }
            None => true,
        },
    );
    spared
}
