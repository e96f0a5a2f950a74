//! The states and transitions of the model of transactions.
//!
//! As in the model of documents, a response is received at the moment at which the request is executed. A commit whose
//! response is lost may be executed later, and then takes time, in which its coordinator calls it committed.

use std::sync::Arc;
use std::time::Duration;

use arango::Limits;
use stateright::{Model, Property};

use crate::closure::message::{Id, Known, Refusal, Request, Response, Transactions};
use crate::closure::program::{End, Program};
use crate::closure::reachable::Reachable;
use crate::closure::server::{Finish, Parts, Phase, Server, Stopped};
use crate::closure::{facts::Facts, properties};
use crate::message::Reply;
use crate::replay::{Replays, Step};
use crate::visit::Clients;

/// How long an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);

/// What may happen to the programs of a family.
#[derive(Clone)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) programs: Vec<Program>,
    pub(crate) faults: u8,
    /// How many transactions may have begun when a fault happens.
    pub(crate) transactions: usize,
    /// The faults that a request may meet.
    pub(crate) faults_of: fn(Request) -> &'static [Fault],
    /// Whether a coordinator may end and not come back.
    pub(crate) may_stop: bool,
    pub(crate) reachable: Vec<Reachable>,
}

/// A program, three coordinators, and the DB-Servers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The index of the program.
    pub(crate) program: usize,
    pub(crate) call: Call,
    pub(crate) server: Server,
    /// Requests that the client does not wait for any more, with their coordinators, sorted.
    pub(crate) late: Vec<(usize, Request)>,
    /// How many faults may follow.
    pub(crate) faults_left: u8,
    pub(crate) facts: Facts,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// It waits for a response to its next attempt, after the earlier ones have met the replies of the script.
    Waits {
        script: Vec<Reply<Response>>,
        coordinator: usize,
        request: Request,
        at: Duration,
    },
    Ended(End),
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The request of the client is executed, and its response arrives.
    Respond,
    /// The request of the client meets a fault.
    Fail(Fault),
    /// A late copy is executed.
    Late(usize),
    /// A commit that takes time ends.
    Finish(Id, Finish),
    /// DB-Servers end a transaction that has lost its coordinator.
    Decide(Id, Parts),
    /// The owner of a transaction aborts it, because it was not used, or because another program wants that.
    Expire(Id),
    /// A coordinator ends, and stays a server of the cluster, or does not.
    Stop(Stopped),
    /// A coordinator is restarted.
    Restart(usize),
}

/// A fault of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection breaks. The request may be executed later.
    ConnectionLost,
    /// No response arrives in time. The request may be executed later.
    Silence,
    /// The request is executed, and the response breaks off.
    CutOff,
    /// The coordinator loses the DB-Server. The request may be executed later.
    DbServerLost,
    /// The commit fails.
    Failed,
    /// Another request of the transaction is executed.
    Busy,
    /// Another write is in the way.
    Conflict,
}

/// The model of a family of programs.
pub(crate) struct LostCommits {
    pub(crate) family: Family,
    pub(crate) replays: Arc<Replays<Transactions, End>>,
}

impl LostCommits {
    pub(crate) fn new(family: Family) -> Self {
        let calls = family.programs.iter().map(|program| (program.name, program.run.clone())).collect();
        let replays = Arc::new(Replays::new(calls, Limits::default().attempt(ATTEMPT)));
        Self { family, replays }
    }

    pub(crate) fn program(&self, state: &State) -> &Program {
        &self.family.programs[state.program]
    }

    /// Returns the state of a program after its attempts have met these replies.
    fn call(&self, program: usize, script: Vec<Reply<Response>>) -> Call {
        match self.replays.step(program, &script) {
            Step::Sends { coordinator, request, at } => Call::Waits { script, coordinator, request, at },
            Step::Ends(end) => Call::Ended(end),
        }
    }

    /// Lets the attempt of the client meet a reply.
    fn reply(&self, state: &mut State, reply: Reply<Response>) {
        let Call::Waits { script, .. } = &mut state.call else { return };
        let mut script = std::mem::take(script);
        script.push(reply);
        state.call = self.call(state.program, script);
        if let Call::Ended(end) = state.call {
            state.facts.record_end(end, &state.server);
        }
    }

