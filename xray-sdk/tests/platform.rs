//! What segments say of where they were made.

#![allow(clippy::unwrap_used, reason = "tests")]

use telemetry_wire::{Aws, Document};
use xray_sdk::testing::with_recorder;
use xray_sdk::{Builder, Segment, World};

/// Records until the segment says where it was made; the answer comes from a thread.
fn recorded(configure: impl Fn(Builder) -> Builder) -> Document {
    let (documents, _, ()) = with_recorder(configure, || {
        for _ in 0..200 {
            drop(Segment::begin("shop"));
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    });
    documents.last().unwrap().clone()
}

fn beanstalk() -> (tempfile::TempDir, World) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("var/elasticbeanstalk/xray/environment.conf");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, r#"{"deployment_id":32,"version_label":"v5","environment_name":"shop-prod"}"#).unwrap();
    let world = World::new(|_| None, folder.path());
    (folder, world)
}

#[test]
fn a_segment_says_where_it_was_made() {
    let (_folder, world) = beanstalk();
    let document = recorded(|builder| builder.platform(Some(world.clone())));
    assert_eq!(document.origin.as_deref(), Some("AWS::ElasticBeanstalk::Environment"));
    let aws = document.aws.unwrap();
    assert_eq!(aws.elastic_beanstalk.unwrap().environment_name.as_deref(), Some("shop-prod"));
    assert!(aws.xray.is_some());
}

#[test]
fn what_the_application_says_stays() {
    let (_folder, world) = beanstalk();
    let document =
        recorded(|builder| builder.platform(Some(world.clone())).origin("MyOwn", Aws { account_id: Some("1".into()), ..Aws::default() }));
    assert_eq!(document.origin.as_deref(), Some("MyOwn"));
    let aws = document.aws.unwrap();
    assert_eq!((aws.account_id.as_deref(), aws.elastic_beanstalk.is_some()), (Some("1"), true));
}
