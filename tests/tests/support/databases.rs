//! Database servers of Debian's packages, in temporary folders, on free ports, for as long as a test lives.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A server and where to reach it.
pub struct Database {
    pub url: String,
    server: Child,
    _folder: TempDir,
}

impl Drop for Database {
    fn drop(&mut self) {
        // `runuser` passes SIGTERM on; a kill would leave the server behind.
        Command::new("kill").arg(self.server.id().to_string()).status().ok();
        self.server.wait().ok();
    }
}

fn set(variable: &str) -> Option<OsString> {
    let value = std::env::var_os(variable);
    if value.is_none() {
        eprintln!("skipped: {variable} is not set; `cargo xtask test` sets it");
    }
    value
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// PostgreSQL refuses to run as root; its package brings a user.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// PostgreSQL with user `shop`, password `s3cret` and database `orders`. `None` where it is not installed.
pub fn postgres() -> Option<Database> {
    let programs = PathBuf::from(set("TEST_POSTGRES")?);
    let folder = tempfile::tempdir().unwrap();
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(folder.path()));
    }
    let (data, password) = (folder.path().join("data"), folder.path().join("password"));
    std::fs::write(&password, "s3cret").unwrap();
    run(as_postgres(&programs.join("initdb"))
        .args(["--username=shop", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"])
        .arg(format!("--pwfile={}", password.display()))
        .arg(&data)
        .current_dir(folder.path()));
    let port = free_port();
    let server = as_postgres(&programs.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-F", "-k"])
        .arg(folder.path())
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Some(Database { url: format!("postgres://shop:s3cret@127.0.0.1:{port}/postgres"), server, _folder: folder })
}

/// MariaDB with user `shop`, password `s3cret` and database `orders`. `None` where it is not installed.
pub fn mariadb() -> Option<Database> {
    set("TEST_MARIADB")?;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let user = if is_root() { "--user=root" } else { "--skip-test-db" };
    run(Command::new("mariadb-install-db")
        .arg("--no-defaults")
        .args([user, "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", data.display())));
    let port = free_port();
    let setup = folder.path().join("setup.sql");
    std::fs::write(
        &setup,
        "CREATE DATABASE orders;\nCREATE USER shop@'127.0.0.1' IDENTIFIED BY 's3cret';\nGRANT ALL ON *.* TO shop@'127.0.0.1';\n",
    )
    .unwrap();
    let mut command = Command::new("mariadbd");
    command.arg("--no-defaults").arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
    if is_root() {
        command.arg("--user=root");
    }
    command.arg(format!("--init-file={}", setup.display())).arg(format!("--socket={}", folder.path().join("socket").display()));
    command.args(["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0"]).stdout(Stdio::null()).stderr(Stdio::null());
    let server = command.spawn().unwrap();
    Some(Database { url: format!("mysql://shop:s3cret@127.0.0.1:{port}/orders"), server, _folder: folder })
}

/// Tries until the server answers.
pub async fn connect<DB: sqlx::Database>(url: &str) -> sqlx::Pool<DB> {
    let options = sqlx::pool::PoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(2));
    for _ in 0..300 {
        if let Ok(pool) = options.clone().connect(url).await {
            return pool;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no answer at {url}");
}
