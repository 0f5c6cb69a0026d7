//! `cargo xtask stage data-plane …`: Kafka, S3 and Milvus servers on the stage.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use clap::{Subcommand, ValueEnum};
use milvus_stage::cache::Cache;
use milvus_stage::data_plane::{self, Server, Services, Shape, Variant};
use milvus_stage::{exec, report};
use serde_json::json;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start etcd, Kafka and S3 unless they run, and a server with its own place on them; JSON says where they are.
    Up {
        /// What kind of server.
        #[arg(long, value_enum, default_value_t = Kind::Cluster)]
        shape: Kind,
        /// How it differs from a sound one.
        #[arg(long, value_enum, default_value_t = Difference::Sound)]
        variant: Difference,
    },
    /// End one server, or all of them with Kafka, S3 and etcd; the stage stays up.
    Down {
        /// Name of the server, as `up` wrote it.
        name: Option<String>,
    },
    /// Prove with pymilvus that every shape works, and that every fault shows.
    Check,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Milvus 2.3.5 as seven role processes.
    Cluster,
    /// Milvus 2.3.5 as one process.
    Standalone,
    /// Milvus Lite 3.x.
    Lite,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Difference {
    /// None.
    Sound,
    /// Kafka refuses its password.
    WrongKafkaPassword,
    /// It asks for a login.
    Authorization,
}

/// Makes sure that this runs in the stage's network: if not, the same once more in there, in place of this process.
fn go_inside(cache: &Cache) -> Result<()> {
    if data_plane::is_inside(cache)? {
        return Ok(());
    }
    let program = std::env::current_exe()?.into_os_string();
    let words: Vec<_> = [program]
        .into_iter()
        .chain(std::env::args_os().skip(1))
        .collect();
    Err(exec::command(cache, &words)?.exec()).context("starting nsenter")
}

/// `cargo xtask stage aws`.
pub(crate) fn aws(cache: &Cache, check: bool) -> Result<()> {
    go_inside(cache)?;
    let joined = milvus_stage::aws::joined_by_eks(cache)?;
    if check {
        milvus_stage::aws::check(cache, &joined)?;
    }
    let answer = json!({
        "endpoint": joined.endpoint(),
        "region": joined.aws.region(),
        "kafka": joined.services.kafka_bootstrap(),
        "ca": joined.services.ca_file(),
    });
    writeln!(
        std::io::stdout().lock(),
        "{}",
        serde_json::to_string_pretty(&answer)?
    )?;
    Ok(())
}

pub(crate) fn run(cache: &Cache, command: &Command) -> Result<()> {
    go_inside(cache)?;
    match command {
        Command::Up { shape, variant } => up(cache, *shape, *variant),
        Command::Down { name } => {
            let ended = data_plane::down(cache, name.as_deref())?;
            report::line(format!("ended {ended} processes of the data plane"));
            Ok(())
        }
        Command::Check => data_plane::check::run(cache),
    }
}

fn up(cache: &Cache, kind: Kind, difference: Difference) -> Result<()> {
    let shape = match kind {
        Kind::Cluster => Shape::Cluster,
        Kind::Standalone => Shape::Standalone,
        Kind::Lite => Shape::Lite,
    };
    let variant = match difference {
        Difference::Sound => Variant::Sound,
        Difference::WrongKafkaPassword => Variant::WrongKafkaPassword,
        Difference::Authorization => Variant::Authorization,
    };
    let server = Server::start_with(cache, shape, variant)?;
    let services = Services::start(cache)?;
    let answer = json!({
        "name": server.name(),
        "endpoint": server.endpoint(),
        "healthEndpoint": server.health_endpoint(),
        "kafka": services.kafka_bootstrap(),
        "s3": format!("https://{}", services.s3_address()),
        "etcd": services.etcd_address(),
        "ca": services.ca_file(),
        "logs": server.logs(),
    });
    server.keep();
    writeln!(
        std::io::stdout().lock(),
        "{}",
        serde_json::to_string_pretty(&answer)?
    )?;
    Ok(())
}
