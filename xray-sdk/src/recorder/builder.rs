//! [`Builder`]: configures and installs the recorder.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use telemetry_wire::sampling::LocalRulesError;
use telemetry_wire::{Aws, DATAGRAM_HEADER, Exception, SegmentInfo, UDP_PAYLOAD_LIMIT, XrayInfo, limits};

use super::environment::Environment;
use super::hooks::Hooks;
use super::install;
use super::sink::{FLUSH_TIMEOUT, Output, Queue, Recorder};
use super::strategy::ContextMissing;
use crate::emitter::{AddressError, Counters, DaemonAddress, Emitter, FragmentQueue, SizeLimits, UdpEmitter, Worker};
use crate::entity::{CellPool, Classification, IdSource, StreamLimits};
use crate::sampling::{CentralSampler, LocalSampler, Sampler};

/// Bytes of a datagram, header line included. A document has at most 64 kB, UDP over IPv4 a little less; macOS takes 9,216
/// unless told otherwise.
const DATAGRAM_LIMIT: usize = if cfg!(target_os = "macos") { 9_216 } else { UDP_PAYLOAD_LIMIT };

/// Configures the SDK; [`Builder::install`] puts it to work. The `AWS_XRAY_*` variables beat every setter.
#[must_use = "nothing is recorded before install()"]
pub struct Builder {
    name: Cow<'static, str>,
    daemon_address: Option<String>,
    context_missing: ContextMissing,
    is_enabled: bool,
    is_inline: bool,
    announces_open_segments: bool,
    stream: StreamLimits,
    datagram_limit: usize,
    flush_timeout: Duration,
    sampler: Option<Box<dyn Sampler>>,
    local_rules: Option<Result<LocalSampler, LocalRulesError>>,
    is_centralized: Option<bool>,
    emitter: Option<Box<dyn Emitter>>,
    sampling_attributes: Vec<(&'static str, &'static str)>,
    hooks: Hooks,
    info: SegmentInfo,
    environment: Environment<'static>,
    #[cfg(feature = "platform")]
    world: Option<telemetry_platform::World>,
}

/// Why the SDK could not be configured.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The daemon address cannot be read.
    Address(AddressError),
    /// The system gave no thread to resolve the agent's host name.
    Connect(String, io::Error),
    /// The sampling rules cannot be read.
    Rules(LocalRulesError),
    /// `AWS_XRAY_CONTEXT_MISSING` is none of its three words.
    ContextMissing(String),
    /// The system gave no thread.
    Thread(io::Error),
}

/// Why the SDK could not be installed.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// See [`BuildError`].
    Build(BuildError),
    /// There is one in this process already; that one stays.
    AlreadyInstalled,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => error.fmt(f),
            Self::Connect(address, error) => write!(f, "no thread to resolve the agent's address `{address}`: {error}"),
            Self::Rules(error) => write!(f, "sampling rules: {error}"),
            Self::ContextMissing(word) => {
                write!(f, "AWS_XRAY_CONTEXT_MISSING is `{word}`, expected LOG_ERROR, RUNTIME_ERROR or IGNORE_ERROR")
            }
            Self::Thread(error) => write!(f, "no thread for the emitter: {error}"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Address(error) => Some(error),
            Self::Rules(error) => Some(error),
            Self::Connect(_, error) | Self::Thread(error) => Some(error),
            Self::ContextMissing(_) => None,
        }
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            Self::AlreadyInstalled => f.write_str("xray-sdk is already installed in this process"),
        }
    }
}

impl std::error::Error for InstallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Build(error) => Some(error),
            Self::AlreadyInstalled => None,
        }
    }
}

