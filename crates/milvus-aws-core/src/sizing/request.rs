//! What is asked, and how it is answered.

use std::num::NonZeroU16;

use super::{
    Generation, Index, IndexKind, Mode, NoSize, Sizing, guide,
    load::{Dimension, Load, ScalarBytes, SegmentSize, Vectors},
    memory::Bytes,
    role_size::RoleSize,
    services::{self, Services},
    tool,
};
use crate::{
    installation::MilvusVersion,
    sizing::Parameter,
    topology::{Role, line_of},
};

/// What is asked. What is left out is as the tool's page has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Number of vectors.
    pub vectors: Vectors,
    /// Numbers per vector.
    pub dimension: Dimension,
    /// Kind of the index over them.
    pub index: IndexKind,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The largest size of a segment.
    pub segment: Option<SegmentSize>,
    /// Bytes of all other fields of a row.
    pub scalar_bytes: ScalarBytes,
    /// Whether those are on disk, mapped into memory.
    pub offload: bool,
    /// How often everything is loaded into memory.
    pub replicas: NonZeroU16,
    /// One pod or one per role; whichever fits when absent.
    pub mode: Option<Mode>,
    /// Which generation of the tool answers; that of the release when absent.
    pub generation: Option<Generation>,
    /// Which release is sized; the usual one of the generation when absent.
    pub version: Option<MilvusVersion>,
}

/// Coordinators stand by each other, and one proxy may restart.
const PAIR: u64 = 2;
/// Up to the raw data of so many million vectors of 768 dimensions one pod does, and up to so many it is possible.
const ONE_POD: (u64, u64) = (10, 100);
/// The same for what is on disk.
const ONE_POD_ON_DISK: (u64, u64) = (50, 500);
/// The tool does not answer beyond.
const MOST: u64 = 1000 * Vectors::MILLION_OF_768;

impl Request {
    /// Vectors under an index, and nothing else that is unusual.
    pub fn new(vectors: Vectors, dimension: Dimension, index: IndexKind) -> Self {
        Self {
            vectors,
            dimension,
            index,
            parameters: Vec::new(),
            segment: None,
            scalar_bytes: ScalarBytes::default(),
            offload: false,
            replicas: NonZeroU16::MIN,
            mode: None,
            generation: None,
            version: None,
        }
    }

    /// The answer.
    pub fn size(&self) -> Result<Sizing, NoSize> {
        let (generation, version) = self.tool()?;
        let load = self.load(generation)?;
        let bytes = match generation {
            Generation::Guide => Bytes::by_guide(&load),
            Generation::V2_5 | Generation::V2_6 => Bytes::by_tool(&load),
        };
        let (mode, because) = self.mode(generation, &load, &bytes)?;
        let (mut components, services) = sized(generation, mode, &version, &load, &bytes)?;
        for component in &mut components {
            add_replicas(component, u64::from(self.replicas.get()));
        }
        Ok(Sizing {
            generation,
            milvus_version: version,
            load,
            raw_bytes: bytes.raw,
            memory_bytes: bytes.memory,
            disk_bytes: bytes.disk,
            mode,
            because,
            components,
            etcd: services.etcd,
            log: services.log,
            object_storage: services.object_storage,
            has_own_segment_size: self.segment.is_some(),
        })
    }

    fn tool(&self) -> Result<(Generation, MilvusVersion), NoSize> {
        let version = self.version.clone().unwrap_or_else(|| {
            let usual = self.generation.map(Generation::usual_version);
            usual.unwrap_or_default()
        });
        let generation = self.generation.unwrap_or_else(|| Generation::of(&version));
        if !generation.fits(&version) {
            return Err(NoSize::OtherRoles {
                generation,
                version,
                usual: generation.usual_version(),
            });
        }
        Ok((generation, version))
    }

    fn load(&self, generation: Generation) -> Result<Load, NoSize> {
        let row = generation.row();
        if self.dimension.get() > row.most_dimensions {
            let most = row.most_dimensions;
            return Err(NoSize::TooManyDimensions { generation, most });
        }
        if generation == Generation::Guide && self.scalar_bytes != ScalarBytes::default() {
            return Err(NoSize::VectorsAlone);
        }
        Ok(Load {
            vectors: self.vectors,
            dimension: self.dimension,
            index: Index::new(self.index, &self.parameters, generation)?,
            segment: self.segment.unwrap_or(row.segment),
            scalar_bytes: self.scalar_bytes,
            offload: self.offload,
            replicas: self.replicas,
        })
    }

    /// One pod or one per role, and why.
    fn mode(
        &self,
        generation: Generation,
        load: &Load,
        bytes: &Bytes,
    ) -> Result<(Mode, String), NoSize> {
        if generation == Generation::Guide {
            return match self.mode {
                Some(Mode::Standalone) => Err(NoSize::ClustersAlone),
                _ => Ok((Mode::Cluster, "this generation knows no other".to_owned())),
            };
        }
        if bytes.raw > MOST {
            return Err(NoSize::TooMuch);
        }
        let (usual, possible) = match load.index {
            Index::Diskann { .. } => ONE_POD_ON_DISK,
            _ => ONE_POD,
        };
        let than = format!("the raw data of {usual} million vectors of 768 dimensions");
        match self.mode {
            Some(Mode::Cluster) => Ok((Mode::Cluster, "as asked for".to_owned())),
            Some(Mode::Standalone) if self.replicas.get() > 1 => Err(NoSize::ReplicasInOnePod),
            Some(Mode::Standalone) if bytes.raw > possible * Vectors::MILLION_OF_768 => {
                Err(NoSize::TooMuchForOnePod { millions: possible })
            }
            Some(Mode::Standalone) => Ok((Mode::Standalone, "as asked for".to_owned())),
            None if bytes.raw > usual * Vectors::MILLION_OF_768 => {
                Ok((Mode::Cluster, format!("it is more than {than}")))
            }
            None if self.replicas.get() > 1 => {
                let because = format!("{} replicas are that many query nodes", self.replicas);
                Ok((Mode::Cluster, because))
            }
            None => Ok((Mode::Standalone, format!("one pod is enough up to {than}"))),
        }
    }
}

fn sized(
    generation: Generation,
    mode: Mode,
    version: &MilvusVersion,
    load: &Load,
    bytes: &Bytes,
) -> Result<(Vec<RoleSize>, Services), NoSize> {
    // The tools for 2.5 and 2.6 size all coordinators in one, which every line can be deployed with.
    let line = line_of(version);
    let copies = u64::from(load.replicas.get());
    Ok(match (generation, mode) {
        (Generation::Guide, _) => {
            let roles = line.roles(|_| false);
            (
                guide::components(&roles, load, bytes),
                guide::services(bytes)?,
            )
        }
        (_, Mode::Standalone) => (tool::standalone(bytes), services::by_tool(bytes, mode)),
        (_, Mode::Cluster) => {
            let roles = line.roles(|role| {
                *role == Role::MixCoordinator && !line.cluster.contains(&Role::MixCoordinator)
            });
            (
                tool::components(&roles, bytes, generation, copies),
                services::by_tool(bytes, mode),
            )
        }
    })
}

/// What the tool leaves out: replicas in memory, and pairs of what must not be alone.
fn add_replicas(component: &mut RoleSize, copies: u64) {
    match component.role {
        Role::QueryNode => component.replicas *= copies,
        Role::Proxy => component.replicas = component.replicas.max(PAIR),
        role if role.is_coordinator() => component.replicas = component.replicas.max(PAIR),
        _ => {}
    }
}
