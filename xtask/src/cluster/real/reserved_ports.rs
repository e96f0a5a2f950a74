//! Ports that no other program gets while a cluster exists.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Socket, Type};

/// Sockets that are bound to ports on loopback and do not listen.
///
/// On Linux they keep the ports from everyone who asks for a free one, also while a server is killed; and the server
/// can still listen, since both allow that an address is used again. Other systems do not let it: there the ports are
/// free again as soon as all have been chosen, and a server may find its port taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReservedPorts {
    sockets: Vec<Arc<Socket>>,
}

impl ReservedPorts {
    /// Reserves a port and returns it; 0 stands for a free one.
    ///
    /// # Errors
    /// If it is in use.
    pub(crate) fn reserve(&mut self, port: u16) -> io::Result<u16> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        if cfg!(target_os = "linux") {
            self.sockets.push(Arc::new(socket));
        }
        Ok(address.port())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_can_listen_on_a_reserved_port_as_often_as_it_starts() {
        let mut ports = ReservedPorts::default();
        let port = ports.reserve(0).unwrap();

        for _ in 0..2 {
            drop(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
        }
    }

    #[test]
    fn every_port_is_reserved_once() {
        let mut ports = ReservedPorts::default();
        let mut reserved: Vec<_> = (0..50).map(|_| ports.reserve(0).unwrap()).collect();

        reserved.sort_unstable();
        reserved.dedup();

        assert_eq!(reserved.len(), 50);
    }

    #[test]
    fn a_port_on_which_a_program_listens_is_refused() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();

        let error = ReservedPorts::default().reserve(taken.local_addr().unwrap().port()).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
