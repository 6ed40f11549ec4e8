//! Application, agent and AWS on three hosts, as far as the network goes: namespaces joined by pairs of virtual interfaces. The link
//! between agent and AWS is cut and restored.
//!
//! Needs root and iproute2. What it makes it takes away.

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::agent::{Contestant, Running, is_root};
use crate::load::{Documents, Generator, Load};
use crate::namespace::Namespace;
use crate::sink::Sink;

const APP: &str = "xray-bench-app";
const AGENT: &str = "xray-bench-agent";
const AWS: &str = "xray-bench-aws";
/// Each link: namespace, interface and address of both ends.
const LINKS: [[(&str, &str, &str); 2]; 2] = [
    [(APP, "to-agent", "10.201.1.1/30"), (AGENT, "to-app", "10.201.1.2/30")],
    [(AGENT, "to-aws", "10.201.2.1/30"), (AWS, "to-agent", "10.201.2.2/30")],
];
const AGENT_ADDRESS: [u8; 4] = [10, 201, 1, 2];
const AWS_ADDRESS: [u8; 4] = [10, 201, 2, 2];
const RATE: u32 = 2_000;

/// Runs each way to cut the link, and prints a table; or says why it cannot.
///
/// # Errors
/// When segments are lost.
pub(crate) fn run(is_short: bool) -> Result<(), Box<dyn Error>> {
    println!("### Three hosts\n");
    if !is_root() || Command::new("ip").arg("-V").output().is_err() {
        println!("Skipped: network namespaces need root and iproute2.");
        return Ok(());
    }
    println!("{RATE} segments a second; the link between agent and AWS is down for so long.\n");
    println!(
        "| down | at | sent | arrived | lost | twice | the kernel says | everything there, after the link's return |\n|---|---|---|---|---|---|---|---|"
    );
    let mut lost = 0;
    let cuts: &[(u64, &str)] = if is_short { &[(2, AGENT)] } else { &[(5, AGENT), (5, AWS), (25, AWS)] };
    for &(seconds, end) in cuts {
        let hosts = Hosts::make()?;
        lost += cut(&hosts, Duration::from_secs(seconds), end)?;
    }
    println!();
    if lost == 0 { Ok(()) } else { Err(format!("{lost} segments were lost, and not by the kernel").into()) }
}

/// Cuts the link at one of its ends; what was lost, and not by the kernel.
fn cut(hosts: &Hosts, lasts: Duration, end: &str) -> Result<u64, Box<dyn Error>> {
    let sink = Sink::start_at((AWS_ADDRESS, 4_430).into(), Some(hosts.aws.clone()))?;
    let mut agent = Contestant::ours_at(&sink.endpoint(), "spool = \"overflow\"", (AGENT_ADDRESS, 2_000).into())?;
    agent.namespace = Some((AGENT.into(), hosts.agent.clone()));
    let running = agent.start()?;
    let mut generator = Generator::within(&hosts.app, agent.xray, Documents::of_size(1_000))?;
    let interface = if end == AGENT { "to-aws" } else { "to-agent" };
    let load = |seconds| Load::even(RATE, seconds);
    generator.send(load(Duration::from_secs(1)))?;
    ip(&["-n", end, "link", "set", interface, "down"])?;
    generator.send(load(lasts))?;
    ip(&["-n", end, "link", "set", interface, "up"])?;
    let back = Instant::now();
    generator.send(load(Duration::from_secs(1)))?;
    settle(&running)?;
    let took = back.elapsed().saturating_sub(sink.tally.silence());
    let (arrivals, drops) = (sink.tally.arrivals(), running.socket()?.drops);
    let lost = generator.sent - arrivals.documents;
    println!(
        "| {} s | {} | {} | {} | {lost} | {} | {drops} | {:.1} s |",
        lasts.as_secs(),
        if end == AGENT { "the agent's end" } else { "the other end" },
        generator.sent,
        arrivals.documents,
        arrivals.duplicates,
        took.as_secs_f64()
    );
    Ok(lost.saturating_sub(drops))
}

fn settle(running: &Running) -> Result<(), Box<dyn Error>> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(500));
        if running.status()?.held == 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// The three namespaces; gone when dropped.
struct Hosts {
    app: Namespace,
    agent: Namespace,
    aws: Namespace,
}

impl Hosts {
    fn make() -> Result<Self, Box<dyn Error>> {
        Self::remove();
        for name in [APP, AGENT, AWS] {
            ip(&["netns", "add", name])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        for [one, other] in LINKS {
            ip(&["link", "add", one.1, "netns", one.0, "type", "veth", "peer", "name", other.1, "netns", other.0])?;
            for (namespace, interface, address) in [one, other] {
                ip(&["-n", namespace, "address", "add", address, "dev", interface])?;
                ip(&["-n", namespace, "link", "set", interface, "up"])?;
            }
        }
        Ok(Self { app: Namespace::open(APP)?, agent: Namespace::open(AGENT)?, aws: Namespace::open(AWS)? })
    }

    /// Also what a run that was killed has left.
    fn remove() {
        for name in [APP, AGENT, AWS] {
            let _is_not_there = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        Self::remove();
    }
}

fn ip(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let output = Command::new("ip").args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("ip {}: {}", arguments.join(" "), said.trim()).into()) }
}
