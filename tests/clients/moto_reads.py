"""Starts moto after the agent has segments to send, and reads them back from it: an endpoint that comes late loses nothing."""

import json
import os
import subprocess
import sys
import time

import boto3

port, health, ids = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
moto = subprocess.Popen([os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p", port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    xray = boto3.client("xray", endpoint_url=f"http://127.0.0.1:{port}")
    documents = []
    for _ in range(200):
        try:
            traces = xray.batch_get_traces(TraceIds=ids)["Traces"]
            documents = [json.loads(part["Document"]) for trace in traces for part in trace["Segments"]]
        except Exception:
            documents = []
        if len(documents) == len(ids):
            break
        time.sleep(0.1)
    assert len(documents) == len(ids), f"{len(documents)} of {len(ids)} documents"
    for document in documents:
        assert document["name"] == "orders" and document["user"] == "alice", document
        assert document["subsegments"][0]["metadata"]["default"]["cart"] == [1, 2]
    assert sorted(document["annotations"]["order"] for document in documents) == list(range(len(ids)))
    print(f"{len(documents)} documents came back from moto")
finally:
    moto.terminate()
    moto.wait()