    fn fail(&self, state: &mut State, fault: Fault) -> Option<()> {
        let Call::Waits { coordinator, request, at, .. } = state.call else { return None };
        state.facts.was_lost |= matches!(request, Request::Commit(_));
        let refused = |refusal| Reply::Response(Response::Refused(refusal));
        let reply = match (fault, request) {
            (Fault::ConnectionLost, _) => Reply::ConnectionLost,
            (Fault::Silence, _) => Reply::Silence,
            (Fault::CutOff, _) => {
                let response = state.server.execute(coordinator, request);
                response.is_success().then_some(Reply::CutOff(response))?
            }
            (Fault::DbServerLost, Request::Commit(id)) => {
                Self::begin_commit(state, id, at)?;
                state.server.finish(id, Finish::DbServerLost, at);
                refused(Refusal::DbServerLost)
            }
            (Fault::DbServerLost, _) => refused(Refusal::DbServerLost),
            (Fault::Failed, Request::Commit(id)) => {
                Self::begin_commit(state, id, at)?;
                state.server.finish(id, Finish::Failed, at);
                refused(Refusal::Failed)
            }
            (Fault::Failed, _) => return None,
            (Fault::Busy, _) => refused(Refusal::Busy),
            (Fault::Conflict, _) => refused(Refusal::Conflict),
        };
        let is_left = match fault {
            Fault::ConnectionLost | Fault::Silence => true,
            Fault::DbServerLost => !matches!(request, Request::Commit(_)),
            _ => false,
        };
        let has_effect = !matches!(request, Request::Begin | Request::GetState(_) | Request::ReadProof(_));
        if is_left && has_effect {
            state.late.push((coordinator, request));
            state.late.sort_unstable();
        }
        self.reply(state, reply);
        Some(())
    }

    /// Begins the commit of an open transaction.
    fn begin_commit(state: &mut State, id: Id, now: Duration) -> Option<()> {
        let is_open = state.server.transaction(id).known == Known::Running && state.server.is_owner_alive(id);
        is_open.then(|| state.server.begin_commit(id, now))
    }

    /// Executes a copy of a request that arrives late.
    fn execute_late(state: &mut State, coordinator: usize, request: Request, now: Duration) {
        if let Request::Commit(id) = request {
            if Self::begin_commit(state, id, now).is_some() {
                return;
            }
            state.facts.was_late_and_refused = true;
        }
        state.server.execute(coordinator, request);
    }

    /// Adds what may happen to the client next.
    fn client_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Call::Waits { coordinator, request, .. } = state.call else { return };
        let numbered = || (1..).zip(&state.server.transactions);
        actions.push(Action::Respond);
        if state.faults_left == 0 || state.server.transactions.len() > self.family.transactions {
            return;
        }
        let is_stopped = |coordinator| state.server.stopped.is_some_and(|one| one.coordinator == coordinator);
        if !is_stopped(coordinator) {
            actions.extend((self.family.faults_of)(request).iter().map(|fault| Action::Fail(*fault)));
        }
        // Elsewhere the end of a coordinator changes nothing that the client sees before its next request.
        if matches!(request, Request::Begin | Request::ReadProof(_)) {
            return;
        }
        let mut owners: Vec<usize> = numbered()
            .map(|(_, one)| one)
            .filter(|one| one.phase != Phase::Ended(0) && one.known != Known::Nothing)
            .map(|one| one.owner)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners.retain(|owner| !is_stopped(*owner));
        for coordinator in owners {
            actions.push(Action::Restart(coordinator));
            if self.family.may_stop && state.server.stopped.is_none() {
                actions.extend(
                    [false, true].map(|is_removed| Action::Stop(Stopped { coordinator, is_removed })),
                );
            }
        }
        let is_open = |transaction: &&crate::closure::server::Transaction| {
            transaction.known == Known::Running && transaction.phase == Phase::Open
        };
        actions.extend(numbered().filter(|(_, one)| is_open(one)).map(|(id, _)| Action::Expire(id)));
    }

    /// Ends or restarts a coordinator, with the requests that it has received.
    fn forget(&self, state: &mut State, coordinator: usize, reply: Reply<Response>) {
        let (is_waited_for, now) = match state.call {
            Call::Waits { coordinator: at, at: now, .. } => (at == coordinator, now),
            Call::Ended(_) => (false, Duration::ZERO),
        };
        state.server.forget(coordinator, now);
        state.late.retain(|(at, _)| *at != coordinator);
        if is_waited_for {
            self.reply(state, reply);
        }
    }
}

impl Clients for LostCommits {
    fn family(&self) -> &'static str {
        self.family.name
    }

    fn runs(&self) -> usize {
        self.replays.count()
    }
}

