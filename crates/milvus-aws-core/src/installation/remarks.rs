//! What is worth knowing of a file that is valid.

use super::{CloudProvider, Installation, Note};
use crate::topology::EtcdStep;

impl Installation {
    /// What to tell whoever wrote the file: each note has the path of its key. Nothing is refused for it.
    pub fn remarks(&self) -> Vec<Note> {
        let mut notes = self.part_remarks();
        notes.extend(self.endpoint_remark());
        notes.extend(self.etcd_remark());
        notes
    }

    /// Seen with Milvus 2.3.5: the server asks `sts.REGION.amazonaws.com` whatever the setting says.
    fn endpoint_remark(&self) -> Option<Note> {
        let s3 = self.deployment.s3()?;
        let asks_aws = matches!(s3.cloud_provider, CloudProvider::Aws | CloudProvider::Minio);
        (asks_aws && s3.iam_endpoint.is_some()).then(|| {
            let path = format!("{}.s3.iamEndpoint", self.section());
            let text = "has no effect with AWS: Milvus asks sts.REGION.amazonaws.com for temporary keys, whatever is written here; leave it out";
            Note::new(path, text)
        })
    }

    /// An image of etcd of another line than the one that goes with the Milvus version.
    fn etcd_remark(&self) -> Option<Note> {
        let tag = self.deployment.own_etcd()?.image.tag.as_ref()?;
        let usual = crate::topology::line_of(&self.version).etcd_image;
        let usual = usual.rsplit_once(':').map_or(usual, |(_, tag)| tag);
        let text = EtcdStep::between(usual, tag.as_str()).remark()?;
        let path = format!("{}.etcd.inCluster.image.tag", self.section());
        Some(Note::new(path, text))
    }
}
