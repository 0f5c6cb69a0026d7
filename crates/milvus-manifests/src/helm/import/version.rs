//! The Milvus version that values are for, and its image.

use milvus_aws_core::installation::MilvusVersion;

use super::{
    super::{document::Node, draft::Draft, reading::Reading},
    Release,
};

/// Where values name the version.
const TAG: &str = "image.all.tag";

/// Whether values name the version.
pub(in super::super) fn is_named(root: &Node) -> bool {
    Reading::new(root).text(TAG).is_some()
}

/// The version: as the user says, else as the image's tag does, else the usual one. None where there is no telling.
pub(super) fn read<'a>(
    values: &mut Reading<'a>,
    draft: &mut Draft<'a>,
    release: &Release,
) -> Option<MilvusVersion> {
    if let Some(text) = values.text("image.all.repository") {
        draft.set("image.repository", text.value, &text.found);
    }
    if let Some(text) = values.text("image.all.pullPolicy") {
        draft.set("image.pullPolicy", text.value, &text.found);
    }
    let tag = values.text(TAG);
    let version = match (&release.version, &tag) {
        (Some(version), None) => version.clone(),
        (None, None) => MilvusVersion::default(),
        (Some(version), Some(tag)) => {
            match tag.value.parse::<MilvusVersion>() {
                Ok(named) if is_same_release(&named, version) => {
                    if tag.value != version.tag() {
                        draft.set("image.tag", tag.value.clone(), &tag.found);
                    }
                }
                Ok(_) => {
                    let message = format!("gives way to Milvus {version}, which is asked for");
                    values.notice(&tag.found, message);
                }
                // A build of one's own: what is in it, the user says by the version.
                Err(_) => draft.set("image.tag", tag.value.clone(), &tag.found),
            }
            version.clone()
        }
        (None, Some(tag)) => match tag.value.parse::<MilvusVersion>() {
            Ok(version) => {
                if tag.value != version.tag() {
                    draft.set("image.tag", tag.value.clone(), &tag.found);
                }
                version
            }
            Err(error) => {
                let message = format!(
                    "names no known release ({error}): say which one it is like by `--milvus-version`"
                );
                values.wrong(&tag.found, message);
                return None;
            }
        },
    };
    match tag.filter(|_| release.version.is_none()) {
        Some(tag) => draft.set("version", version.to_string(), &tag.found),
        None => draft.put("version", version.to_string()),
    }
    Some(version)
}

/// Whether both are builds of one release: `2.6.15` and `2.6.15-gpu`.
fn is_same_release(one: &MilvusVersion, other: &MilvusVersion) -> bool {
    let release = |version: &MilvusVersion| {
        let text = version.to_string();
        text.split('-').next().unwrap_or_default().to_owned()
    };
    release(one) == release(other)
}
