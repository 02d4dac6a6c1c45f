//! What the server tells the client unasked: folders' states, progress, messages.
//!
//! The manager tells of events on whatever thread they happen; here they are gathered, and one thread hands them on, at
//! most so often, and only to a client that reads: while it has fallen behind, of each folder and file no more is kept than
//! how it was before and how it is now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tower_lsp::gen_lsp_types::MessageType;

use super::convert;
use super::diagnostics;
use super::progress::Progress;
use super::refresh;
use super::session::Session;
use crate::workspace::manager::{Event, Observer, Severity, Transition};
use crate::workspace::slot::Lifecycle;
use crate::workspace::status::Status;
use crate::workspace::sync::Mutex;

/// Least time between two announcements.
const INTERVAL: Duration = Duration::from_millis(50);
/// Most messages that wait; what comes on top of them is in the log.
const MESSAGES_MAX: usize = 20;

/// Where events are gathered.
#[derive(Default)]
pub struct Announcer {
    gathered: Mutex<Gathered>,
    something: Notify,
}

#[derive(Default)]
struct Gathered {
    inbox: Inbox,
    /// Folders that are being built by what has been told of them.
    building: BTreeSet<PathBuf>,
}

#[derive(Default)]
struct Inbox {
    /// The first and the last state of each folder since the last announcement.
    transitions: BTreeMap<PathBuf, Transition>,
    /// Folders that were closed and opened again since then.
    reopened: BTreeSet<PathBuf>,
    /// How far builds are that have not come to their end since.
    progress: BTreeMap<PathBuf, (usize, usize)>,
    messages: Vec<(Severity, String)>,
    /// What is known of some folder's dependencies is another.
    dependencies: bool,
    /// Memory may have come back.
    room: bool,
}

impl Observer for Announcer {
    fn event(&self, event: Event) {
        let mut gathered = self.gathered.lock();
        let Gathered { inbox, building } = &mut *gathered;
        let Inbox { transitions, reopened, progress, messages, dependencies, room } = inbox;
        match event {
            Event::Folder(transition) => {
                if transition.is_building() {
                    building.insert(transition.folder.clone());
                } else {
                    building.remove(&transition.folder);
                    progress.remove(&transition.folder);
                }
                match transitions.get_mut(&transition.folder) {
                    Some(earlier) => {
                        // One that has been opened again since is another folder.
                        let from = if earlier.closed { transition.from } else { earlier.from };
                        if earlier.closed && !transition.closed {
                            reopened.insert(transition.folder.clone());
                        }
                        *earlier = Transition { from, ..transition };
                    }
                    None => {
                        transitions.insert(transition.folder.clone(), transition);
                    }
                }
            }
            // One that counts no more may go on for a moment; nobody would end the bar that it had.
            Event::Progress { folder, done, total } => {
                if building.contains(&folder) {
                    progress.insert(folder, (done, total));
                }
            }
            Event::Dependencies(_) => *dependencies = true,
            Event::Room => *room = true,
            Event::Message(severity, text) => {
                if messages.len() < MESSAGES_MAX {
                    messages.push((severity, text));
                }
            }
        }
        drop(gathered);
        self.something.notify_one();
    }
}

impl Announcer {
    /// Something else is to be told once the client reads.
    pub fn stir(&self) {
        self.something.notify_one();
    }
}

/// Hands on what is gathered, from now until the process ends.
pub fn start(session: &Arc<Session>) {
    let (session, runtime) = (Arc::clone(session), session.runtime.clone());
    // A thread of its own: what is told is looked up and written as JSON here, which takes its time.
    let spawned =
        thread::Builder::new().name("announcer".to_owned()).spawn(move || runtime.block_on(run(session)));
    if let Err(error) = spawned {
        tracing::error!("nothing will be told unasked: {error}");
    }
}

async fn run(session: Arc<Session>) {
    let mut progress = Progress::new(&session);
    let mut told_health = None;
    if let Ok(manager) = session.manager() {
        tell_health(&session, &manager.status(), &mut told_health);
    }
    loop {
        session.client.caught_up().await;
        let inbox = std::mem::take(&mut session.announcer.gathered.lock().inbox);
        announce(&session, &inbox, &mut progress, &mut told_health);
        progress.settle();
        session.diagnostics.catch_up();
        tokio::time::sleep(INTERVAL).await;
        tokio::select! {
            () = session.announcer.something.notified() => {}
            () = progress.answered() => {}
        }
    }
}

fn announce(
    session: &Arc<Session>,
    inbox: &Inbox,
    progress: &mut Progress,
    told_health: &mut Option<convert::ServerStatus>,
) {
    let Ok(manager) = session.manager() else { return };
    for (severity, text) in &inbox.messages {
        session.show(message_type(*severity), format!("coppice: {text}"));
    }
    for folder in &inbox.reopened {
        refresh::folder_closed(session, folder);
    }
    for transition in inbox.transitions.values() {
        progress.transition(transition);
        refresh::folder_changed(session, transition);
        if let Some(message) = message_about(transition) {
            session.show(MessageType::Warning, message);
        }
    }
    for (folder, (done, total)) in &inbox.progress {
        progress.advanced(folder, *done, *total);
    }
    // A build that has come to an end has given back what it had reserved.
    if inbox.room || !inbox.transitions.is_empty() {
        diagnostics::memory_came_back(session);
    }
    if inbox.transitions.is_empty() && !inbox.dependencies {
        return;
    }
    let status = manager.status();
    for transition in inbox.transitions.values() {
        let folder = status.folders.iter().find(|f| f.path == transition.folder);
        diagnostics::folder_changed(session, &transition.folder, folder);
    }
    tell_health(session, &status, told_health);
    session.client.tell_custom("coppice/statusChanged", &convert::status(status));
}

