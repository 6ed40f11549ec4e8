//! Each platform from recorded metadata, served on loopback; and services that do not answer.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use telemetry_platform::World;

/// Answers by method and path; what it was asked, with the token that came along.
#[derive(Clone, Default)]
struct Service {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn start(&self, answers: &[(&str, u16, &str)]) -> String {
        let answers: HashMap<String, (u16, String)> =
            answers.iter().map(|(path, status, body)| ((*path).to_owned(), (*status, (*body).to_owned()))).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::clone(&self.asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
                let line = head.lines().next().unwrap_or_default().rsplit_once(' ').unwrap_or_default().0.to_owned();
                let token =
                    head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("x-aws-ec2-metadata-token: ").map(str::to_owned));
                asked.lock().unwrap().push(format!("{line} {}", token.unwrap_or_default()));
                let (status, body) = answers.get(&line).cloned().unwrap_or((404, String::new()));
                write!(stream.get_mut(), "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
                    .unwrap();
            }
        });
        address
    }
}

fn world(variables: &[(&str, &str)], root: &Path) -> World {
    let variables: HashMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    World::new(move |name| variables.get(name).cloned(), root)
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const TOKEN: (&str, u16, &str) = ("PUT /latest/api/token", 200, "TOKEN");
const IDENTITY: &str = include_str!("recorded/instance_identity.json");

#[test]
fn on_premises_there_is_nothing_to_find_out() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&[("HOME", "/root")], folder.path());
    assert!(!world.guess().needs_resolving());
}

#[test]
fn an_instance_is_asked_with_a_token() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let endpoint = service.start(&[TOKEN, ("GET /latest/dynamic/instance-identity/document", 200, IDENTITY)]);
    let world = world(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)], folder.path());
    let platform = world.resolve(world.guess());
    let ec2 = platform.ec2.as_ref().unwrap();
    assert_eq!((ec2.instance_id.as_deref(), ec2.availability_zone.as_deref()), (Some("i-1234567890abcdef0"), Some("us-west-2b")));
    assert_eq!((ec2.instance_size.as_deref(), ec2.ami_id.as_deref()), (Some("t2.micro"), Some("ami-5fb8c835")));
    assert_eq!((platform.origin(), platform.account_id.as_deref()), (Some("AWS::EC2::Instance"), Some("123456789012")));
    assert!(service.asked.lock().unwrap()[1].ends_with(" token"));
}

#[test]
fn without_the_service_the_board_tells_the_instance() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
    write(folder.path(), "/sys/class/dmi/id/board_asset_tag", "i-0abc\n");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging = format!("http://{}", silent.local_addr().unwrap());
    let forbidden = Service::default().start(&[("PUT /latest/api/token", 403, "")]);
    let broken = Service::default().start(&[TOKEN, ("GET /latest/dynamic/instance-identity/document", 200, "no JSON")]);
    let refused = "http://127.0.0.1:1".to_owned();
    for endpoint in [hanging, forbidden, broken, refused] {
        let world = world(&[("IMDS_ENDPOINT", &endpoint)], folder.path());
        assert_eq!(world.resolve(world.guess()).ec2.unwrap().instance_id.as_deref(), Some("i-0abc"), "{endpoint}");
    }
    let disabled = world(&[("AWS_EC2_METADATA_DISABLED", "true")], folder.path());
    assert_eq!(disabled.resolve(disabled.guess()).ec2.unwrap().instance_id.as_deref(), Some("i-0abc"));
}

#[test]
fn a_container_of_ecs_knows_its_task_and_its_log_group() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    write(folder.path(), "/etc/hostname", "ip-10-0-0-1\n");
    let container = include_str!("recorded/ecs_container.json");
    let endpoint = service.start(&[("GET /v4/abc", 200, container), ("GET /v4/abc/task", 200, include_str!("recorded/ecs_task.json"))]);
    let world = world(&[("ECS_CONTAINER_METADATA_URI_V4", &format!("{endpoint}/v4/abc"))], folder.path());
    let platform = world.resolve(world.guess());
    let ecs = platform.ecs.as_ref().unwrap();
    assert_eq!((ecs.container.as_deref(), ecs.launch_type.as_deref()), (Some("ip-10-0-0-1"), Some("FARGATE")));
    assert_eq!(ecs.cluster_arn.as_deref(), Some("arn:aws:ecs:us-west-2:111122223333:cluster/default"));
    assert_eq!((ecs.task_family.as_deref(), ecs.availability_zone.as_deref()), (Some("shop"), Some("us-west-2d")));
    assert_eq!(platform.log_groups[0].arn.as_deref(), Some("arn:aws:logs:us-west-2:111122223333:log-group:/ecs/shop"));
    assert_eq!((platform.origin(), platform.region.as_deref()), (Some("AWS::ECS::Container"), Some("us-west-2")));
    assert!(platform.resource_arn().unwrap().contains(":container/"));
}

#[test]
fn a_metadata_service_that_breaks_leaves_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    for endpoint in [Service::default().start(&[("GET /x", 500, ""), ("GET /x/task", 200, "[]")]), "http://127.0.0.1:1".to_owned()] {
        let world = world(&[("ECS_CONTAINER_METADATA_URI_V4", &format!("{endpoint}/x"))], folder.path());
        let platform = world.resolve(world.guess());
        assert_eq!((platform.origin(), platform.log_groups.len()), (Some("AWS::ECS::Container"), 0));
    }
}

#[test]
fn a_pod_of_eks_knows_its_container_with_either_version_of_control_groups() {
    let id = "a1".repeat(32);
    for (file, line) in [
        ("/proc/self/cgroup", format!("11:memory:/kubepods/burstable/pod6f/{id}\n")),
        ("/proc/self/mountinfo", format!("1 2 8:1 /var/lib/containerd/{id}/hostname /etc/hostname rw - ext4 /dev/x rw\n")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), file, &line);
        let world = world(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("CLUSTER_NAME", "prod"), ("HOSTNAME", "orders-7d")], folder.path());
        let platform = world.resolve(world.guess());
        let eks = platform.eks.as_ref().unwrap();
        assert_eq!(
            (eks.cluster_name.as_deref(), eks.pod.as_deref(), eks.container_id.as_deref()),
            (Some("prod"), Some("orders-7d"), Some(&*id))
        );
        assert_eq!(
            (platform.origin(), &*platform.log_groups[0].name),
            (Some("AWS::EKS::Container"), "/aws/containerinsights/prod/application")
        );
    }
}

#[test]
fn beanstalk_wins_over_the_instance_below_it() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    write(
        folder.path(),
        "/var/elasticbeanstalk/xray/environment.conf",
        r#"{"deployment_id":32,"version_label":"v5","environment_name":"scorekeep"}"#,
    );
    let endpoint = service.start(&[TOKEN, ("GET /latest/dynamic/instance-identity/document", 200, IDENTITY)]);
    let world = world(&[("IMDS_ENDPOINT", &endpoint)], folder.path());
    let platform = world.resolve(world.guess());
    assert_eq!((platform.origin(), platform.beanstalk.unwrap().deployment_id), (Some("AWS::ElasticBeanstalk::Environment"), Some(32)));
    assert!(platform.ec2.is_some());
}

#[test]
fn lambda_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
        ("ECS_CONTAINER_METADATA_URI_V4", "http://127.0.0.1:1"),
    ];
    let world = world(&variables, folder.path());
    let platform = world.resolve(world.guess());
    assert_eq!((platform.origin(), &*platform.log_groups[0].name), (None, "/aws/lambda/f"));
    assert!(platform.ecs.is_none());
}
