//! Where a channel delivers its messages, and what happens when nobody is there any more.

use actix::{Message, Recipient};
use tokio::sync::watch;

/// The actor to which a channel delivers.
///
/// Made of a `Recipient`, the channel ends when that actor is gone, and its senders are told. One that
/// is [replaceable](Target::replaceable) makes the channel wait for the next actor instead.
///
/// In both cases an actor that its [`Supervisor`](actix::Supervisor) restarts is the same actor: the
/// channel loses nothing but what was in its hands.
pub struct Target<M: Message + Send>
where
    M::Result: Send,
{
    recipient: Recipient<M>,
    next: Option<watch::Receiver<Option<Recipient<M>>>>,
}

/// Puts another actor in the place of one that is gone; see [`Target::replaceable`].
pub struct Replacements<M: Message + Send>
where
    M::Result: Send,
{
    next: watch::Sender<Option<Recipient<M>>>,
}

impl<M: Message + Send> Target<M>
where
    M::Result: Send,
{
    /// A target for which there may be another one. While its actor is gone, the channel waits and its
    /// senders with it, until [`Replacements::replace`] names the next one or the replacements are
    /// dropped.
    #[must_use]
    pub fn replaceable(recipient: Recipient<M>) -> (Target<M>, Replacements<M>) {
        let (sender, receiver) = watch::channel(None);
        (Target { recipient, next: Some(receiver) }, Replacements { next: sender })
    }

    pub(crate) fn recipient(&self) -> &Recipient<M> {
        &self.recipient
    }

    /// The actor is gone: waits for the next one. `false`: there is none.
    pub(crate) async fn wait_for_next(&mut self) -> bool {
        let Some(next) = &mut self.next else { return false };
        loop {
            let named = next.borrow_and_update().clone();
            if let Some(recipient) = named.filter(Recipient::connected) {
                self.recipient = recipient;
                return true;
            }
            if next.changed().await.is_err() {
                return false;
            }
        }
    }
}

impl<M: Message + Send> Replacements<M>
where
    M::Result: Send,
{
    /// From when the present actor is gone, the channel delivers to this one.
    pub fn replace(&self, recipient: Recipient<M>) {
        self.next.send_replace(Some(recipient));
    }
}

impl<M: Message + Send> From<Recipient<M>> for Target<M>
where
    M::Result: Send,
{
    fn from(recipient: Recipient<M>) -> Target<M> {
        Target { recipient, next: None }
    }
}

impl<M: Message + Send> std::fmt::Debug for Target<M>
where
    M::Result: Send,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("is_replaceable", &self.next.is_some())
            .finish_non_exhaustive()
    }
}

impl<M: Message + Send> std::fmt::Debug for Replacements<M>
where
    M::Result: Send,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replacements")
    }
}
