//! The socket: nobody listening, somebody who comes late.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::UdpSocket;

use xray_sdk::{DaemonAddress, Emitter, UdpEmitter};

#[test]
fn refusals_are_errors_and_the_first_datagram_after_the_agents_start_arrives() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = agent.local_addr().unwrap();
    drop(agent);
    let emitter = UdpEmitter::connect(&DaemonAddress::parse(&address.to_string()).unwrap()).unwrap();
    let errors = (0..100).filter(|_| emitter.emit(b"lost").is_err()).count();
    assert!(errors >= 90, "nearly every datagram is known to be lost: {errors}");
    let agent = UdpSocket::bind(address).unwrap();
    let first = emitter.emit(b"first");
    assert!(first.is_err(), "the error stands for the datagram before");
    let mut buffer = [0; 16];
    let length = agent.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"first");
    assert!(emitter.emit(b"second").is_ok());
}

#[test]
fn ipv6_addresses_and_host_names_are_taken() {
    for address in ["[::1]:2000", "localhost:2000", "tcp:127.0.0.1:1 udp:localhost:2"] {
        let address = DaemonAddress::parse(address).unwrap();
        let is_ipv6_here = UdpSocket::bind("[::1]:0").is_ok();
        assert!(UdpEmitter::connect(&address).is_ok() || !is_ipv6_here, "{address:?}");
    }
}
