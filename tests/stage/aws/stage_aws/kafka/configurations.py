"""MSK configurations and their revisions."""

import json
import pathlib
import re
import uuid

from .. import ACCOUNT
from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE

PROPERTIES = set(json.loads((pathlib.Path(__file__).parent / "properties.json").read_text()))


def bad(message, **fields):
    return AwsError("BadRequestException", message, 400, **fields)


def read_properties(text):
    """The properties of a file in Java's format, simply."""
    found = {}
    for line in text.decode("utf-8", "replace").splitlines():
        line = line.strip()
        if not line or line[0] in "#!":
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise bad(f"The server properties are invalid: {line!r}.", invalidParameter="serverProperties")
        found[name.strip()] = value.strip()
    for name in found:
        if name not in PROPERTIES:
            raise bad(f"Unsupported server property: {name}.", invalidParameter="serverProperties")
    return found


class Configurations:
    """Part of the MSK service: everything under /v1/configurations."""

    def _configuration(self, arn):
        found = self.region.configurations.get(arn)
        if not found:
            raise AwsError("NotFoundException", "The configuration does not exist.", 404, invalidParameter="arn")
        return found

    def _revision(self, made, text, description):
        read_properties(text)
        revision = {
            "Revision": len(made["revisions"]) + 1, "CreationTime": STAGE.clock.date(), "Description": description,
            "ServerProperties": text,
        }
        made["revisions"].append(revision)
        return revision

    def CreateConfiguration(self, Name, ServerProperties, Description="", KafkaVersions=()):
        if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]{0,}", Name):
            raise bad("The configuration name is invalid.", invalidParameter="name")
        self._known_versions(KafkaVersions)
        if any(found["Name"] == Name for found in self.region.configurations.values()):
            raise AwsError("ConflictException", "A resource with this name already exists.", 409, invalidParameter="name")
        arn = f"arn:aws:kafka:{self.request.region}:{ACCOUNT}:configuration/{Name}/{uuid.uuid4()}-2"
        made = {
            "Arn": arn, "Name": Name, "CreationTime": STAGE.clock.date(), "Description": Description,
            "KafkaVersions": list(KafkaVersions), "State": "ACTIVE", "revisions": [],
        }
        self._revision(made, ServerProperties, Description)
        self.region.configurations[arn] = made
        return {name: made[name] for name in ("Arn", "Name", "CreationTime", "State")} | {"LatestRevision": _latest(made)}

    def DescribeConfiguration(self, Arn):
        return _summary(self._configuration(Arn))

    def ListConfigurations(self, MaxResults=None, NextToken=None):
        found, token = page(list(self.region.configurations.values()), MaxResults, NextToken)
        return {"Configurations": [_summary(one) for one in found], "NextToken": token}

    def DescribeConfigurationRevision(self, Arn, Revision):
        revisions = self._configuration(Arn)["revisions"]
        if not 1 <= Revision <= len(revisions):
            raise AwsError("NotFoundException", "The configuration revision does not exist.", 404, invalidParameter="revision")
        return {"Arn": Arn, **revisions[Revision - 1]}

    def ListConfigurationRevisions(self, Arn, MaxResults=None, NextToken=None):
        found, token = page(self._configuration(Arn)["revisions"], MaxResults, NextToken)
        return {"Revisions": [_short(one) for one in found], "NextToken": token}

    def UpdateConfiguration(self, Arn, ServerProperties, Description=""):
        made = self._configuration(Arn)
        self._revision(made, ServerProperties, Description)
        return {"Arn": Arn, "LatestRevision": _latest(made)}

    def DeleteConfiguration(self, Arn):
        self._configuration(Arn)
        if any(cluster.configuration and cluster.configuration["Arn"] == Arn for cluster in self.region.clusters.values()):
            raise bad(
                "Configuration is in use by one or more clusters. Dissociate the configuration from the clusters.",
                invalidParameter="arn",
            )
        del self.region.configurations[Arn]
        return {"Arn": Arn, "State": "DELETING"}


def _short(revision):
    return {name: revision[name] for name in ("Revision", "CreationTime", "Description")}


def _latest(made):
    return _short(made["revisions"][-1])


def _summary(made):
    shown = {name: value for name, value in made.items() if name != "revisions"}
    return shown | {"LatestRevision": _latest(made)}
