"""The administrator's kubeconfig, as the stage writes it and as others rewrite it."""

import json
import os
import unittest

import yaml

# Read when moto is imported, as the server does.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
from stage_aws import kubernetes  # noqa: E402

OURS = {
    "apiVersion": "v1", "kind": "Config", "current-context": "stage",
    "clusters": [{"name": "stage", "cluster": {"server": "https://192.168.77.1:6443"}}],
    "users": [{"name": "stage", "user": {"client-key-data": "a2V5"}}],
    "contexts": [{"name": "stage", "context": {"cluster": "stage", "user": "stage"}}],
}


class Kubeconfig(unittest.TestCase):
    def holds(self, text):
        cluster, user = kubernetes._administrator(text)
        self.assertEqual((cluster["server"], user["client-key-data"]), ("https://192.168.77.1:6443", "a2V5"))

    def test_stage_fault_5_the_kubeconfig_may_be_yaml(self):
        self.holds(json.dumps(OURS))
        self.holds(yaml.safe_dump(OURS))

    def test_stage_fault_5_others_may_come_first_and_be_current(self):
        """As an `install` leaves it, or `kubectl config use-context`."""
        name = "arn:aws:eks:us-west-2:123456789012:cluster/demo-milvus"
        theirs = {**OURS, "current-context": name}
        for kind, value in (("cluster", {"server": "https://other"}), ("user", {"exec": {}}), ("context", {"cluster": name, "user": name})):
            theirs[f"{kind}s"] = [{"name": name, kind: value}, *OURS[f"{kind}s"]]
        self.holds(yaml.safe_dump(theirs))


if __name__ == "__main__":
    unittest.main()