/// Keeps the SDK running. Dropping it sends the documents that are left, within [`Builder::flush_timeout`], and stops the worker.
///
/// Hold it in `main` until the process ends. In a `static`, after `std::mem::forget` or before `std::process::exit` it is never dropped, and the segments
/// of the last 5 ms are lost; call [`Self::flush`] first. The same holds for a process that a signal ends: servers stop taking requests on SIGTERM and
/// return from `main`.
///
/// ```no_run
/// # fn serve_until_sigterm() {}
/// # fn run() -> Result<(), xray_sdk::InstallError> {
/// let xray = xray_sdk::init("orders")?;
/// serve_until_sigterm();   // axum: `axum::serve(listener, app).with_graceful_shutdown(signal).await`
/// xray.shutdown();
/// # Ok(()) }
/// ```
///
/// Functions of Lambda need nothing of that: they send each invocation before its response, and `lambda::FlushLayer` is for emitters that keep documents.
#[must_use = "dropping this stops the SDK: keep it until the process ends"]
pub struct Installed {
    recorder: &'static Recorder,
}

impl fmt::Debug for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installed").field("name", &self.recorder.name).finish()
    }
}

impl Installed {
    /// Sends everything that is ended, on this thread, and waits for the emitter, both within [`Builder::flush_timeout`]. Returns how many documents
    /// are left. UDP does not say whether the others arrived.
    pub fn flush(&self) -> usize {
        self.recorder.flush(self.recorder.flush_timeout)
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.recorder.snapshot()
    }

    /// Sends what is left and stops the worker, as dropping does.
    pub fn shutdown(self) {}
}

impl Drop for Installed {
    fn drop(&mut self) {
        self.recorder.stop();
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("name", &self.name).field("daemon_address", &self.daemon_address).finish_non_exhaustive()
    }
}

