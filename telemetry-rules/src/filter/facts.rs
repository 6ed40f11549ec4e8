//! What an expression can look at. Whoever stores traces fills this in, and may keep it.

use serde::{Deserialize, Serialize};

/// One trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceFacts {
    /// The root segment's error.
    pub has_error: bool,
    /// The root segment's fault.
    pub has_fault: bool,
    /// Any segment's throttle.
    pub has_throttle: bool,
    /// Something is still open or missing.
    pub is_partial: bool,
    /// Seconds of the root segment; none while it is open.
    pub response_time: Option<f64>,
    /// Seconds from the first start to the last end.
    pub duration: Option<f64>,
    /// The root's status.
    pub http_status: Option<f64>,
    /// The root's URL.
    pub http_url: Option<String>,
    /// The root's method.
    pub http_method: Option<String>,
    /// The root's user agent.
    pub http_user_agent: Option<String>,
    /// The root's client address.
    pub http_client_ip: Option<String>,
    /// Users of all segments.
    pub users: Vec<String>,
    /// Annotations of all segments and subsegments.
    pub annotations: Vec<(String, AnnotationFact)>,
    /// Availability zones.
    pub availability_zones: Vec<String>,
    /// EC2 instances.
    pub instance_ids: Vec<String>,
    /// ARNs.
    pub resource_arns: Vec<String>,
    /// Groups whose own expression the trace matches, by name and ARN.
    pub groups: Vec<(String, String)>,
    /// Segments, inferred ones included.
    pub nodes: Vec<NodeFacts>,
    /// Calls from one node to another.
    pub edges: Vec<EdgeFacts>,
    /// Why it failed or took long.
    pub root_causes: RootCauseFacts,
}

/// An annotation's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AnnotationFact {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

/// One segment, or one call of an edge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// All names of the service.
    pub names: Vec<String>,
    /// Its type.
    pub kind: Option<String>,
    /// Its account.
    pub account_id: Option<String>,
    /// Its flags.
    pub is_error: bool,
    /// Its flags.
    pub is_fault: bool,
    /// Its flags.
    pub is_throttle: bool,
    /// Still open.
    pub is_partial: bool,
    /// Made up from the caller's subsegment.
    pub is_inferred: bool,
    /// The trace's first.
    pub is_root: bool,
    /// Seconds.
    pub response_time: Option<f64>,
    /// Its status.
    pub http_status: Option<f64>,
    /// Its URL.
    pub http_url: Option<String>,
    /// Its method.
    pub http_method: Option<String>,
    /// Its user agent.
    pub http_user_agent: Option<String>,
    /// Its client address.
    pub http_client_ip: Option<String>,
    /// Its user.
    pub user: Option<String>,
}

/// A call: positions in [`TraceFacts::nodes`], and what the caller saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EdgeFacts {
    /// The caller.
    pub from: usize,
    /// The called.
    pub to: usize,
    /// The caller's subsegment.
    pub call: NodeFacts,
}

/// Root causes of the three kinds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RootCauseFacts {
    /// Of faults.
    pub fault: Vec<Vec<RootCauseService>>,
    /// Of errors.
    pub error: Vec<Vec<RootCauseService>>,
    /// Of response time.
    pub response_time: Vec<Vec<RootCauseService>>,
}

/// A service on the path to a root cause, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RootCauseService {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Option<String>,
    /// Its account.
    pub account_id: Option<String>,
    /// Made up from the caller's subsegment.
    pub is_inferred: bool,
    /// Segment and subsegments on the path.
    pub entities: Vec<EntityFacts>,
}

/// A segment or subsegment on the path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityFacts {
    /// Its name.
    pub name: String,
    /// A call to another service.
    pub is_remote: bool,
    /// Its share of the root's time.
    pub coverage: Option<f64>,
    /// Its exceptions.
    pub exceptions: Vec<ExceptionFacts>,
}

/// An exception.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExceptionFacts {
    /// Its type.
    pub name: String,
    /// What it says.
    pub message: String,
}
