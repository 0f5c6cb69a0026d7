//! The contract, and the Rust side of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use super::*;

fn stage() -> AwsStage {
    AwsStage::start(&Cache::open().unwrap()).unwrap()
}

/// A call as an SDK makes it; none if there is no answer.
fn ec2(stage: &AwsStage, form: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", stage.port)).unwrap();
    let length = form.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-west-2/ec2/aws4_request\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}&"
    );
    stream
        .write_all(request.trim_end_matches('&').as_bytes())
        .unwrap();
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(answer),
    }
}

fn create_vpc(stage: &AwsStage) -> Option<String> {
    ec2(
        stage,
        "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16",
    )
}

fn vpcs(stage: &AwsStage) -> usize {
    let inventory = stage.inventory().unwrap();
    let present = inventory["present"].as_array().unwrap();
    present
        .iter()
        .filter(|thing| thing["kind"] == "vpc")
        .count()
}

#[test]
fn the_contract_holds() {
    let mut command = python(&Cache::open().unwrap()).unwrap();
    // What runs beside the real parts (`joined_contract`) is not for here.
    command.args(["-m", "unittest", "discover", "-s", "contract", "-t", "."]);
    let output = command.args(["-p", "test_*.py"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // Nothing found would be a success as well.
    assert!(!said.contains("Ran 0 tests"), "{said}");
}

/// Processor time that a process has used; unlike the time that passes it is the same on a busy machine.
fn processor_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    // User and system time, in hundredths of a second.
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

#[test]
fn it_starts_within_five_seconds_and_ends_when_dropped() {
    let stage = stage();
    let took = processor_time(stage.child.as_ref().unwrap().id());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let port = stage.port;
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(stage);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn time_calls_faults_and_enforcement() {
    let stage = stage();
    assert_eq!(stage.clock().unwrap(), Duration::ZERO);
    let minute = Duration::from_mins(1);
    assert_eq!(stage.advance_to(minute).unwrap(), minute);
    assert_eq!(stage.advance_to(Duration::ZERO).unwrap(), minute);
    assert_eq!(stage.advance(minute).unwrap(), 2 * minute);

    let rule = json!({ "operation": "CreateVpc", "kind": "throttle", "times": 1 });
    stage.fault(rule).unwrap();
    assert!(create_vpc(&stage).unwrap().contains("RequestLimitExceeded"));
    assert!(create_vpc(&stage).unwrap().contains("<vpcId>"));
    assert_eq!(stage.faults().unwrap()[0]["fired"], 1);
    stage.clear_faults().unwrap();
    let calls = stage.calls().unwrap();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.n, call.write, call.status, call.at))
        .collect();
    assert_eq!(seen, [(1, true, 503, 120.0), (2, true, 200, 120.0)]);
    assert_eq!(calls[0].error.as_deref(), Some("RequestLimitExceeded"));
    stage.clear_calls().unwrap();
    assert_eq!(stage.calls().unwrap(), []);

    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    assert!(stage.user("u", &policy).unwrap().arn.ends_with(":user/u"));
    assert!(stage.role("r", &policy).unwrap().session_token.is_some());
    stage.enforce(true).unwrap();
    assert!(create_vpc(&stage).unwrap().contains("AuthFailure"));
    assert_eq!(stage.denied().unwrap(), Vec::<Value>::new());
    assert_eq!(stage.invalid().unwrap(), Vec::<Value>::new());

    assert_eq!(vpcs(&stage), 2);
    stage.reset().unwrap();
    assert_eq!(vpcs(&stage), 1);
    assert_eq!(stage.clock().unwrap(), Duration::ZERO);
}

#[test]
fn a_write_is_held_before_or_after_it_is_done() {
    let stage = stage();
    for (hold, made) in [(Hold::Before, 0), (Hold::After, 1)] {
        let before = vpcs(&stage);
        stage.gate(1, hold).unwrap();
        thread::scope(|scope| {
            let write = scope.spawn(|| create_vpc(&stage));
            let held = stage.held(Duration::from_secs(10)).unwrap().unwrap();
            assert_eq!(
                (held.service.as_str(), held.operation.as_str()),
                ("ec2", "CreateVpc")
            );
            let later = scope.spawn(|| create_vpc(&stage));
            // Long enough for a write that nobody holds.
            thread::sleep(Duration::from_millis(300));
            let meanwhile = vpcs(&stage);
            // First of all: what is held would hold a failed test up.
            stage.open_gate().unwrap();
            assert_eq!(meanwhile, before + made);
            assert_eq!(write.join().unwrap(), None);
            assert_eq!(later.join().unwrap(), None);
            assert_eq!(vpcs(&stage), before + made);
        });
    }
    assert_eq!(stage.held(Duration::ZERO).unwrap(), None);
}

#[test]
fn the_table_of_durations_is_the_stages_own() {
    let stage = stage();
    let table = stage.call("GET", "durations", None).unwrap();
    let ours = durations().unwrap();
    assert_eq!(table.as_object().unwrap().len(), ours.len());
    for (name, duration) in ours {
        assert_eq!(
            table[&name].as_f64(),
            Some(duration.as_secs_f64()),
            "{name}"
        );
    }
}
