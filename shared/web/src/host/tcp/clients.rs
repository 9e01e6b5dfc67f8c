//! How many connections each client has open.

use service::network;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The open connections, by the network that a client has to itself.
#[derive(Debug)]
pub(super) struct Clients {
    /// So many may one have; none where the other ends are proxies, which bring everybody's requests.
    most: Option<usize>,
    open: Mutex<HashMap<String, usize>>,
}

/// One connection of a client, counted until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    clients: Arc<Clients>,
    network: Option<String>,
}

impl Clients {
    pub(super) fn new(most: Option<usize>) -> Arc<Self> {
        let open = Mutex::default();
        Arc::new(Self { most, open })
    }

    /// Counts one more connection from `ip`.
    ///
    /// # Errors
    /// The client's network, if it has as many as it may.
    pub(super) fn seat(self: &Arc<Self>, ip: IpAddr) -> Result<Seat, String> {
        let clients = self.clone();
        let Some(most) = self.most else {
            let network = None;
            return Ok(Seat { clients, network });
        };
        let network = network(ip);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network.clone()).or_default();
        if *count >= most {
            return Err(network);
        }
        *count += 1;
        drop(open);
        let network = Some(network);
        Ok(Seat { clients, network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(network) = &self.network else {
            return;
        };
        let open = &self.clients.open;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                open.remove(network);
            }
        }
    }
}
