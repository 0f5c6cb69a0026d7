//! `verify`: proves that a server works.

use std::{fmt::Write as _, path::Path, sync::Arc, time::Instant};

use milvus_manifests::apply::{Lacking, lacking};
use milvus_probe::{
    Client, ClientBuilder, Endpoint, Error as ProbeError, Event, Identity, Login, Options, Outcome,
    Report, Trust, health::HealthEndpoint, verify::Leftover,
};
use owo_colors::OwoColorize;

use crate::{
    ExitCode,
    cli::VerifyArgs,
    cluster::ClusterFlags,
    duration_text,
    error::Error,
    host::Host,
    installed::Installed,
    interrupt,
    milvus_port::MilvusPort,
    port_forward::{self, PortForward},
    printer::Printer,
    progress::{Progress, seconds},
    root_password::root_login,
    status::lacking_text,
    wanted::{self, Named},
};

/// Where the server answers and who we are to it, and what must live as long as that holds.
struct Reached {
    milvus: Result<ClientBuilder, ProbeError>,
    health_endpoint: Option<HealthEndpoint>,
    login: Option<Login>,
    ports: Option<(MilvusPort, PortForward)>,
}

/// Verifies a server; exits with 3 when something does not hold.
pub(crate) async fn run(
    args: &VerifyArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let (login, identity) = (login(args)?, identity(args)?);
    let options = options(args)?;
    let mut reached = reach(args, identity, (flags, host), printer).await?;
    if login.is_some() {
        reached.login = login;
    }
    let report = prove(reached, options, printer).await?;
    printer.result(&report, || text(&report))?;
    Ok(tell(&report, printer))
}

/// Verifies an installation just made, as `verify` without arguments does.
pub(crate) async fn installed(
    client: &kube::Client,
    installed: &Installed,
    login: Option<Login>,
    printer: Printer,
) -> Result<Report, Error> {
    port_forward::settle(client, &installed.grpc()).await;
    let reached = Reached {
        login,
        ..forwarded(client, installed, None).await?
    };
    prove(reached, Options::default(), printer).await
}

/// Says on stderr what does not hold; the exit code of that.
pub(crate) fn tell(report: &Report, printer: Printer) -> ExitCode {
    if let Some((step, failure)) = report.failed_step() {
        printer.tell(&format!(
            "{} {}: {failure}",
            "failed:".red().bold(),
            step.title
        ));
        if let Some(hint) = failure.hint {
            printer.tell(&format!("{} {hint}", "hint:".cyan().bold()));
        }
    }
    match (report.was_cancelled(), report.passed) {
        (true, _) => ExitCode::Interrupted,
        (false, true) => ExitCode::Done,
        (false, false) => ExitCode::CheckFailed,
    }
}

async fn prove(reached: Reached, options: Options, printer: Printer) -> Result<Report, Error> {
    let options = Options {
        health: reached.health_endpoint,
        expect_authorization: reached.login.is_some(),
        ..options
    };
    let progress = Arc::new(Progress::new(printer));
    let told = Arc::clone(&progress);
    let cancellation = interrupt::token(move |line| told.note(line));
    let connecting = async { reached.milvus?.login(reached.login).connect().await };
    let connected = cancellation.run_until_cancelled(connecting);
    let report = match connected.await.ok_or(Error::Interrupted)? {
        Ok(client) => {
            let began = Instant::now();
            let listen = |event: &Event| show(&progress, event, began);
            milvus_probe::verify(&client, &options, listen, &cancellation).await
        }
        Err(error) => Report::unreachable(&options, error),
    };
    if let Some((milvus, health)) = reached.ports {
        milvus.close().await;
        health.close().await;
    }
    Ok(report)
}

/// The address that was given, or ports forwarded to the installation.
async fn reach(
    args: &VerifyArgs,
    identity: Option<Identity>,
    (flags, host): (&ClusterFlags, &Host),
    printer: Printer,
) -> Result<Reached, Error> {
    if let Some(endpoint) = &args.endpoint {
        let health_endpoint = args.health_endpoint.as_deref().map(str::parse);
        return Ok(Reached {
            milvus: Ok(at(endpoint.parse()?, identity, args)?),
            health_endpoint: health_endpoint.transpose()?,
            login: None,
            ports: None,
        });
    }
    let named = Named::read(&args.installation, flags)?;
    let cluster = named.connect(flags, host, printer).await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let installed = Installed::find(&cluster.client, &namespace, named.name.as_ref()).await?;
    printer.tell(&format!(
        "verifying {} in namespace {namespace} of {}",
        installed.name, cluster.server
    ));
    let file = args.installation.file.as_deref();
    check_parts(&cluster.client, &installed, file, printer).await?;
    Ok(Reached {
        login: root_login(&cluster.client, &installed).await?,
        ..forwarded(&cluster.client, &installed, identity).await?
    })
}

/// Says what is lacking, and goes no further where Milvus cannot work without it: trying takes a minute, and would not
/// tell why. Whoever may not look hears it from the verification.
async fn check_parts(
    client: &kube::Client,
    installed: &Installed,
    file: Option<&Path>,
    printer: Printer,
) -> Result<(), Error> {
    let Installed {
        name, namespace, ..
    } = installed;
    let Ok(lacking) = lacking(client, name, namespace, None).await else {
        return Ok(());
    };
    if lacking.iter().any(Lacking::stops_milvus) {
        return Err(Error::Lacking {
            name: name.clone(),
            lacking,
        });
    }
    let file = file.map(|file| file.display().to_string());
    let file = file.as_deref().unwrap_or("FILE");
    for line in lacking_text(&lacking, name, file).lines() {
        printer.tell(&format!("note: {line}"));
    }
    Ok(())
}

