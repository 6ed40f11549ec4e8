//! Agents and consoles on free ports, and other people's clients as child processes.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests use what they need of it")]

pub mod databases;

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use metrics_agent::{Agent, AwsSettings, Config, Spool};
use xray_console::{Console, Settings};

/// A console on a free port.
pub async fn console() -> Console {
    let mut settings = Settings::default();
    settings.address.set_port(0);
    Console::start(settings).await.unwrap()
}

/// A configuration of free ports that sends to `endpoint`.
pub fn config(endpoint: &str) -> Config {
    let mut config = Config::default();
    config.aws = AwsSettings::local(endpoint.to_owned());
    config.traces.udp.set_port(0);
    config.traces.tcp.set_port(0);
    config.traces.spool = Some(Spool::Off);
    config.metrics.statsd.set_port(0);
    config.metrics.interval = 1;
    config.health.listen.set_port(0);
    config.otlp.http.set_port(0);
    config.otlp.grpc.set_port(0);
    config
}

/// An agent on free ports.
pub async fn agent(endpoint: &str) -> Agent {
    Agent::start(config(endpoint)).await.unwrap()
}

/// Long enough for a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// Sends datagrams to an agent.
pub fn send(to: std::net::SocketAddr, datagrams: &[&[u8]]) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in datagrams {
        socket.send_to(datagram, to).unwrap();
    }
}

/// Runs a script of `tests/` with a program named by a variable; without it the test says so and is no failure.
pub async fn run_script(variable: &str, script: &str, arguments: &[String]) {
    let Ok(program) = std::env::var(variable) else {
        eprintln!("skipped: {variable} is not set; `cargo xtask test` sets it");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let mut command = if variable == "TEST_CHROMIUM" {
        let mut command = tokio::process::Command::new("node");
        command.env("CHROMIUM", program);
        command
    } else {
        tokio::process::Command::new(program)
    };
    let environment = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_DEFAULT_REGION", "us-east-1")];
    let output = command.arg(&script).args(arguments).envs(environment).env_remove("AWS_ENDPOINT_URL").output().await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {said}", script.display());
    println!("{said}");
}

/// Waits for a condition, looking again and again.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + SOON;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// For real clients of whatever serves AWS's protocols on this port.
pub fn aws_config(port: u16) -> SdkConfig {
    let credentials = aws_sdk_sqs::config::Credentials::new("local", "local", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(credentials))
        .build()
}

/// moto, other people's AWS, on a free port, for as long as the test lives.
pub struct Moto {
    server: Child,
    pub port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// Starts it; `None` where there is no Python.
pub fn moto() -> Option<Moto> {
    let Ok(python) = std::env::var("TEST_PYTHON") else {
        eprintln!("skipped: TEST_PYTHON is not set; `cargo xtask test` sets it");
        return None;
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(python);
    command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let moto = Moto { server: command.spawn().unwrap(), port };
    let deadline = 300;
    for _ in 0..deadline {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(moto);
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("moto does not answer");
}
