//! The states and transitions of the model.
//!
//! A response is received at the moment at which the request is executed. That loses no interleaving: between the two,
//! the client does nothing, and what others do meanwhile can as well be done after it. A response that is lost after the
//! execution is the same as one that is lost before, with a copy that is executed next.

use std::collections::BTreeMap;
use std::sync::Arc;

use arango::Limits;
use stateright::{Model, Property};

use crate::document::{CHOSEN, Content, Document, Slot};
use crate::family::Family;
use crate::ledger::Ledger;
use crate::message::{Documents, IfExists, Refusal, Reply, Request, Response, Verb};
use crate::network::HOSTS;
use crate::properties;
use crate::replay::{Replays, Step};
use crate::server::Server;
use crate::tickets::Tickets;
use crate::visit::Clients;
use crate::writes::{End, FIRST_REVISION, Write};

/// The content that the third party writes.
const OF_THIRD_PARTY: u8 = 9;

/// Two clients, three coordinators, a third party, and the documents.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) clients: [Client; 2],
    pub(crate) ledgers: [Ledger; 2],
    pub(crate) server: Server,
    /// Requests whose clients do not wait for them any more, sorted.
    pub(crate) late: Vec<(usize, Request)>,
    pub(crate) stopped: Option<usize>,
    /// How many faults may follow.
    pub(crate) faults_left: u8,
    /// How many writes of the third party may follow.
    pub(crate) others_left: u8,
}

/// A client with its call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    /// The index of its write.
    pub(crate) write: usize,
    pub(crate) call: Call,
    /// Whether the coordinator has executed its request already, and repeats it to the DB-Server.
    pub(crate) is_repeating: bool,
}

impl Client {
    /// Returns the request that it waits for, and its coordinator.
    fn request(&self) -> Option<(usize, Request)> {
        match self.call {
            Call::Waits { coordinator, request, .. } => Some((coordinator, request)),
            Call::Ended(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// It waits for a response to its next attempt, after the earlier ones have met the replies of the script.
    Waits {
        script: Vec<Reply>,
        coordinator: usize,
        request: Request,
    },
    Ended(End),
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The request of a client is executed, and its response arrives.
    Respond(usize),
    /// The request of a client meets a fault.
    Fail(usize, Fault),
    /// The request of a client is executed, and the coordinator is going to repeat it to the DB-Server.
    Repeat(usize),
    /// A late copy is executed.
    Late(usize),
    /// A coordinator ends.
    Stop(usize),
    /// The third party writes.
    Other(Other, Slot),
}

/// A fault of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection breaks. The request may be executed later.
    ConnectionLost,
    /// No response arrives in time. The request may be executed later.
    Silence,
    /// The coordinator loses the DB-Server. The request may be executed later.
    DbServerLost,
    /// The DB-Server does not respond to the coordinator in time. The request may be executed later.
    DbServerTimeout,
    /// The request is executed, and the response breaks off.
    CutOff,
    /// The coordinator refuses the request.
    QueueFull,
    /// Another write is in the way.
    Conflict,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] = [
        Self::ConnectionLost,
        Self::Silence,
        Self::DbServerLost,
        Self::DbServerTimeout,
        Self::CutOff,
        Self::QueueFull,
        Self::Conflict,
    ];
}

/// What the third party does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Remove,
    Insert,
    /// Changes the text.
    Update,
    /// Replaces the document: its operation id is gone.
    Replace,
    /// As [`Replace`](Self::Replace), and its version is gone, too.
    ReplaceWithoutVersion,
}

/// The model of a family of writes.
pub(crate) struct LostWrites {
    pub(crate) family: Family,
    pub(crate) writes: Vec<Write>,
    pub(crate) replays: Arc<Replays<Documents, End>>,
    pub(crate) tickets: Tickets,
}

impl LostWrites {
    pub(crate) fn new(family: Family) -> Self {
        let writes: Vec<Write> = family.writes().cloned().collect();
        let calls = writes.iter().map(|write| (write.name, write.run.clone())).collect();
        let replays = Arc::new(Replays::new(calls, Limits::default()));
        Self { family, writes, replays, tickets: Tickets::default() }
    }

