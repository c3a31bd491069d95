//! Shared by the fakes of vendors: they record each call, and reply from a script if there is one.

use std::{collections::VecDeque, io, time::Duration};

use bytes::Bytes;
use http::{Method, Request};

use super::Shared;
use crate::server::{FakeReply, Server};

/// How one vendor behaves.
pub trait FakeVendor: Default + Send + 'static {
    /// One call, as it is recorded.
    type Call: Clone + Send + Sync;

    /// Reads a call.
    fn read(request: &Request<Bytes>) -> Self::Call;

    /// Asks others what the reply to a call depends on.
    fn inquire(_call: &mut Self::Call) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Performs a call, the `count`-th, and gives the normal reply.
    fn answer(&mut self, call: &Self::Call, count: usize) -> FakeReply;

    /// The reply to an unknown API key.
    fn invalid_key() -> FakeReply;

    /// The reply to every call while it rejects; `None` for the normal reply.
    fn rejection() -> Option<FakeReply>;

    /// Starts or stops rejecting.
    fn set_rejecting(&mut self, _is_rejecting: bool) {}

    /// Takes a connection for as long as a call lasts; the reply where none is free.
    fn connect(&mut self, _lasts: Duration) -> Option<FakeReply> {
        None
    }
}

struct State<V: FakeVendor> {
    vendor: V,
    received: Vec<V::Call>,
    count: usize,
    script: VecDeque<Scripted>,
    faults: Option<Faults<V>>,
    standing: Option<FakeReply>,
    delay: Option<Duration>,
    is_response_lost: bool,
}

/// A reply instead of the normal one.
pub struct Scripted {
    /// The reply.
    pub reply: FakeReply,
    /// Whether the vendor still performs the call.
    pub acts: bool,
}

/// Decides which calls get another reply than the normal one.
type Faults<V> = Box<dyn FnMut(&<V as FakeVendor>::Call) -> Option<Scripted> + Send>;

impl<V: FakeVendor> Default for State<V> {
    fn default() -> Self {
        Self {
            vendor: V::default(),
            received: Vec::new(),
            count: 0,
            script: VecDeque::new(),
            faults: None,
            standing: None,
            delay: None,
            is_response_lost: false,
        }
    }
}

/// A running fake of a vendor.
pub struct VendorServer<V: FakeVendor> {
    state: Shared<State<V>>,
    server: Server,
}

impl<V: FakeVendor> VendorServer<V> {
    /// Starts it.
    pub(super) async fn serve(port: u16, vendor: V) -> io::Result<Self> {
        let state = Shared::<State<V>>::default();
        state.lock().vendor = vendor;
        let shared = state.clone();
        let server = Server::start(port, move |request| {
            let shared = shared.clone();
            async move {
                if request.method() == Method::HEAD {
                    // Somebody connects in advance.
                    return FakeReply::text(404, "text/plain", "");
                }
                let mut call = V::read(&request);
                V::inquire(&mut call).await;
                receive(&mut shared.lock(), &call)
            }
        });
        Ok(Self { state, server: server.await? })
    }

    /// The URL of its root.
    pub(super) fn root(&self) -> String {
        self.server.url()
    }

    /// Reads or changes its behaviour.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut V) -> T) -> T {
        work(&mut self.state.lock().vendor)
    }

    /// Gives the next call this reply instead of the normal one. Replies queue up.
    pub fn reply_next(&self, reply: FakeReply) {
        self.state.lock().script.push_back(Scripted { reply, acts: false });
    }

    /// The same, but the next call is performed: only its reply is lost.
    pub fn act_and_reply_next(&self, reply: FakeReply) {
        self.state.lock().script.push_back(Scripted { reply, acts: true });
    }

    /// Calls this for each call without a queued reply, to decide whether it gets another reply.
    pub fn set_faults(&self, faults: impl FnMut(&V::Call) -> Option<Scripted> + Send + 'static) {
        self.state.lock().faults = Some(Box::new(faults));
    }

    /// Gives every call this reply from now on instead of the normal one; `None` ends that.
    pub fn reply_always(&self, reply: Option<FakeReply>) {
        self.state.lock().standing = reply;
    }

    /// Delays normal replies from now on; `None` ends that.
    pub fn set_delay(&self, delay: Option<Duration>) {
        self.state.lock().delay = delay;
    }

    /// Starts or stops closing connections instead of a normal reply.
    pub(super) fn set_response_lost(&self, is_lost: bool) {
        self.state.lock().is_response_lost = is_lost;
    }

    /// Starts or stops resetting new connections before a request is read.
    pub fn set_resetting(&self, resetting: bool) {
        self.server.set_resetting(resetting);
    }

    /// All calls since the last time this was called, rejected ones included.
    pub fn take_received(&self) -> Vec<V::Call> {
        std::mem::take(&mut self.state.lock().received)
    }
}

fn receive<V: FakeVendor>(state: &mut State<V>, call: &V::Call) -> FakeReply {
    state.received.push(call.clone());
    state.count += 1;
    let scripted = state.script.pop_front();
    let scripted = scripted.or_else(|| state.faults.as_mut()?(call));
    let lasts = scripted.as_ref().map_or(state.delay.unwrap_or_default(), |one| one.reply.lasts());
    if let Some(refusal) = state.vendor.connect(lasts) {
        return refusal;
    }
    if let Some(Scripted { reply, acts: false }) = scripted {
        return reply;
    }
    if let (None, Some(standing)) = (&scripted, &state.standing) {
        return standing.clone();
    }
    let honest = state.vendor.answer(call, state.count);
    let honest = if state.is_response_lost { FakeReply::HangUp } else { honest };
    let reply = scripted.map_or(honest, |scripted| scripted.reply);
    match state.delay {
        Some(delay) => FakeReply::After(delay, Box::new(reply)),
        None => reply,
    }
}