impl Builder {
    /// A builder for a service of this name: 1 to 200 letters, digits, blanks and `_.:/%&#=+-@`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let xray =
            XrayInfo { sdk: Some("xray-sdk for Rust".into()), sdk_version: Some(env!("CARGO_PKG_VERSION").into()), ..XrayInfo::default() };
        Self {
            name: name.into(),
            daemon_address: None,
            context_missing: ContextMissing::default(),
            is_enabled: true,
            is_inline: false,
            announces_open_segments: false,
            stream: StreamLimits { records: 500, bytes: 48 * 1024 },
            datagram_limit: DATAGRAM_LIMIT,
            flush_timeout: FLUSH_TIMEOUT,
            sampler: None,
            local_rules: None,
            is_centralized: None,
            emitter: None,
            sampling_attributes: Vec::new(),
            hooks: Hooks::default(),
            info: SegmentInfo { aws: Some(Aws { xray: Some(xray), ..Aws::default() }), ..SegmentInfo::default() },
            environment: Environment::process(),
            #[cfg(feature = "platform")]
            world: Some(telemetry_platform::World::here()),
        }
    }

    /// Where the agent listens: `host:port`, or `tcp:host:port udp:host:port`. Default `127.0.0.1:2000`;
    /// `AWS_XRAY_DAEMON_ADDRESS` beats it.
    pub fn daemon_address(mut self, address: impl Into<String>) -> Self {
        self.daemon_address = Some(address.into());
        self
    }

    /// Decides which requests are recorded, instead of all rules. Default: [`crate::sampling::CentralSampler`].
    pub fn sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// An attribute of every segment that sampling rules with `Attributes` can look at, such as a stage. It is not recorded. Default: none.
    pub fn sampling_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.sampling_attributes.push((key.into().leak(), value.into().leak()));
        self
    }

    /// Takes the JSON text of local sampling rules, version 1 or 2: they decide without an agent, and with one until the rules of X-Ray
    /// arrive. Default: one request per second and 5 % of the rest. Errors show in [`Self::install`].
    pub fn sampling_rules(mut self, json: &str) -> Self {
        self.local_rules = Some(LocalSampler::parse(json));
        self.sampler = None;
        self
    }

    /// Whether the rules that are configured in X-Ray decide, asked of the agent. Default: yes, but in Lambda, which decides itself.
    pub const fn centralized_sampling(mut self, centralized: bool) -> Self {
        self.is_centralized = Some(centralized);
        self
    }

    /// What to do outside segments. Default [`ContextMissing::LogError`]; `AWS_XRAY_CONTEXT_MISSING` beats it.
    pub const fn context_missing(mut self, strategy: ContextMissing) -> Self {
        self.context_missing = strategy;
        self
    }

    /// Records nothing at all when `false`. Default `true`; `AWS_XRAY_SDK_ENABLED` and `AWS_XRAY_SDK_DISABLED` beat it.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.is_enabled = enabled;
        self
    }

    /// Encodes and sends in the thread that closes a segment (4 to 5 µs with 100 subsegments) instead of in a worker.
    /// Default `false`, but always `true` in Lambda, where a frozen sandbox would keep the worker's queue.
    pub const fn inline(mut self, inline: bool) -> Self {
        self.is_inline = inline;
        self
    }

    /// Sends an `in_progress` document when a segment begins, so that a crash leaves a trace. Default `false`: it doubles
    /// the number of documents.
    pub const fn announce_open_segments(mut self, announce: bool) -> Self {
        self.announces_open_segments = announce;
        self
    }

    /// Sends ended subsegments ahead of their segment once so many, or about so many bytes, wait for it. Default 500 and
    /// 48 kB, about what fits one document.
    pub const fn stream_after(mut self, subsegments: usize, bytes: usize) -> Self {
        self.stream = StreamLimits { records: subsegments, bytes };
        self
    }

    /// Bytes of a datagram, header line included. Default 65,507, on macOS 9,216. At least 1,024, at most 65,507.
    pub const fn datagram_limit(mut self, bytes: usize) -> Self {
        self.datagram_limit = match bytes {
            0..1_024 => 1_024,
            1_024..UDP_PAYLOAD_LIMIT => bytes,
            _ => UDP_PAYLOAD_LIMIT,
        };
        self
    }

    /// Sets the timeout of [`Installed::flush`] and of dropping [`Installed`], whatever waits to be sent. Default 5 seconds.
    pub const fn flush_timeout(mut self, at_most: Duration) -> Self {
        self.flush_timeout = at_most;
        self
    }

    /// Says whose fault it is what would be recorded as a fault: an `Err`, a panic, a call that fails. Gets the chain of exceptions, the
    /// outermost first, by type and message; [`Classification::Ignored`] leaves them out. Default: a fault stays one.
    pub fn classify(mut self, classify: impl Fn(&[Exception]) -> Classification + Send + Sync + 'static) -> Self {
        self.hooks.classifier = Some(Box::new(classify));
        self
    }

    /// Records the messages of databases, which may quote values, and the texts of decoding errors. Default `false`: code, kind, table, column and
    /// constraint only.
    pub const fn database_messages(mut self, show: bool) -> Self {
        self.hooks.shows_database_messages = show;
        self
    }

    /// Classifies status codes of responses, of servers and clients alike. Default: 4xx is an error, 429 a throttle, 5xx a fault.
    ///
    /// ```
    /// use xray_sdk::Classification;
    ///
    /// let builder = xray_sdk::builder("orders").classify_status(|status| match status {
    ///     404 => Classification::Ignored, // looking for what may not exist
    ///     429 => Classification::Throttle,
    ///     400..=499 => Classification::Error,
    ///     500.. => Classification::Fault,
    ///     _ => Classification::Ignored,
    /// });
    /// # drop(builder);
    /// ```
    pub fn classify_status(mut self, classify: impl Fn(u16) -> Classification + Send + Sync + 'static) -> Self {
        self.hooks.status = Some(Box::new(classify));
        self
    }

    /// Takes ids from elsewhere than from the SDK's own generator.
    pub fn ids(mut self, ids: impl IdSource + 'static) -> Self {
        self.hooks.ids = Some(Box::new(ids));
        self
    }

    /// Sends datagrams elsewhere than over UDP.
    pub fn emitter(mut self, emitter: impl Emitter + 'static) -> Self {
        self.emitter = Some(Box::new(emitter));
        self
    }

    /// The application's version, shown with every segment.
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.info.service.get_or_insert_default().version = Some(version.into());
        self
    }

    /// Where the application runs: `origin` such as `AWS::ECS::Container`, and the `aws` block. Default: nothing.
    pub fn origin(mut self, origin: impl Into<String>, mut aws: Aws) -> Self {
        self.info.origin = Some(origin.into());
        aws.xray = aws.xray.or_else(|| self.info.aws.take().and_then(|own| own.xray));
        self.info.aws = Some(aws);
        self
    }

    /// Where to look for what this runs on: Lambda, ECS, EKS, Elastic Beanstalk, EC2. Default: the process's variables and the system's files;
    /// `None` looks nowhere. What [`Self::origin`] says stays.
    #[cfg(feature = "platform")]
    pub fn platform(mut self, world: Option<telemetry_platform::World>) -> Self {
        self.world = world;
        self
    }

    /// Reads variables from here instead of from the process.
    pub fn environment(mut self, environment: Environment<'static>) -> Self {
        self.environment = environment;
        self
    }

    /// Installs for the whole process.
    ///
    /// # Errors
    /// When something configured is wrong, or the SDK is installed already; an `xray_sdk::init` of a library cannot replace
    /// the application's.
    pub fn install(self) -> Result<Installed, InstallError> {
        if install::is_installed() {
            return Err(InstallError::AlreadyInstalled);
        }
        let recorder = self.build().map_err(InstallError::Build)?;
        if install::began_before() {
            let text = "a segment began before the SDK was installed and is not recorded; call init first, also before #[traced(segment)]";
            recorder.output.say(text);
        }
        if recorder.is_lambda {
            tell_lambda();
        }
        if install::install(recorder) { Ok(Installed { recorder }) } else { Err(InstallError::AlreadyInstalled) }
    }

    pub(crate) fn build(self) -> Result<&'static Recorder, BuildError> {
        let is_lambda = self.environment.is_lambda();
        let is_inline = self.is_inline || is_lambda;
        let context_missing = match self.environment.get("AWS_XRAY_CONTEXT_MISSING") {
            Some(word) => ContextMissing::parse(&word).ok_or(BuildError::ContextMissing(word))?,
            None => self.context_missing,
        };
        let is_enabled = self.environment.is_enabled().unwrap_or(self.is_enabled);
        let fixed_name = self.environment.get("AWS_XRAY_TRACING_NAME").map(Cow::Owned);
        let local = self.local_rules.unwrap_or_else(|| Ok(LocalSampler::default())).map_err(BuildError::Rules)?;
        crate::clock::choose_ruler();
        crate::fork::watch();
        let address = daemon_address(&self.environment, self.daemon_address.as_deref());
        let emitter = match self.emitter {
            Some(emitter) => emitter,
            None if !is_enabled => Box::new(Nowhere),
            None => match connect(&address, self.datagram_limit) {
                // An error here would end each sandbox of the function before its first invocation.
                Err(error) if is_lambda => Box::new(Unusable::new(&error)),
                connected => connected?,
            },
        };
        let sampler: Box<dyn Sampler> = match (self.sampler, address) {
            (Some(sampler), _) => sampler,
            (None, Ok(address)) if self.is_centralized.unwrap_or(!is_lambda) => Box::new(CentralSampler::new(address.tcp, local)),
            (None, _) => Box::new(local),
        };
        let single = if emitter.takes_large() { DATAGRAM_HEADER.len() + limits::DOCUMENT_BYTES } else { 0 };
        let sizes = SizeLimits { datagram: self.datagram_limit.min(emitter.datagram_limit()), single };
        let output = Output {
            info: ArcSwap::from_pointee(self.info),
            limits: sizes,
            emitter,
            encoder: Default::default(),
            warned: Default::default(),
        };
        let recorder = Recorder {
            is_enabled,
            is_lambda,
            name: self.name,
            fixed_name,
            context_missing,
            announces_open_segments: self.announces_open_segments,
            sampler,
            sampling_attributes: self.sampling_attributes.leak(),
            hooks: self.hooks,
            counters: Default::default(),
            stream: self.stream,
            pool: CellPool::default(),
            output: Arc::new(output),
            queue: None,
            flush_timeout: self.flush_timeout,
            forks: crate::fork::count(),
        };
        let recorder = leak(recorder, is_inline || !is_enabled).map_err(BuildError::Thread)?;
        recorder.pool.protect_from_forks();
        #[cfg(feature = "platform")]
        if let Some(world) = self.world.filter(|_| is_enabled) {
            super::platform::detect(recorder, world);
        }
        Ok(recorder)
    }
}

