//! Proxies on the way to the API server (fault 2 of the stage).

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use crate::{
    installed::{CLUSTER, Installation},
    plugin::{Folder, NOWHERE, Ran, kubeconfig},
};

/// A host that only the proxy knows.
const HOST: &str = "api.cluster.example:6443";

/// A proxy that leads every tunnel to one address, and notes what it was asked for.
struct Proxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (noted, to) = (Arc::clone(&asked), to.replace("http://", ""));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (noted, to) = (Arc::clone(&noted), to.clone());
                thread::spawn(move || tunnel(client, &to, &noted));
            }
        });
        Self { address, asked }
    }

    /// Every first line, and the login where there was one.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn tunnel(mut client: TcpStream, to: &str, asked: &Mutex<Vec<String>>) {
    let mut input = BufReader::new(client.try_clone().unwrap());
    let mut first = String::new();
    input.read_line(&mut first).unwrap();
    let mut noted = first.trim().to_owned();
    loop {
        let mut header = String::new();
        input.read_line(&mut header).unwrap();
        match header.trim() {
            "" => break,
            header if header.to_lowercase().starts_with("proxy-authorization") => {
                noted = format!("{noted} {header}");
            }
            _ => {}
        }
    }
    asked.lock().unwrap().push(noted);
    let Ok(mut server) = TcpStream::connect(to) else {
        return;
    };
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut back, mut from) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut back));
    let _closed = std::io::copy(&mut input, &mut server);
}

/// An installation whose API server has a name that nobody can resolve.
fn behind(scheme: &str) -> (Installation, Proxy) {
    let installation = Installation::new(CLUSTER);
    let proxy = Proxy::start(&installation.server.address);
    let file = kubeconfig(&format!("{scheme}://{HOST}"));
    installation.folder.write("kubeconfig", file);
    (installation, proxy)
}

fn status(folder: &Folder, variables: &[(&str, &str)]) -> Ran {
    let mut command = folder.command(&["status", "-n", "vectors"]);
    Ran::of(command.envs(variables.iter().copied()))
}

#[test]
fn stage_fault_2_the_proxy_of_the_environment_is_used() {
    let (installation, proxy) = behind("http");
    for variable in ["HTTP_PROXY", "http_proxy"] {
        let ran = status(&installation.folder, &[(variable, &proxy.address)]).exits(0);
        assert!(
            ran.stdout.contains("demo in namespace vectors: ready"),
            "{ran:#?}"
        );
        let asked = proxy.asked();
        assert!(!asked.is_empty());
        assert!(
            asked
                .iter()
                .all(|line| *line == format!("CONNECT {HOST} HTTP/1.1")),
            "{asked:?}"
        );
    }
}

#[test]
fn stage_fault_2_a_plain_server_without_a_port_is_at_80() {
    let (installation, proxy) = behind("http");
    let file = kubeconfig("http://api.cluster.example");
    installation.folder.write("kubeconfig", file);
    status(&installation.folder, &[("HTTP_PROXY", &proxy.address)]).exits(0);
    assert_eq!(proxy.asked()[0], "CONNECT api.cluster.example:80 HTTP/1.1");
}

/// This proxy leads nowhere: nobody speaks TLS behind it.
#[test]
fn stage_fault_2_each_scheme_has_its_own_variable() {
    let (installation, _) = behind("https");
    let proxy = Proxy::start(NOWHERE);
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        let ran = status(&installation.folder, &[(variable, &proxy.address)]).exits(1);
        assert_eq!(proxy.asked()[0], format!("CONNECT {HOST} HTTP/1.1"));
        ran.says(&["through the proxy", variable]);
    }
    status(&installation.folder, &[("HTTP_PROXY", &proxy.address)]).exits(1);
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn stage_fault_2_what_no_proxy_holds_is_reached_directly() {
    let (installation, proxy) = behind("http");
    for none in [
        "*",
        ".example",
        "cluster.example",
        "*.cluster.example",
        HOST,
        "a b,,.example,",
    ] {
        for name in ["NO_PROXY", "no_proxy"] {
            let variables = [("HTTP_PROXY", proxy.address.as_str()), (name, none)];
            let ran = status(&installation.folder, &variables).exits(1);
            assert!(ran.stderr.contains(HOST), "{ran:#?}");
            assert!(!ran.stderr.contains("proxy"), "{ran:#?}");
            assert_eq!(proxy.asked(), Vec::<String>::new(), "{none}");
        }
    }
    let other = [
        ("HTTP_PROXY", proxy.address.as_str()),
        ("NO_PROXY", "other.example,10.0.0.0/8"),
    ];
    status(&installation.folder, &other).exits(0);
    assert!(!proxy.asked().is_empty());
}

