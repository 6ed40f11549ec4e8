"""Looks at the files of deploy/ with the platforms' own tools, those that are here."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
LEAST_EXPOSURE = 2.0


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def template():
    run(str(pathlib.Path(sys.executable).with_name("cfn-lint")), str(DEPLOY / "ecs" / "task.yaml"))


def policy():
    """The template grants what the policy grants of X-Ray, and nothing else of it."""
    statements = json.loads((DEPLOY / "iam" / "policy.json").read_text())["Statement"]
    granted = next(statement["Action"] for statement in statements if statement["Sid"] == "Traces")
    text = (DEPLOY / "ecs" / "task.yaml").read_text()
    named = [line.strip("- ") for line in text.splitlines() if line.strip().startswith("- xray:")]
    assert named == granted, (named, granted)


def beanstalk():
    config = yaml.safe_load((DEPLOY / "beanstalk" / ".ebextensions" / "metrics-agent.config").read_text())
    assert config["option_settings"]["aws:elasticbeanstalk:xray"]["XRayEnabled"] is False
    assert list(config["container_commands"]) == sorted(config["container_commands"]), "they run in the order of their names"
    for path, file in config["files"].items():
        assert path.startswith("/") and file["content"], path


def units():
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / "metrics-agent.service"
        # The program is not installed here, and verify looks for it.
        text = (DEPLOY / "systemd" / "metrics-agent.service").read_text()
        unit.write_text(text.replace("/usr/bin/metrics-agent", "/bin/true"))
        run("systemd-analyze", "verify", str(unit))
        last = run("systemd-analyze", "security", "--offline=true", str(unit)).strip().splitlines()[-1]
        exposure = float(last.split(":")[1].split()[0])
        assert exposure <= LEAST_EXPOSURE, last


template()
policy()
beanstalk()
units()