    /// Returns the state of a call after its attempts have met these replies.
    fn call(&self, write: usize, script: Vec<Reply>) -> Call {
        match self.replays.step(write, &script) {
            Step::Sends { coordinator, request, .. } => Call::Waits { script, coordinator, request },
            Step::Ends(end) => Call::Ended(end),
        }
    }

    /// Lets an attempt of a client meet a reply.
    fn reply(&self, state: &mut State, client: usize, reply: Reply) {
        let Client { write, call: Call::Waits { script, .. }, is_repeating } = &mut state.clients[client]
        else {
            return;
        };
        *is_repeating = false;
        let mut script = std::mem::take(script);
        script.push(reply);
        let call = self.call(*write, script);
        if let Call::Ended(end) = call {
            state.ledgers[client].record_end(&self.writes[*write], end, &state.server);
        }
        state.clients[client].call = call;
    }

    /// Executes a request, and records what it has done.
    fn execute(&self, state: &mut State, author: Option<usize>, request: &Request) -> Response {
        let execution = state.server.execute(request, author);
        for client in 0..state.clients.len() {
            let write = &self.writes[state.clients[client].write];
            if author != Some(client) {
                state.ledgers[client].record_other(write, &execution);
            } else if request.verb != Verb::Read {
                state.ledgers[client].record(write, request, &execution);
            }
        }
        execution.response
    }

    /// Leaves a copy of a request to be executed later.
    fn leave(state: &mut State, client: usize, request: Request) {
        state.ledgers[client].was_lost = true;
        if request.verb != Verb::Read {
            state.late.push((client, request));
            state.late.sort_unstable();
        }
    }

    fn fail(&self, state: &mut State, client: usize, request: Request, fault: Fault) -> Option<()> {
        let refused = |refusal| Reply::Response(Response::Refused(refusal));
        let reply = match fault {
            Fault::ConnectionLost => Reply::ConnectionLost,
            Fault::Silence => Reply::Silence,
            Fault::DbServerLost => refused(Refusal::DbServerLost),
            Fault::DbServerTimeout => refused(Refusal::DbServerTimeout),
            Fault::CutOff => {
                let response = self.execute(state, Some(client), &request);
                if !response.is_success() {
                    return None;
                }
                state.ledgers[client].was_lost = true;
                Reply::CutOff(response)
            }
            Fault::QueueFull => refused(Refusal::QueueFull),
            Fault::Conflict => refused(Refusal::Conflict),
        };
        state.ledgers[client].was_in_its_own_way |=
            fault == Fault::Conflict && state.clients[client].is_repeating;
        if !matches!(fault, Fault::CutOff | Fault::QueueFull | Fault::Conflict) {
            Self::leave(state, client, request);
        }
        self.reply(state, client, reply);
        Some(())
    }

    fn is_possible(state: &State, other: Other, slot: Slot) -> bool {
        let exists = state.server.documents.contains_key(&slot);
        exists != (other == Other::Insert)
    }
}

impl Clients for LostWrites {
    fn family(&self) -> &'static str {
        self.family.name
    }

    fn runs(&self) -> usize {
        self.replays.count()
    }
}

