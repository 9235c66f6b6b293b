"""Reads a Cloud Foundry as one of its users, with a client that is not ours.

    judge.py API_URL USER PASSWORD CA_FILE

Prints a sorted JSON of the organizations, spaces and service instances that the user sees. Run it with
`python-with-cf-client`, by `scripts/setup cf-client`: the client is PyPI's cloudfoundry-client,
which finds the UAA by itself.
Warnings are errors: what this client complains of, another would refuse.
"""

import json
import sys
import warnings

from cloudfoundry_client.client import CloudFoundryClient


def guid_of(entity, relation):
    return entity["relationships"][relation]["data"]["guid"]


def read(client):
    # One row a page, so that every listing has to be paged through.
    def rows(manager):
        listed = list(manager.list(per_page=1, order_by="created_at"))
        if len(manager) != len(listed):
            sys.exit(f"{manager.entity_uri}: {len(listed)} rows, and {len(manager)} in total")
        return sorted(listed, key=lambda row: row["guid"])

    return {
        "organizations": [
            {"guid": row["guid"], "name": row["name"]} for row in rows(client.v3.organizations)
        ],
        "spaces": [
            {"guid": row["guid"], "name": row["name"], "organization": guid_of(row, "organization")}
            for row in rows(client.v3.spaces)
        ],
        "service_instances": [
            {"guid": row["guid"], "name": row["name"], "type": row["type"], "space": guid_of(row, "space")}
            for row in rows(client.v3.service_instances)
        ],
    }


def main(api_url, user, password, ca_file):
    client = CloudFoundryClient(api_url, verify=ca_file)
    client.init_with_user_credentials(user, password)
    json.dump(read(client), sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: judge.py API_URL USER PASSWORD CA_FILE")
    warnings.simplefilter("error")
    main(*sys.argv[1:])
