//! Milvus servers, each with its own processes, ports and place in etcd, Kafka and S3.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::services::{KAFKA_PASSWORD, Services};
use super::settings::{Place, Role};
use super::{PREFIX, ports, python, ready, require_inside};
use crate::cache::Cache;
use crate::control::{Component, Stage};
use crate::lifecycle;

const PREPARE_USERS: &str = include_str!("python/prepare_users.py");
/// Replaces itself by the program that follows, with the stage's CA as the only one that it trusts.
const TRUST: &str = r#"mount --bind "$STAGE_TRUST" /etc/ssl && exec "$@""#;

/// What kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Milvus 2.3.5 as seven role processes on etcd, Kafka and S3.
    Cluster,
    /// Milvus 2.3.5 as one process on etcd, Kafka and S3.
    Standalone,
    /// Milvus Lite 3.x: the newer protocol, one Python process, no Kafka, no S3, no health endpoint.
    Lite,
}

/// How a server differs from a sound one. [`Shape::Lite`] has the first only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Sound.
    Sound,
    /// Kafka refuses its password; its health endpoint says OK all the same.
    WrongKafkaPassword,
    /// Asks for a login: [`Server::users`].
    Authorization,
}

/// A name and its password.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// The name.
    pub user: &'static str,
    /// The password.
    pub password: &'static str,
}

/// Logins of a server that was started with [`Variant::Authorization`].
#[derive(Clone, Copy, Debug)]
pub struct Users {
    /// The administrator, whose password is not the one that Milvus comes with.
    pub root: Login,
    /// One who may log in, and do nothing.
    pub without_rights: Login,
}

const USERS: Users = Users {
    root: Login {
        user: "root",
        password: "root-of-the-stage",
    },
    without_rights: Login {
        user: "guest",
        password: "guest-of-the-stage",
    },
};

/// A running server; its processes end when this is dropped.
#[derive(Debug)]
pub struct Server {
    stage: Stage,
    name: String,
    components: Vec<String>,
    port: u16,
    health_port: Option<u16>,
    users: Option<Users>,
}

impl Server {
    /// Starts a sound server, and what it leans on, and waits until all of its processes say that they are healthy.
    pub fn start(cache: &Cache, shape: Shape) -> Result<Self> {
        Self::start_with(cache, shape, Variant::Sound)
    }

    /// Starts a server that may not be sound.
    pub fn start_with(cache: &Cache, shape: Shape, variant: Variant) -> Result<Self> {
        require_inside(cache)?;
        match (shape, variant) {
            (Shape::Lite, Variant::Sound) => Self::lite(cache),
            (Shape::Lite, _) => {
                bail!("Milvus Lite has neither Kafka nor users: only Variant::Sound")
            }
            _ => Self::milvus(cache, shape, variant),
        }
    }

    /// Its name on this stage, for [`super::down`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients connect, as a URL.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where `/healthz` and `/metrics` of the proxy answer, as a URL, if the server has them.
    pub fn health_endpoint(&self) -> Option<String> {
        self.health_port
            .map(|port| format!("http://127.0.0.1:{port}"))
    }

    /// Logins, if the server asks for one.
    pub fn users(&self) -> Option<Users> {
        self.users
    }

    /// Logs of its processes.
    pub fn logs(&self) -> Vec<PathBuf> {
        self.components
            .iter()
            .map(|name| self.stage.log(name))
            .collect()
    }

    /// Leaves it running until [`super::down`] or the end of the stage.
    pub fn keep(mut self) {
        self.components.clear();
    }