/// As the operator had it: an API server on loopback, and a proxy in the environment.
#[test]
fn stage_fault_2_loopback_needs_no_proxy() {
    let installation = Installation::new(CLUSTER);
    for none in ["", "localhost,127.0.0.0/8,.svc, "] {
        let variables = [
            ("HTTP_PROXY", "http://127.0.0.1:1"),
            ("HTTPS_PROXY", "http://127.0.0.1:1"),
            ("ALL_PROXY", "socks5://127.0.0.1:1"),
            ("NO_PROXY", none),
        ];
        status(&installation.folder, &variables).exits(0);
    }
}

#[test]
fn stage_fault_2_the_proxy_of_the_kubeconfig_comes_first() {
    let (installation, proxy) = behind("http");
    let with = |address: &str| {
        let file = kubeconfig(&format!("http://{HOST}"));
        let key = format!("{HOST}\", proxy-url: \"{address}\"");
        installation
            .folder
            .write("kubeconfig", file.replace(&format!("{HOST}\""), &key));
    };
    with(&format!("http://{}", proxy.address));
    let variables = [("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "*")];
    status(&installation.folder, &variables).exits(0);
    assert!(!proxy.asked().is_empty());

    with("ftp://proxy.example");
    let ran = status(&installation.folder, &[]).exits(1);
    ran.says(&[
        "proxy-url is not the address of a proxy",
        "hint: write proxy-url as http://HOST:PORT",
    ]);
}

#[test]
fn stage_fault_2_a_proxy_gets_its_login_and_no_message_does() {
    let (installation, proxy) = behind("http");
    let address = format!("http://me:pa%40ss@{}", proxy.address);
    status(&installation.folder, &[("HTTP_PROXY", &address)]).exits(0);
    // me:pa@ss
    let login = "Proxy-Authorization: Basic bWU6cGFAc3M=";
    assert!(proxy.asked()[0].ends_with(login));
    let dead = [("HTTP_PROXY", "http://me:hunter2@127.0.0.1:1")];
    let ran = status(&installation.folder, &dead).exits(1);
    assert!(!ran.stderr.contains("hunter2"), "{ran:#?}");
    ran.says(&[
        "talk to the Kubernetes API server at http://api.cluster.example:6443/ through the proxy http://127.0.0.1:1 of HTTP_PROXY",
        "hint: does the proxy lead to the cluster? HTTP_PROXY names it; NO_PROXY",
    ]);
}

/// A WebSocket goes through as well: a forwarded port, to a pod that gives back what it gets.
#[test]
fn stage_fault_2_a_port_is_forwarded_through_the_proxy() {
    let (installation, proxy) = behind("http");
    let mut connect = Command::new(env!("CARGO_BIN_EXE_kubectl-milvus"))
        .args(["connect", "-n", "vectors", "--port", "0"])
        .env_clear()
        .env("HOME", installation.folder.path())
        .env("KUBECONFIG", installation.folder.path().join("kubeconfig"))
        .env("HTTP_PROXY", &proxy.address)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut output = BufReader::new(connect.stdout.take().unwrap());
    output.read_line(&mut told).unwrap();
    let address = told.split(" is at ").nth(1).unwrap();
    let address = address.split(',').next().unwrap();
    let address = address.rsplit('/').next().unwrap();
    let mut port = TcpStream::connect(address).unwrap();
    port.write_all(b"hello").unwrap();
    let mut back = [0; 5];
    port.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
    connect.kill().unwrap();
    connect.wait().unwrap();
    assert!(proxy.asked().len() > 1);
}