impl Model for LostWrites {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let content = Content { text: Some(0), edition: Some(1), count: Some(0), ..Content::default() };
        let document = Document { revision: FIRST_REVISION, content, created_by: None };
        let pairs = self.family.pairs.iter().enumerate();
        pairs
            .map(|(pair, _)| {
                let client = |index: usize| {
                    let write = 2 * pair + index;
                    Client { write, call: self.call(write, Vec::new()), is_repeating: false }
                };
                let documents = self.family.has_document.then_some((CHOSEN, document));
                State {
                    clients: [client(0), client(1)],
                    ledgers: [Ledger::default(); 2],
                    server: Server {
                        documents: documents.into_iter().collect::<BTreeMap<_, _>>(),
                        last_revision: FIRST_REVISION,
                    },
                    late: Vec::new(),
                    stopped: None,
                    faults_left: self.family.faults,
                    others_left: self.family.others,
                }
            })
            .collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let requests = [0, 1].map(|client| state.clients[client].request());
        for (client, request) in requests.iter().enumerate() {
            let Some((coordinator, request)) = request else { continue };
            actions.push(Action::Respond(client));
            if state.faults_left == 0 || state.stopped == Some(*coordinator) {
                continue;
            }
            if request.verb == Verb::Read {
                actions.push(Action::Fail(client, Fault::ConnectionLost));
                continue;
            }
            let is_repeating = state.clients[client].is_repeating;
            let kinds =
                self.family.fault_kinds.iter().filter(|fault| !is_repeating || **fault != Fault::QueueFull);
            actions.extend(kinds.map(|fault| Action::Fail(client, *fault)));
            // A key that the server makes is the same in all repetitions, which the model does not have.
            if request.slot.is_some() {
                actions.push(Action::Repeat(client));
            }
        }
        actions.extend((0..state.late.len()).map(Action::Late));
        if requests.iter().all(Option::is_none) && state.late.is_empty() {
            return;
        }
        if state.faults_left > 0 && state.stopped.is_none() {
            actions.extend((0..HOSTS.len()).map(Action::Stop));
        }
        if state.others_left > 0 {
            for other in &self.family.other_kinds {
                let slots = self.family.slots.iter().filter(|slot| Self::is_possible(state, *other, **slot));
                actions.extend(slots.map(|slot| Action::Other(*other, *slot)));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Respond(client) => {
                let (coordinator, request) = state.clients[client].request()?;
                let reply = if state.stopped == Some(coordinator) {
                    Reply::Stopped(coordinator)
                } else {
                    Reply::Response(self.execute(&mut state, Some(client), &request))
                };
                self.reply(&mut state, client, reply);
            }
            Action::Fail(client, fault) => {
                let (_, request) = state.clients[client].request()?;
                state.faults_left -= 1;
                self.fail(&mut state, client, request, fault)?;
            }
            Action::Repeat(client) => {
                let (_, request) = state.clients[client].request()?;
                state.faults_left -= 1;
                state.ledgers[client].was_repeated = true;
                state.clients[client].is_repeating = true;
                self.execute(&mut state, Some(client), &request).is_success().then_some(())?;
            }
            Action::Late(index) => {
                let (client, request) = state.late.remove(index);
                let response = self.execute(&mut state, Some(client), &request);
                state.ledgers[client].was_late_and_refused |= !response.is_success();
            }
            Action::Stop(coordinator) => {
                state.faults_left -= 1;
                state.stopped = Some(coordinator);
                for client in 0..state.clients.len() {
                    if let Some((at, request)) = state.clients[client].request()
                        && at == coordinator
                    {
                        self.fail(&mut state, client, request, Fault::ConnectionLost);
                    }
                }
            }
            Action::Other(other, slot) => {
                state.others_left -= 1;
                let request = other_request(other, slot, &state);
                self.execute(&mut state, None, &request);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = properties::always();
        all.extend(self.family.reachable.iter().map(|reachable| reachable.property()));
        all
    }
}

/// Returns the request with which the third party writes.
fn other_request(other: Other, slot: Slot, state: &State) -> Request {
    let stored = state.server.documents.get(&slot).map(|document| document.content).unwrap_or_default();
    let text = Some(OF_THIRD_PARTY);
    let (verb, content) = match other {
        Other::Remove => (Verb::Remove, Content::default()),
        Other::Insert => {
            (Verb::Insert(IfExists::Refuse), Content { text, count: Some(0), ..Content::default() })
        }
        Other::Update => (Verb::Update, Content { text, ..Content::default() }),
        Other::Replace => (Verb::Replace, Content { text, written_by: None, ..stored }),
        Other::ReplaceWithoutVersion => {
            (Verb::Replace, Content { text, written_by: None, edition: None, ..stored })
        }
    };
    Request { verb, slot: Some(slot), if_revision: None, checks_version: false, content }
}
