//! The mark as EC2 takes it, and how what carries it is found.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

use super::{cloud::Cloud, mark::Mark};

impl Cloud {
    /// Tags for something that is about to be made: the mark, the name that consoles show, and further ones.
    pub(super) fn ec2_marked(
        &self,
        kind: ResourceType,
        name: &str,
        further: &[(&str, &str)],
    ) -> TagSpecification {
        let mut tags = self.mark.ec2_tags(name);
        let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build();
        tags.extend(further.iter().map(tag));
        TagSpecification::builder()
            .resource_type(kind)
            .set_tags(Some(tags))
            .build()
    }

    /// What carries the installation's mark. The answer is looked at by [`Self::ec2_is_ours`] all the same: what is
    /// changed and deleted by id must not hang on a filter.
    pub(super) fn ec2_ours(&self) -> Filter {
        filter(&format!("tag:{}", Mark::key()), self.mark.value())
    }

    /// Whether something with those tags carries the installation's mark.
    pub(super) fn ec2_is_ours(&self, tags: &[Tag]) -> bool {
        tag_value(tags, Mark::key()) == Some(self.mark.value())
    }
}

/// What has that value.
pub(super) fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// The value of a tag.
pub(super) fn tag_value<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    let tag = tags.iter().find(|tag| tag.key() == Some(key))?;
    tag.value()
}
