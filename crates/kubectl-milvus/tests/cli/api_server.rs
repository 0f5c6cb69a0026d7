//! An API server of a few objects: it lists, reads and tries out, and takes no write.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

/// Objects by path, and what somebody tried to write.
#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    writes: Vec<String>,
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
}

impl ApiServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
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

    /// Changes an object.
    pub(crate) fn edit(&self, path: &str, edit: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        edit(state.objects.get_mut(path).unwrap());
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
    loop {
        let mut header = String::new();
        input.read_line(&mut header).ok()?;
        match header.trim().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
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
    })
}

impl State {
    fn answer(&mut self, request: &Request) -> (u16, Value) {
        let Request { path, query, .. } = request;
        let known = self.objects.get(path);
        match request.method.as_str() {
            "GET" if path == "/version" => (200, version()),
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

    fn list(&self, path: &str, query: &str) -> Value {
        let labels = query
            .split('&')
            .find_map(|it| it.strip_prefix("labelSelector="));
        let labels = labels.unwrap_or_default();
        let labels = labels
            .replace("%2F", "/")
            .replace("%3D", "=")
            .replace("%2C", ",");
        let carries = |object: &Value, label: &str| {
            let (key, value) = label.split_once('=').unwrap();
            object["metadata"]["labels"][key] == value
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

/// `/api/v1/namespaces/NAME/KIND`, and `/apis/GROUP/VERSION/namespaces/NAME/KIND`.
fn is_list(path: &str) -> bool {
    let inside = path.split_once("/namespaces/").map(|(_, inside)| inside);
    inside.is_some_and(|inside| inside.matches('/').count() == 1)
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
    let reason = if code == 404 {
        "NotFound"
    } else {
        "InternalError"
    };
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "reason": reason, "code": code})
}