/// Tells clients that want it how the server is, if that is not what they know.
fn tell_health(session: &Session, status: &Status, told: &mut Option<convert::ServerStatus>) {
    let health = convert::health(status);
    if session.features().is_ok_and(|f| f.server_status) && told.as_ref() != Some(&health) {
        session.client.tell_custom("experimental/serverStatus", &health);
        *told = Some(health);
    }
}

/// A folder that stops being well is worth a word; the rest is in the status and the diagnostics.
fn message_about(transition: &Transition) -> Option<String> {
    let (from, to) = (transition.from, transition.to);
    let fell_ill = to.lifecycle == Lifecycle::Failed && from.lifecycle != Lifecycle::Failed;
    if transition.closed || !fell_ill {
        return None;
    }
    let folder = transition.folder.display();
    let why = transition.error.as_deref().unwrap_or("no reason was given");
    Some(match to.stale {
        true => format!("coppice: {folder} cannot be read again, answers are from before: {why}"),
        false => format!("coppice: {folder} cannot be read: {why}"),
    })
}

fn message_type(severity: Severity) -> MessageType {
    match severity {
        Severity::Info => MessageType::Info,
        Severity::Warning => MessageType::Warning,
        Severity::Error => MessageType::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::manager::State;

    fn state(lifecycle: Lifecycle, stale: bool) -> State {
        State { lifecycle, stale, generation: 1, contents: 1 }
    }

    fn transition(from: State, to: State) -> Transition {
        Transition { folder: "/a".into(), from, to, error: Some("no disk".into()), closed: false }
    }

    #[test]
    fn transitions_between_two_announcements_are_one() {
        let announcer = Announcer::default();
        let (loading, loaded) = (state(Lifecycle::Loading, false), state(Lifecycle::Loaded, false));
        let failed = state(Lifecycle::Failed, false);
        announcer.event(Event::Folder(transition(loading, loaded)));
        announcer.event(Event::Folder(transition(loaded, failed)));
        let inbox = &announcer.gathered.lock().inbox;
        assert_eq!(inbox.transitions.values().collect::<Vec<_>>(), [&transition(loading, failed)]);
    }

    #[test]
    fn only_a_folder_that_falls_ill_is_worth_a_message() {
        let (loading, loaded) = (state(Lifecycle::Loading, false), state(Lifecycle::Loaded, false));
        let (failed, stale) = (state(Lifecycle::Failed, false), state(Lifecycle::Failed, true));
        assert_eq!(message_about(&transition(loading, loaded)), None);
        assert_eq!(message_about(&transition(failed, failed)), None);
        assert!(message_about(&transition(loading, failed)).unwrap().contains("no disk"));
        assert!(message_about(&transition(loaded, stale)).unwrap().contains("from before"));
    }

    #[test]
    fn a_build_that_has_ended_comes_no_further() {
        let (loading, failed) = (state(Lifecycle::Loading, false), state(Lifecycle::Failed, false));
        let none = state(Lifecycle::Unloaded, false);
        let announcer = Announcer::default();
        let comes = |done| {
            announcer.event(Event::Progress { folder: "/a".into(), done, total: 400 });
            announcer.gathered.lock().inbox.progress.values().copied().collect::<Vec<_>>()
        };
        let turns = |transition| announcer.event(Event::Folder(transition));
        assert_eq!(comes(1), [], "nobody has told that it is there");
        turns(transition(none, loading));
        assert_eq!(comes(120), [(120, 400)]);
        turns(transition(loading, failed));
        assert_eq!(announcer.gathered.lock().inbox.progress, BTreeMap::new());
        assert_eq!(comes(130), []);
        drop(std::mem::take(&mut announcer.gathered.lock().inbox));
        assert_eq!(comes(140), [], "however late");
        turns(transition(failed, loading));
        assert_eq!(comes(2), [(2, 400)]);
        turns(Transition { closed: true, ..transition(loading, none) });
        assert_eq!(comes(3), []);
    }

    #[test]
    fn a_folder_that_is_opened_again_is_another_one() {
        let (gone, there) = (state(Lifecycle::Unloaded, false), state(Lifecycle::Loaded, false));
        let none = State { generation: 0, contents: 0, ..gone };
        let announcer = Announcer::default();
        let closing = Transition { closed: true, ..transition(there, gone) };
        for event in [closing, transition(none, none), transition(none, there)] {
            announcer.event(Event::Folder(event));
        }
        let inbox = &announcer.gathered.lock().inbox;
        assert_eq!(inbox.transitions.values().map(|t| (t.from, t.to)).collect::<Vec<_>>(), [(none, there)]);
        assert!(inbox.reopened.contains(std::path::Path::new("/a")));
    }
}
