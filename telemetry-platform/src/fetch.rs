//! Asks a metadata service: plain HTTP to a link-local address or a loopback one, and never for long.

use std::time::Duration;

/// For the whole of one request. A token that cannot travel the last hop to a container is not answered at all.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Attempts of one request; services that start with the machine answer 5xx for a while.
const ATTEMPTS: u32 = 2;
/// Bytes of an answer.
const LARGEST: u64 = 1 << 20;

/// Gets or puts, and gives the body of a good answer.
#[derive(Debug)]
pub(crate) struct Fetch {
    agent: ureq::Agent,
}

impl Fetch {
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).max_redirects(0).proxy(None).build();
        Self { agent: config.into() }
    }

    pub(crate) fn get(&self, url: &str, header: Option<(&str, &str)>) -> Option<String> {
        let request = || {
            let request = self.agent.get(url);
            header.into_iter().fold(request, |request, (name, value)| request.header(name, value)).call()
        };
        attempts(request)
    }

    pub(crate) fn put(&self, url: &str, (name, value): (&str, &str)) -> Option<String> {
        attempts(|| self.agent.put(url).header(name, value).send_empty())
    }
}

/// Tries again after errors of the service or the network, not after a refusal.
fn attempts(request: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<String> {
    for _ in 0..ATTEMPTS {
        match request() {
            Ok(mut answer) => return answer.body_mut().with_config().limit(LARGEST).read_to_string().ok(),
            Err(ureq::Error::StatusCode(400..=499)) => return None,
            Err(_) => {}
        }
    }
    None
}