/// The file by which Lambda learns that there is an SDK, as those for Go, Java and Python make it. Nothing depends on it here.
fn tell_lambda() {
    let folder = std::path::Path::new("/tmp/.aws-xray");
    let _is_best_effort = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join("initialized"), ""));
}

/// The emitter of a recorder that is switched off: an address that cannot be looked up is then no mistake.
struct Nowhere;

impl Emitter for Nowhere {
    fn emit(&self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// The emitter of a function of Lambda whose agent cannot be reached by its configuration. Each document is counted as lost.
struct Unusable(String);

impl Unusable {
    fn new(error: &BuildError) -> Self {
        log::error!("X-Ray: nothing is recorded: {error}");
        Self(error.to_string())
    }
}

impl Emitter for Unusable {
    fn emit(&self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other(self.0.clone()))
    }
}

fn daemon_address(environment: &Environment<'_>, configured: Option<&str>) -> Result<DaemonAddress, AddressError> {
    let text = environment.get("AWS_XRAY_DAEMON_ADDRESS").or_else(|| configured.map(str::to_owned));
    text.map_or(Ok(DaemonAddress::default()), |text| DaemonAddress::parse(&text))
}

fn connect(address: &Result<DaemonAddress, AddressError>, datagram_limit: usize) -> Result<Box<dyn Emitter>, BuildError> {
    let address = address.as_ref().map_err(|error| BuildError::Address(error.clone()))?;
    let connected = UdpEmitter::connect(address).map(|emitter| emitter.datagram_limit(datagram_limit));
    let emitter = connected.map_err(|error| BuildError::Connect(address.udp.clone(), error))?;
    Ok(Box::new(emitter))
}

/// The worker needs the recorder and the recorder the worker; the recorder is leaked first and reached through a cell.
fn leak(mut recorder: Recorder, is_inline: bool) -> io::Result<&'static Recorder> {
    if is_inline {
        return Ok(Box::leak(Box::new(recorder)));
    }
    let fragments = Arc::new(FragmentQueue::new());
    let shared: Arc<std::sync::OnceLock<&'static Recorder>> = Arc::default();
    let drained = Arc::clone(&shared);
    let drain = move || {
        if let Some(recorder) = drained.get() {
            recorder.drain_all();
        }
    };
    let worker = Worker::start(Arc::clone(&fragments), drain)?;
    recorder.queue = Some(Queue { fragments, worker });
    let recorder: &'static Recorder = Box::leak(Box::new(recorder));
    shared.get_or_init(|| recorder);
    Ok(recorder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn built(variables: &'static [(&str, &str)]) -> Result<&'static Recorder, BuildError> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Builder::new("f").environment(Environment::from_fn(find)).build()
    }

    #[test]
    fn a_bad_address_is_an_error_at_the_start_and_in_lambda_lost_documents() {
        assert!(matches!(built(const { &[("AWS_XRAY_DAEMON_ADDRESS", "not an address")] }), Err(BuildError::Address(_))));
        let recorder = built(const { &[("AWS_XRAY_DAEMON_ADDRESS", "not an address"), ("LAMBDA_TASK_ROOT", "/var/task")] }).unwrap();
        let error = recorder.output.emitter.emit(b"{}").unwrap_err();
        assert!(error.to_string().contains("not an address"), "{error}");
    }
}
