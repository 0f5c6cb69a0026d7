//! An API server of a few objects: it lists, reads and tries out, and takes no write.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, handshake::derive_accept_key, protocol::Role};

/// Objects by path, and what somebody tried to write.
#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    writes: Vec<String>,
    /// What follows the last `/` of paths that nobody may ask for.
    forbidden: Vec<String>,
    /// How often somebody asked.
    requests: usize,
    /// What everybody is answered, where nobody is let in.
    refuses: Option<u16>,
}

/// A server that ends with the test.
pub(crate) struct ApiServer {
    /// Where it listens.
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

/// One request.
struct Request {
    method: String,
    path: String,
    query: String,
    body: Value,
    /// The key of who wants to speak by WebSocket.
    websocket: Option<String>,
}

impl ApiServer {
    pub(crate) fn start() -> Self {
        Self::with(State::default())
    }

    /// One that answers everything with that status.
    pub(crate) fn refusing(status: u16) -> Self {
        Self::with(State {
            refuses: Some(status),
            ..State::default()
        })
    }

    fn with(state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(state));
        let known = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&known);
                thread::spawn(move || serve(connection, &state));
            }
        });
        Self { address, state }
    }

    /// Puts an object there.
    pub(crate) fn put(&self, path: &str, mut object: Value) {
        object["metadata"]["name"] = json!(path.rsplit('/').next());
        object["metadata"]["uid"] = json!(path);
        let mut state = self.state.lock().unwrap();
        state.objects.insert(path.to_owned(), object);
    }

    /// Forbids paths that end so: `portforward`, `nodes`.
    pub(crate) fn forbid(&self, end: &str) {
        let mut state = self.state.lock().unwrap();
        state.forbidden.push(end.to_owned());
    }

    /// Takes an object away.
    pub(crate) fn remove(&self, path: &str) {
        let mut state = self.state.lock().unwrap();
        state.objects.remove(path).unwrap();
    }

    /// Changes an object.
    pub(crate) fn edit(&self, path: &str, edit: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        edit(state.objects.get_mut(path).unwrap());
    }

    /// Every path.
    pub(crate) fn paths(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.objects.keys().cloned().collect()
    }

    /// How often somebody asked for something.
    pub(crate) fn requests(&self) -> usize {
        self.state.lock().unwrap().requests
    }

    /// What somebody tried to write.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.state.lock().unwrap().writes.clone()
    }
}

