//! An AWS account of one EKS cluster: it says who asks, and how the cluster is.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::plugin::Folder;

/// A certificate that nobody needs: the API servers of tests speak plain HTTP.
const AUTHORITY: &str = include_str!("authority.pem.base64");

/// An account that ends with the test.
pub(crate) struct Account {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Account {
    /// With that cluster, or none.
    pub(crate) fn start(cluster: Option<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                answer(connection, cluster.as_ref(), &log);
            }
        });
        Self { address, asked }
    }

    /// What was asked, the first line of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The binary in that folder, as somebody of the account.
    pub(crate) fn command(&self, folder: &Folder, args: &[&str]) -> Command {
        let mut command = folder.command(args);
        command.envs([
            ("AWS_REGION", "us-west-2"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL", &self.address),
        ]);
        command
    }
}

/// The cluster of the installation `demo`, in that state, with its API server there.
pub(crate) fn cluster(status: &str, endpoint: Option<&str>) -> Value {
    let mut cluster = json!({
        "name": "demo-milvus",
        "arn": "arn:aws:eks:us-west-2:123456789012:cluster/demo-milvus",
        "status": status,
        "version": "1.34",
        "tags": {"kubectl-milvus/installation": "demo"},
    });
    if let Some(endpoint) = endpoint {
        cluster["endpoint"] = json!(endpoint);
        cluster["certificateAuthority"] = json!({"data": AUTHORITY.trim()});
        cluster["identity"] = json!({"oidc": {"issuer": "https://issuer"}});
        cluster["resourcesVpcConfig"] = json!({"clusterSecurityGroupId": "sg-1", "vpcId": "vpc-1"});
    }
    cluster
}

fn answer(mut connection: TcpStream, cluster: Option<&Value>, log: &Mutex<Vec<String>>) {
    let mut input = BufReader::new(connection.try_clone().unwrap());
    let mut first = String::new();
    input.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut header = String::new();
        input.read_line(&mut header).unwrap();
        match header.trim().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    log.lock().unwrap().push(first.trim().to_owned());
    let (status, kind, text) = if body.contains("Action=GetCallerIdentity") {
        let arn = "arn:aws:iam::123456789012:user/me";
        let text = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        (200, "text/xml", text)
    } else if let (true, Some(cluster)) = (first.starts_with("GET /clusters/demo-milvus "), cluster)
    {
        (
            200,
            "application/json",
            json!({"cluster": cluster}).to_string(),
        )
    } else {
        let text = json!({"message": "No cluster found."}).to_string();
        (404, "application/json", text)
    };
    let error = if status == 404 {
        "x-amzn-errortype: ResourceNotFoundException\r\n"
    } else {
        ""
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{error}connection: close\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    // Whoever asked may have gone.
    let _ = connection.write_all((head + &text).as_bytes());
}