    fn milvus(cache: &Cache, shape: Shape, variant: Variant) -> Result<Self> {
        let services = Services::launch(cache)?;
        let port = ports::block(cache)?;
        let id = format!("{PREFIX}{port}");
        let dir = dir(cache, &id)?;
        // glog wants it.
        fs::create_dir_all(dir.join("logs"))?;
        let place = Place {
            id: &id,
            dir: &dir,
            port,
        };
        let milvus = services.parts().dir("milvus")?;
        let kafka_password = match variant {
            Variant::WrongKafkaPassword => "not-the-password",
            Variant::Sound | Variant::Authorization => KAFKA_PASSWORD,
        };
        let mut env = place.env(&services, milvus, kafka_password);
        env.insert(
            "STAGE_TRUST".to_owned(),
            services.trust_dir().display().to_string(),
        );
        if variant == Variant::Authorization {
            env.insert(
                "COMMON_SECURITY_AUTHORIZATIONENABLED".to_owned(),
                "true".to_owned(),
            );
        }
        let roles = if shape == Shape::Cluster {
            env.insert("DEPLOY_MODE".to_owned(), "DISTRIBUTED".to_owned());
            place.cluster()
        } else {
            place.standalone()
        };
        let mut server = Self {
            stage: services.stage().clone(),
            name: id.clone(),
            components: Vec::new(),
            port: place.proxy_port(),
            // The proxy is the last role.
            health_port: roles.last().map(|role| role.metrics_port),
            users: None,
        };
        for role in &roles {
            server.run(component(&id, &dir, milvus, role, &env))?;
        }
        services.wait()?;
        for (name, role) in server.components.iter().zip(&roles) {
            ready::healthy(&server.stage, name, role.metrics_port)?;
        }
        if variant == Variant::Authorization {
            prepare_users(cache, &server.endpoint())?;
            server.users = Some(USERS);
        }
        Ok(server)
    }

    fn lite(cache: &Cache) -> Result<Self> {
        let parts = lifecycle::build(cache)?;
        let port = ports::block(cache)?;
        let name = format!("{PREFIX}{port}-lite");
        let dir = dir(cache, &name)?;
        let mut server = Self {
            stage: Stage::at(cache.run_dir()),
            name: name.clone(),
            components: Vec::new(),
            port,
            health_port: None,
            users: None,
        };
        let port = port.to_string();
        server.run(
            python::component(&name, parts.dir("milvus-lite")?)
                .args(["-m", "milvus_lite.cmdline", "server", "--data-dir"])
                .arg(dir.join("data").to_string_lossy())
                .args(["--host", "127.0.0.1", "--port", &port]),
        )?;
        ready::listens(&server.stage, &name, server.port)?;
        Ok(server)
    }

    fn run(&mut self, component: Component) -> Result<()> {
        let name = component.name.clone();
        self.stage.start(component)?;
        self.components.push(name);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data goes with the stage, so there is nothing to finish. What fails here ends with the stage.
        for name in self.components.drain(..).rev() {
            let _ = self.stage.stop(&name, Duration::ZERO);
        }
    }
}

fn dir(cache: &Cache, id: &str) -> Result<PathBuf> {
    let dir = cache.run_dir().join("data-plane").join(id);
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    Ok(dir)
}

fn component(
    id: &str,
    dir: &Path,
    milvus: &Path,
    role: &Role,
    env: &BTreeMap<String, String>,
) -> Component {
    let mut component = Component::new(format!("{id}-{}", role.name), "unshare")
        .args(["--mount", "--propagation", "private", "--"])
        .args(["/bin/sh", "-c", TRUST, "sh"])
        .arg(milvus.join("bin/milvus").to_string_lossy())
        .args(["run", role.name])
        .env("METRICS_PORT", role.metrics_port.to_string())
        .dir(dir);
    component.env.extend(env.clone());
    component
}

fn prepare_users(cache: &Cache, endpoint: &str) -> Result<()> {
    let parts = lifecycle::build(cache)?;
    let script = python::script(cache, "prepare_users.py", PREPARE_USERS)?;
    let output = python::command(parts.dir("pymilvus")?)
        .arg(script)
        .arg(endpoint)
        .env("ROOT_PASSWORD", USERS.root.password)
        .env("GUEST", USERS.without_rights.user)
        .env("GUEST_PASSWORD", USERS.without_rights.password)
        .output()
        .context("starting python to make users")?;
    if !output.status.success() {
        bail!(
            "making users on {endpoint} failed: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