/// Answers one request after the other, as long as somebody asks.
fn serve(mut connection: TcpStream, state: &Mutex<State>) {
    let mut input = BufReader::new(connection.try_clone().unwrap());
    while let Some(request) = read(&mut input) {
        let (status, answer) = state.lock().unwrap().answer(&request);
        if let (200, Some(key)) = (status, &request.websocket) {
            return forward(connection, key, &request.query);
        }
        let body = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if connection.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request; none once the other side has closed.
fn read(input: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    input.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut length = 0;
    let mut websocket = None;
    loop {
        let mut header = String::new();
        input.read_line(&mut header).ok()?;
        match header.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("sec-websocket-key") => {
                websocket = Some(value.to_owned());
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Request {
        method,
        path,
        query,
        body,
        websocket,
    })
}

impl State {
    fn answer(&mut self, request: &Request) -> (u16, Value) {
        let Request { path, query, .. } = request;
        self.requests += 1;
        if let Some(status) = self.refuses {
            return (status, refusal(status));
        }
        let known = self.objects.get(path);
        match request.method.as_str() {
            "GET" if self.forbids(path) => (403, refusal(403)),
            "GET" if path == "/version" => (200, version()),
            "GET" if path.ends_with("/portforward") => (200, json!({})),
            "GET" if path.contains("/apis/milvus.io/") => (404, refusal(404)),
            "GET" if is_list(path) => (200, self.list(path, query)),
            "GET" => known.map_or_else(|| (404, refusal(404)), |it| (200, it.clone())),
            "PATCH" | "PUT" if query.contains("dryRun=All") => {
                let mut tried = known.cloned().unwrap_or_default();
                merge(&mut tried, &request.body);
                tried["metadata"]["uid"] = json!(path);
                (200, tried)
            }
            method => {
                self.writes.push(format!("{method} {path}"));
                (500, refusal(500))
            }
        }
    }

    fn forbids(&self, path: &str) -> bool {
        let mut ends = self.forbidden.iter();
        ends.any(|end| path.rsplit('/').next() == Some(end))
    }

    fn list(&self, path: &str, query: &str) -> Value {
        let labels = query
            .split('&')
            .find_map(|it| it.strip_prefix("labelSelector="));
        let labels = labels.unwrap_or_default();
        let escapes = [
            ("%2F", "/"),
            ("%3D", "="),
            ("%2C", ","),
            ("%28", "("),
            ("%29", ")"),
            ("+", " "),
        ];
        let labels = escapes
            .iter()
            .fold(labels.to_owned(), |text, (escape, sign)| {
                text.replace(escape, sign)
            });
        // `KEY in (A,B)` has a comma of its own.
        let labels = labels.replace("(proxy,standalone)", "(proxy|standalone)");
        let carries = |object: &Value, label: &str| {
            let value = |key: &str| &object["metadata"]["labels"][key];
            if let Some((key, values)) = label.split_once(" in ") {
                let mut values = values.trim_matches(['(', ')']).split('|');
                return values.any(|one| value(key) == one);
            }
            match label.split_once('=') {
                Some((key, one)) => value(key) == one,
                None => value(label).is_string(),
            }
        };
        let items = self.objects.iter().filter(|(key, object)| {
            let inside = key
                .rsplit_once('/')
                .is_some_and(|(folder, _)| folder == path);
            let mut labels = labels.split(',').filter(|label| !label.is_empty());
            inside && labels.all(|label| carries(object, label))
        });
        let items: Vec<&Value> = items.map(|(_, object)| object).collect();
        json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})
    }
}

/// Forwards a port to a pod that gives back what it gets: channel 0 has the bytes, channel 1 errors.
fn forward(mut connection: TcpStream, key: &str, query: &str) {
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\
         sec-websocket-protocol: v4.channel.k8s.io\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    let port = query.split('&').find_map(|it| it.strip_prefix("ports="));
    let port: u16 = port.unwrap().parse().unwrap();
    let [low, high] = port.to_le_bytes();
    let mut socket = WebSocket::from_raw_socket(connection, Role::Server, None);
    for channel in [0, 1] {
        let first = Message::binary(vec![channel, low, high]);
        socket.send(first).unwrap();
    }
    while let Ok(message) = socket.read() {
        let is_data = message.is_binary() && message.clone().into_data().first() == Some(&0);
        if is_data && socket.send(message).is_err() {
            return;
        }
    }
}

/// `/api/v1/namespaces/NAME/KIND`, and `/apis/GROUP/VERSION/namespaces/NAME/KIND`.
fn is_list(path: &str) -> bool {
    let inside = path.split_once("/namespaces/").map(|(_, inside)| inside);
    let of_cluster = ["/nodes", "/storageclasses"];
    inside.is_some_and(|inside| inside.matches('/').count() == 1)
        || of_cluster.iter().any(|end| path.ends_with(end))
}

fn merge(into: &mut Value, wanted: &Value) {
    match (into, wanted) {
        (Value::Object(into), Value::Object(wanted)) => {
            for (key, value) in wanted {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, wanted) => *into = wanted.clone(),
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "33", "gitVersion": "v1.33.0", "gitCommit": "", "gitTreeState": "", "buildDate": "",
        "goVersion": "", "compiler": "", "platform": "",
    })
}

fn refusal(code: u16) -> Value {
    let (reason, message) = match code {
        404 => ("NotFound", "no"),
        403 => ("Forbidden", "forbidden: User \"viewer\" cannot do that"),
        _ => ("InternalError", "no"),
    };
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code})
}
