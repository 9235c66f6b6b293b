"""Reads boards with Grafana's own types of the version 10.4, writes them again, and says what was lost.

    python-with-grafana-sdk judge.py BOARD.json...

Prints a JSON object: for each file a list of what Grafana's types do not know, or read otherwise.
`python-with-grafana-sdk` is from `scripts/setup grafana-sdk`: PyPI's grafana-foundation-sdk. What it adds are
defaults; what it drops, somebody has misspelt.
"""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

# Of Grafana's Prometheus data source, which reads annotations itself; its own schema of boards lacks them.
ANNOTATIONS_OF_PROMETHEUS = {"step", "titleFormat", "textFormat"}


def lost(before, after, path=""):
    """Where `after` lacks something of `before`, or has something else."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            here = f"{path}.{key}" if path else key
            if key in after:
                yield from lost(value, after[key], here)
            elif not (path.startswith("annotations.list") and key in ANNOTATIONS_OF_PROMETHEUS):
                yield f"{here}: unknown"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {json.dumps(before)} is read as {json.dumps(after)}"


def judged(path):
    """What Grafana's types make of one board."""
    with open(path, encoding="utf-8") as file:
        board = json.load(file)
    try:
        read = Dashboard.from_json(board)
    except Exception as error:  # pylint: disable=broad-exception-caught
        return [f"it cannot be read: {error!r}"]
    return list(lost(board, json.loads(JSONEncoder(sort_keys=True).encode(read))))


register_default_plugins()
print(json.dumps({path: judged(path) for path in sys.argv[1:]}))
