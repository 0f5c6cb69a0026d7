//! An API server of a cluster that holds nothing.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::json;

/// Starts one, and gives its URL. It ends with the test.
pub(crate) fn empty() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(&connection));
        }
    });
    address
}

/// Every list is empty, and nothing else exists.
fn serve(mut connection: &TcpStream) {
    let mut input = BufReader::new(connection);
    loop {
        let mut first = String::new();
        if input.read_line(&mut first).unwrap_or_default() == 0 {
            return;
        }
        let mut header = String::new();
        while input.read_line(&mut header).is_ok() && !header.trim().is_empty() {
            header.clear();
        }
        let path = first.split_whitespace().nth(1).unwrap_or_default();
        let (status, body) = answer(path.split('?').next().unwrap_or_default());
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if connection.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(path: &str) -> (u16, serde_json::Value) {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let is_list = match parts.as_slice() {
        ["version"] => {
            let version = json!({
                "major": "1", "minor": "34", "gitVersion": "v1.34.0", "gitCommit": "", "gitTreeState": "", "buildDate": "",
                "goVersion": "", "compiler": "", "platform": "",
            });
            return (200, version);
        }
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => {
            matches!(rest, [_] | ["namespaces", _, _])
        }
        _ => false,
    };
    if is_list {
        return (
            200,
            json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}),
        );
    }
    let refusal = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "not found", "reason": "NotFound", "code": 404,
    });
    (404, refusal)
}
