"""CloudFormation without stacks."""

import unittest

from .base import Case, client


class CloudFormation(Case):
    def test_discovery_20_eksctl_finds_no_stacks(self):
        """What `eksctl get cluster` and `get nodegroup` ask."""
        stacks = client("cloudformation")
        self.assertEqual(stacks.list_stacks()["StackSummaries"], [])
        self.assertEqual(stacks.describe_stacks()["Stacks"], [])
        self.refused("ValidationError", stacks.describe_stacks, "eksctl-demo-cluster does not exist", StackName="eksctl-demo-cluster")


if __name__ == "__main__":
    unittest.main()