/// A client of the server at an address that was given.
fn at(
    endpoint: Endpoint,
    identity: Option<Identity>,
    args: &VerifyArgs,
) -> Result<ClientBuilder, Error> {
    let for_tls = [&args.ca_file, &args.cert_file, &args.key_file];
    let speaks_of_tls = args.server_name.is_some() || for_tls.iter().any(|file| file.is_some());
    if speaks_of_tls && !endpoint.is_tls() {
        return Err(Error::Usage(format!(
            "{endpoint} is no https, for which alone --ca-file, --cert-file, --key-file and --server-name are"
        )));
    }
    let trust = match &args.ca_file {
        Some(path) => Trust::Authorities(pem(path)?),
        None => Trust::System,
    };
    Ok(Client::builder(endpoint)
        .trust(trust)
        .identity(identity)
        .server_name(args.server_name.clone()))
}

async fn forwarded(
    client: &kube::Client,
    installed: &Installed,
    identity: Option<Identity>,
) -> Result<Reached, Error> {
    let port = MilvusPort::open(client, installed, 0).await?;
    let health = PortForward::open(client.clone(), installed.health(), 0).await?;
    let milvus = match port.client(identity).await {
        Ok(milvus) => Ok(milvus),
        // A server that does not answer is what this is to find out.
        Err(Error::Probe(silent)) => Err(silent),
        Err(error) => return Err(error),
    };
    Ok(Reached {
        milvus,
        health_endpoint: Some(format!("http://{}", health.address()).parse()?),
        login: None,
        ports: Some((port, health)),
    })
}

fn options(args: &VerifyArgs) -> Result<Options, Error> {
    let default = Options::default();
    Ok(Options {
        rows: args.rows.get(),
        dimension: args.dim.get(),
        index: args.index.parse()?,
        seed: args.seed.unwrap_or(default.seed),
        step_limit: args.step_timeout.min(args.timeout),
        limit: args.timeout,
        ..default
    })
}

fn login(args: &VerifyArgs) -> Result<Option<Login>, Error> {
    let (Some(user), Some(path)) = (&args.username, &args.password_file) else {
        return Ok(None);
    };
    let content = String::from_utf8(wanted::read(path)?)
        .map_err(|_| Error::Usage(format!("the password in {} is no text", path.display())))?;
    let password = content.strip_suffix('\n').unwrap_or(&content);
    let password = password.strip_suffix('\r').unwrap_or(password);
    Ok(Some(Login::Password {
        user: user.clone(),
        password: password.into(),
    }))
}

/// Who the server shall take us for.
fn identity(args: &VerifyArgs) -> Result<Option<Identity>, Error> {
    let (Some(certificate), Some(key)) = (&args.cert_file, &args.key_file) else {
        return Ok(None);
    };
    Ok(Some(Identity {
        certificate: pem(certificate)?,
        key: pem(key)?.into(),
    }))
}

/// What stands between certificates is no part of them, in whatever encoding.
fn pem(path: &Path) -> Result<String, Error> {
    let content = String::from_utf8_lossy(&wanted::read(path)?).into_owned();
    if content.contains("-----BEGIN ") {
        Ok(content)
    } else {
        Err(Error::Usage(format!("{} holds no PEM", path.display())))
    }
}

fn show(progress: &Progress, event: &Event, began: Instant) {
    match event {
        Event::Started { title } => progress.start(title, ""),
        Event::Finished { title, outcome, .. } => {
            let (good, text) = match outcome {
                Outcome::Passed { asserted } => (true, asserted.clone()),
                Outcome::Unsupported { .. } | Outcome::Skipped => return progress.forget(title),
                Outcome::Failed(failure) => (false, failure.to_string()),
                Outcome::Cancelled => (false, "interrupted".to_owned()),
            };
            progress.finish(title, good, &text, began.elapsed());
        }
    }
}

/// What became of a collection that a verification had left behind.
fn left_behind(leftover: &Leftover) -> String {
    let Leftover {
        collection, age, ..
    } = leftover;
    let whose = format!(
        "{collection}, which a verification left behind {} ago",
        duration_text::length(*age)
    );
    match &leftover.kept_because {
        None => format!("dropped collection {whose}"),
        Some(reason) => format!("failed to drop collection {whose}: {reason}"),
    }
}

/// The result as people read it; the steps went by on stderr already.
pub(crate) fn text(report: &Report) -> String {
    let mut text = String::new();
    let version = report
        .server_version
        .as_deref()
        .unwrap_or("(version unknown)");
    let passed = report
        .steps
        .iter()
        .filter(|step| matches!(step.outcome, Outcome::Passed { .. }));
    let checks = passed.count();
    let verdict = match report.failed_step() {
        Some((step, _)) => format!("does not hold what it promises at step {}", step.step),
        None if report.passed => "works".to_owned(),
        None => "is not verified".to_owned(),
    };
    let _infallible = writeln!(
        text,
        "Milvus {version} {verdict}: {checks} steps held over {} rows of {} x float32 with {}, in {}",
        report.rows,
        report.dimension,
        report.index,
        seconds(report.took)
    );
    if let Some(recall) = report.recall.thorough {
        let usual = report.recall.usual.unwrap_or(recall);
        let _infallible = writeln!(
            text,
            "recall {recall:.3}, {usual:.3} with usual parameters; seed {}",
            report.seed
        );
    }
    for leftover in &report.leftovers {
        let _infallible = writeln!(text, "{}", left_behind(leftover));
    }
    for open in &report.not_proven {
        let _infallible = writeln!(text, "not proven: {open}");
    }
    if let milvus_probe::verify::Cleanup::Failed { collection, reason } = &report.cleanup {
        let _infallible = writeln!(
            text,
            "collection {collection} could not be dropped: {reason}"
        );
    }
    text
}
