//! What the data plane keeps in the cache.

use std::fs;

use anyhow::Result;

use super::{kafka, services};
use crate::cache::{Build, Part};

const KAFKA_SCRIPT: &str = include_str!("kafka/build.sh");
const KAFKA_POM: &str = include_str!("kafka/pom.xml");
const PYTHON_SCRIPT: &str = include_str!("python/build.sh");
const MOTO: &str = include_str!("python/moto.txt");
const PYMILVUS: &str = include_str!("python/pymilvus.txt");
const MILVUS_LITE: &str = include_str!("python/milvus-lite.txt");

/// All parts of the data plane; the Milvus server's own files are the part `milvus`, which pods need as well.
pub fn parts() -> Vec<Part> {
    vec![
        Part {
            name: "kafka",
            version: "3.7.1",
            recipe: vec![
                KAFKA_SCRIPT.to_owned(),
                KAFKA_POM.to_owned(),
                kafka::properties(),
                services::KAFKA_PASSWORD.to_owned(),
            ],
            needs: &[],
            build: build_kafka,
        },
        python("moto", "5.2.1", MOTO, |build| build_python(build, MOTO)),
        python("pymilvus", "2.3.7", PYMILVUS, |build| {
            build_python(build, PYMILVUS)
        }),
        python("milvus-lite", "3.2.2", MILVUS_LITE, |build| {
            build_python(build, MILVUS_LITE)
        }),
    ]
}

fn build_kafka(build: &Build<'_>) -> Result<()> {
    fs::write(build.scratch.join("pom.xml"), KAFKA_POM)?;
    fs::write(build.scratch.join("server.properties"), kafka::properties())?;
    build.script(
        KAFKA_SCRIPT,
        &[
            ("BROKER_PASSWORD", kafka::BROKER_PASSWORD),
            ("USER_NAME", services::KAFKA_USER),
            ("USER_PASSWORD", services::KAFKA_PASSWORD),
        ],
    )
}

fn python(
    name: &'static str,
    version: &'static str,
    requirements: &str,
    build: fn(&Build<'_>) -> Result<()>,
) -> Part {
    Part {
        name,
        version,
        recipe: vec![PYTHON_SCRIPT.to_owned(), requirements.to_owned()],
        needs: &[],
        build,
    }
}

fn build_python(build: &Build<'_>, requirements: &str) -> Result<()> {
    fs::write(build.scratch.join("requirements.txt"), requirements)?;
    build.script(PYTHON_SCRIPT, &[])
}
