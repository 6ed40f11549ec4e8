//! What `#[traced]` expands to. Not part of the API.