impl Model for LostCommits {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let programs = self.family.programs.iter().enumerate();
        programs
            .map(|(index, program)| State {
                program: index,
                call: self.call(index, Vec::new()),
                server: Server::new(program.leaders),
                late: Vec::new(),
                faults_left: self.family.faults,
                facts: Facts::default(),
            })
            .collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let numbered = || (1..).zip(&state.server.transactions);
        if let Call::Waits { request, .. } = state.call
            && !is_observer(request)
        {
            // What happens at the server can as well happen after it.
            return self.client_actions(state, actions);
        }
        let all_parts = |parts: Parts| (0..=parts).filter(move |some| some & !parts == 0);
        for (id, transaction) in numbered() {
            match transaction.phase {
                Phase::Committing { .. } => {
                    actions.push(Action::Finish(id, Finish::Committed));
                    if state.faults_left > 0 {
                        actions.push(Action::Finish(id, Finish::Failed));
                        actions.push(Action::Finish(id, Finish::DbServerLost));
                        let some = all_parts(state.server.leaders)
                            .filter(|parts| *parts != 0 && *parts != state.server.leaders);
                        actions.extend(some.map(|parts| Action::Finish(id, Finish::InPart(parts))));
                    }
                }
                Phase::InDoubt { may_commit: false, .. } => actions.push(Action::Decide(id, 0)),
                Phase::InDoubt { may_commit: true, .. } => {
                    actions.extend(all_parts(state.server.leaders).map(|parts| Action::Decide(id, parts)));
                }
                Phase::Open | Phase::Ended(_) => {}
            }
        }
        actions.extend((0..state.late.len()).map(Action::Late));
        match state.call {
            // The client waits for longer than the servers do.
            Call::Waits { at, .. } if state.server.has_overdue(at) => {
                actions.retain(|action| matches!(action, Action::Decide(..) | Action::Finish(..)));
            }
            _ => self.client_actions(state, actions),
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let now = match state.call {
            Call::Waits { at, .. } => at,
            Call::Ended(_) => Duration::ZERO,
        };
        match action {
            Action::Respond => {
                let Call::Waits { coordinator, request, .. } = state.call else { return None };
                let is_stopped = state.server.stopped.is_some_and(|one| one.coordinator == coordinator);
                let reply = if is_stopped {
                    Reply::Stopped(coordinator)
                } else {
                    let response = state.server.execute(coordinator, request);
                    state.facts.record(request, response);
                    Reply::Response(response)
                };
                self.reply(&mut state, reply);
            }
            Action::Fail(fault) => {
                state.faults_left -= 1;
                self.fail(&mut state, fault)?;
            }
            Action::Late(index) => {
                let (coordinator, request) = state.late.remove(index);
                Self::execute_late(&mut state, coordinator, request, now);
            }
            Action::Finish(id, finish) => {
                state.faults_left -= u8::from(finish != Finish::Committed);
                state.server.finish(id, finish, now);
            }
            Action::Decide(id, parts) => state.server.end(id, parts),
            Action::Expire(id) => {
                state.faults_left -= 1;
                state
                    .server
                    .execute(state.server.transactions[usize::from(id) - 1].owner, Request::Abort(id));
            }
            Action::Stop(stopped) => {
                state.faults_left -= 1;
                state.server.stopped = Some(stopped);
                self.forget(&mut state, stopped.coordinator, Reply::Stopped(stopped.coordinator));
            }
            Action::Restart(coordinator) => {
                state.faults_left -= 1;
                self.forget(&mut state, coordinator, Reply::ConnectionLost);
            }
        }
        state.facts.record_server(&state.server);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = properties::always();
        all.extend(self.family.reachable.iter().map(|reachable| reachable.property()));
        all
    }
}

/// Returns whether the response to a request depends on what happens to other transactions.
fn is_observer(request: Request) -> bool {
    !matches!(request, Request::Begin | Request::StoreValue { .. } | Request::Abort(_))
}

/// Returns all faults that a request may meet.
pub(crate) fn all_faults(request: Request) -> &'static [Fault] {
    use Fault::{Busy, Conflict, ConnectionLost, CutOff, DbServerLost, Failed, Silence};
    match request {
        Request::Begin => &[ConnectionLost],
        Request::InsertProof { .. } | Request::Write { .. } => &[ConnectionLost, DbServerLost, Conflict],
        Request::StoreValue { .. } | Request::ReadProof(_) => &[ConnectionLost],
        Request::Commit(_) => &[ConnectionLost, Silence, CutOff, DbServerLost, Failed, Busy],
        Request::GetState(_) => &[ConnectionLost, Silence],
        Request::Abort(_) => &[ConnectionLost, Busy],
    }
}

/// Returns the faults of ends of transactions.
pub(crate) fn faults_of_ends(request: Request) -> &'static [Fault] {
    match request {
        Request::Commit(_) => &[Fault::ConnectionLost, Fault::DbServerLost],
        Request::GetState(_) => &[Fault::ConnectionLost],
        _ => &[],
    }
}
