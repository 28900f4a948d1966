//! Every bound of netchan in one place: unit, default, reason, and what it costs at worst.
//!
//! Bounds that both sides must respect are stated in the handshake or when a channel is opened;
//! the others protect one side from the other, or from itself. `docs/operations.md` explains how
//! to choose them.

use std::time::Duration;

/// Longest channel name, in bytes of UTF-8. Names travel once per import.
pub const NAME_BYTES_MAX: usize = 255;

/// Values that a sending end of a channel holds against the description of their type before it encodes
/// them: the first ones, because a type that is written in another way than it is read mostly shows
/// it at once. A check takes some times as long as the encoding. After that nothing is checked.
pub const VALUES_CHECKED: u32 = 32;

/// Parts of one value that such a check looks at. A list of millions would hold up its channel, and mostly
/// has at its end what it has at its beginning.
pub const PARTS_CHECKED_MAX: usize = 65_536;

/// Longest codec name, in bytes.
pub const CODEC_BYTES_MAX: usize = 32;

/// Older types that a receiving end accepts beside its own, each with a conversion. A fleet that has so
/// many versions of one message at the same time has another problem.
pub const OLDER_TYPES_MAX: usize = 15;

/// Longest schema that travels with a refusal, in bytes. It is enough for some hundred structs; of a
/// longer one only the type's name is told. A peer that sends a longer one loses its link.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;

/// Bytes of frames that were sent and not acknowledged, beyond which a refusal goes without its schema.
/// A peer that asks for the wrong type again and again gets no more for it.
pub const SCHEMA_BACKLOG_BYTES_MAX: usize = REPLAY_BYTES_MAX / 2;

/// Refusals of one session of which the exporter waits for the importer's schema, to tell its program
/// where the types differ. Further ones are told without that.
pub const EXPECTED_SCHEMAS_MAX: usize = 64;

/// Longest explanation that travels with a refusal, a hangup or a goodbye, in bytes of UTF-8.
/// Longer ones are cut: they are for people, not for programs.
pub const TEXT_BYTES_MAX: usize = 512;

/// Longest credentials in a hello, in bytes. A certificate chain does not belong there.
pub const CREDENTIALS_BYTES_MAX: usize = 4 * 1024;

/// Longest body of any frame that is not data, in bytes.
pub const CONTROL_BODY_BYTES_MAX: usize = 1024;

/// Longest body of a handshake frame, in bytes, with room for what later versions add.
pub const HANDSHAKE_BODY_BYTES_MAX: usize = 16 * 1024;

/// Longest body of a data frame that we accept, in bytes. Large values travel in several frames.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// The smallest `frame_bytes_max` that a peer may ask for. Less would be mostly headers.
pub const FRAME_BYTES_MAX_FLOOR: usize = 1024;

/// What one channel may send before it is another channel's turn, in bytes.
///
/// Small enough that a thousand busy channels go round in some milliseconds, large enough that a
/// frame's header is a thousandth of what it carries.
pub const QUANTUM_BYTES: usize = 16 * 1024;

/// How much a session composes ahead of the socket, in bytes. What is composed can no longer be
/// overtaken by another channel, so more would be delay, and less would be more system calls.
pub const COMPOSED_BYTES_MAX: usize = 128 * 1024;

/// How much the operating system takes from a link before it has sent what it has, in bytes. What
/// it has taken can no longer be overtaken, and without this bound it takes megabytes. Linux only.
pub const UNSENT_BYTES_MAX: u32 = 128 * 1024;

/// Composed bytes that a peer may leave unread. Beside what a new link repeats, only answers to its
/// own requests can add up to so much, so a peer that asks and does not read loses its link.
pub const UNWRITTEN_BYTES_MAX: usize = REPLAY_BYTES_MAX + 16 * 1024 * 1024;

/// How much a link reads at once, in bytes.
pub const READ_BYTES: usize = 64 * 1024;

/// Values that are in flight or buffered on an import that asks for no other size.
pub const WINDOW_VALUES_DEFAULT: u32 = 256;

/// How far a window in values grows by itself. Covers 1 Gbit/s at 100 ms for values of 190 bytes. The values
/// take bytes of the window in bytes, so more would be no more memory, but more values that are late when
/// their receiver stalls.
pub const WINDOW_VALUES_GROWN_MAX: u32 = 64 * 1024;

/// How far a window in encoded bytes grows by itself. Covers 1 Gbit/s at 100 ms, as
/// [`REPLAY_BYTES_MAX`] does at the sender.
pub const WINDOW_BYTES_GROWN_MAX: u64 = 16 * 1024 * 1024;

/// Encoded bytes by which all windows of a session together may have grown: four channels that fill a
/// long way each. Worst memory of a session, beside what the windows were at first.
pub const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The largest window in values.
pub const WINDOW_VALUES_MAX: u32 = 1 << 24;

/// Encoded bytes that a receiver buffers per channel and importer. Worst memory of a stalled
/// session: this, times its channels, plus [`LARGE_VALUES_BYTES_MAX`].
pub const WINDOW_BYTES_DEFAULT: u64 = 1024 * 1024;

/// The smallest window in bytes: one quantum, so that a turn is never cut by the window alone.
pub const WINDOW_BYTES_MIN: u64 = QUANTUM_BYTES as u64;

/// The largest window in bytes.
pub const WINDOW_BYTES_MAX: u64 = 1 << 32;

/// Encoded bytes that wait in a sending channel for their turn. A sender waits beyond it, so a
/// sending channel holds this at worst, and one more value, and one for each permit and each sender
/// that sends at the same time.
pub const QUEUE_BYTES_DEFAULT: usize = 1024 * 1024;

/// Values that wait in an exported sending channel until an importer takes them.
pub const QUEUE_VALUES_DEFAULT: u32 = 256;

/// The longest encoded value, in bytes. The sender is told at once; a peer that announces a longer
/// one loses its link.
pub const VALUE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The deepest nesting of a value that is decoded under guard, which means of a recursive type, in
/// levels. A struct, a tuple, a newtype, an option, an enum with its content, a sequence and a map
/// are one level each, so a list of nodes with an optional next one may have half as many nodes.
///
/// What a level takes of the stack, measured without optimization: 1 to 2 kB for small types, 5 kB
/// for a struct with 20 fields of 656 bytes in all, and 10 kB for an enum with such fields: 1.3 MB
/// at this depth. Optimized, it is a quarter to two thirds. A thread has 2 MiB of stack by default.
pub const VALUE_DEPTH_MAX: usize = 128;

/// What decoding under guard may take of the stack, in bytes, whatever the depth. The types that
/// were measured, of up to a kilobyte in place, come to [`VALUE_DEPTH_MAX`] first; larger ones may
/// not. It leaves a quarter of a thread's usual stack to whoever receives, and to the last level.
pub const VALUE_STACK_BYTES_MAX: usize = 1536 * 1024;

/// Elements of one value that take no bytes, as in `Vec<()>`. Nothing but their number is sent, so
/// a peer can claim any; whoever needs more should send the number. At worst a few bytes cost as
/// many steps, and the memory of so many elements, which is usually none.
pub const ZERO_LENGTH_ELEMENTS_MAX: usize = 4 * 1024;

/// Parts of one value that take no bytes, as the second in `(u8, ())`, for each byte of it, when it is
/// made into JSON by its schema: so many beyond [`ZERO_LENGTH_ELEMENTS_MAX`]. A type in the source has
/// few of them, but a schema comes from a peer, and tuples of tuples of units can ask for any number.
pub const JSON_ZERO_LENGTH_PARTS_PER_BYTE: usize = 16;

/// What a session may hold, beyond its windows, of values that are longer than their window, in
/// bytes. At least [`VALUE_BYTES_MAX`], so that one such value always fits; further ones wait until
/// it has been taken, whatever their channel. Values that fit their window never wait for others.
pub const LARGE_VALUES_BYTES_MAX: u64 = VALUE_BYTES_MAX as u64;

/// Encoded bytes that an exported receiver holds of importers that have left, and an imported one of
/// sessions that were lost. Beyond it the channel is not imported until some were taken, or importers
/// that come and go could fill the memory.
pub const LEFT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Values of at least this length go to the socket from where they were encoded, without a copy; so do
/// bytes that were not encoded at all. To copy a shorter one costs less than to share it.
pub const LARGE_VALUE_BYTES: usize = 16 * 1024;

/// Bytes that were received stay in the buffer that they were read into, for a receiver of bytes, if they
/// are at least so many; fewer are copied. A read buffer holds up to 128 KiB, so what is kept is at most
/// eight times what counts against the window.
pub const SHARED_BYTES_MIN: usize = 16 * 1024;

/// Small values are queued in chunks of about this length, in bytes; a session takes a chunk whole.
pub const CHUNK_BYTES: usize = 32 * 1024;

/// A task that sends gives way to the other tasks of its thread when this part of what may wait in its
/// channel is waiting, in values or bytes: `1 / TURN_FRACTION`. Then the connection has something to
/// write, the peer something to do, and the sender still most of its room.
pub const TURN_FRACTION: usize = 8;

/// Fewer waiting values than so many are no reason to give way, because that costs as much as to send
/// some of them.
pub const TURN_VALUES_MIN: u64 = 32;

/// Buffers up to this capacity are kept for the next values when they have become empty, in bytes.
/// Two per channel at worst.
pub const RETAINED_BYTES_MAX: usize = 128 * 1024;

/// Open channels of one session.
pub const CHANNELS_MAX: usize = 16 * 1024;

/// Frames that were sent and not acknowledged. Beyond it the session takes no more values.
pub const REPLAY_FRAMES_MAX: usize = 16 * 1024;

/// Bytes of frames that were sent and not acknowledged. Covers 1 Gbit/s at 100 ms.
pub const REPLAY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of values that one channel keeps for one peer until they are taken, so that they can be sent
/// again. The peer chooses its window, so this side needs a bound of its own: beyond it the channel
/// waits, as it does without credit. One value more is always let through.
pub const UNTAKEN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Received bytes after which an acknowledgement is sent without waiting for other traffic.
pub const ACK_BYTES: usize = 64 * 1024;

/// Received frames after which an acknowledgement is sent without waiting for other traffic.
pub const ACK_FRAMES: u32 = 256;

/// How long an acknowledgement or a small grant waits for traffic that it can ride on.
pub const ACK_DELAY: Duration = Duration::from_millis(20);

/// A grant is sent without waiting for other traffic when this part of a window was consumed:
/// `1 / GRANT_FRACTION`. The sender then still has the rest of its window to go on with.
pub const GRANT_FRACTION: u32 = 4;

/// A handshake that takes longer ends its link.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A link that was silent for so long is asked whether it lives.
pub const HEARTBEAT_AFTER: Duration = Duration::from_secs(5);

/// A link that was silent for so long is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(15);

/// How long a session is kept without a link. Longer than a reboot of most routers, short enough
/// that values which can go to another importer do not wait for ever.
pub const SESSION_EXPIRY: Duration = Duration::from_secs(60);

/// How much longer than the importer the exporter keeps a session without a link, so that an
/// importer never asks for one that was just forgotten. The exporter may have noticed the loss as
/// much earlier as a link can be silent, and the importer may need a whole handshake to ask. An
/// exporter whose heartbeat or handshake is set to take longer keeps it for longer.
pub const SESSION_EXPIRY_MARGIN: Duration = Duration::from_secs(30);

/// How long an importer waits before it dials again after a link was lost: at least so long, at most
/// twice, by chance, so that many importers of one exporter do not come at the same moment.
pub const REDIAL_DELAY_FIRST: Duration = Duration::from_millis(50);

/// The longest wait between two attempts to dial, before chance adds up to as much. Each failed
/// attempt doubles the wait up to it.
pub const REDIAL_DELAY_MAX: Duration = Duration::from_secs(10);

/// Sessions of which an exporter remembers that they were closed, so that an importer that missed
/// the goodbye is told when it wants to resume.
pub const CLOSED_SESSIONS_MAX: usize = 1024;

/// Events that wait for each reader of a stream of events. A reader that is further behind misses
/// the oldest and is told how many.
pub const EVENTS_MAX: usize = 256;

/// Messages in the mailbox of a `Recipient` while its channel is full, beyond which `try_send` finds
/// it full, besides one per handle, as of any actor.
pub const OUTLET_MAILBOX_MESSAGES: usize = 16;

/// Messages that wait for a full channel before its `Recipient` drops some, if that is its policy and
/// nothing else was set.
pub const OUTLET_WAITING_MESSAGES_DEFAULT: usize = 1024;

/// Messages in the mailboxes of all `Recipient`s together that drop messages, before these look
/// whether there are too many. Fewer would be more looks; more would be more memory.
pub const OUTLET_SWEEP_MESSAGES: usize = 1024;

/// As many more for each of them, so that messages by `try_send` alone, which stay where they are,
/// do not make them look.
pub const OUTLET_SWEEP_MESSAGES_EACH: usize = 2 * OUTLET_MAILBOX_MESSAGES;

/// Messages that a `Recipient` takes out of its mailbox at once. They are beside those that wait.
pub const OUTLET_HAND_MESSAGES: usize = 32;

/// Messages that a `Recipient` hands to its channel in one turn, so that it shares its thread.
pub const OUTLET_TURN_MESSAGES: usize = 1024;

/// Requests of one channel that wait for their answers. Beyond it a channel that asks is full, whatever
/// its importers take: those of an export say themselves how many each of them takes at the same time.
pub const UNANSWERED_REQUESTS_MAX: usize = 64 * 1024;

/// Ends of channels that are offered in messages and not released, of one exporter or one importer's
/// connection. One takes some hundred bytes, and its channel's buffer. Beyond it a message with
/// another one is not sent.
pub const OFFERS_MAX: usize = 16 * 1024;

/// Ends of channels that came in messages from one peer and are held. A message with a further one cannot
/// be decoded. The channels that belong to them count against [`CHANNELS_MAX`], too.
pub const CLAIMS_MAX: usize = 16 * 1024;

/// How long an offered end of a channel waits to be claimed: while its message is under way or not
/// taken, and after the session of a claim was lost. Longer than a session is kept without a link, and
/// than a worker that died takes to be replaced.
pub const OFFER_LEASE: Duration = Duration::from_secs(10 * 60);

/// Bytes of one page of a listing, which says which channels an exporter has. It has room for one channel
/// with the longest schemas. A side holds one such page per connection at worst, as the one who asks and
/// as the one who answers.
pub const LISTING_PAGE_BYTES_MAX: usize = 64 * 1024;

/// Longest encoded schema in a listing, in bytes. Longer ones are left out of it: a type of so many parts
/// is compared by its identity, and nobody reads its schema.
pub const LISTED_SCHEMA_BYTES_MAX: usize = 16 * 1024;

/// Channels that are listed at once. Whoever expects more asks page by page.
pub const LISTED_CHANNELS_MAX: usize = 64 * 1024;

/// Bytes of the pages of all channels that are listed at once. Decoded, a hostile page takes up to thirty
/// times as much.
pub const LISTED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long one page of a listing is waited for, also while there is no link. Longer than it takes to
/// notice that a link is dead and to come by another one.
pub const LIST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a hangup waits for the peer to say what it had taken. A live peer answers at once.
pub const HANGUP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a session that is closing tries to get its last words out.
pub const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Links that one exporter carries through their handshake at the same time.
pub const HANDSHAKES_MAX: usize = 256;

/// Peer connections of one exporter.
pub const CONNECTIONS_MAX: usize = 16 * 1024;

/// Commands (imports, hangups, flushes) that wait for a driver. Callers wait beyond it.
pub const COMMANDS_MAX: usize = 64;

/// Error reports that wait to be read, as in Go's netchan.
pub const REPORTS_MAX: usize = 10;

/// Rounds of reading and writing in one turn of the driver, so that it shares its thread.
pub const DRIVER_ROUNDS_MAX: usize = 32;

/// How often each step of a round is taken until it finds nothing more. The second look finds nothing in
/// most cases, and then the driver is woken for what comes.
pub const DRIVER_STEPS_MAX: usize = 2;

/// Bytes on the way in each direction of a link of the test kit, unless the test says otherwise. As
/// much as one read takes, so that a link in memory is not slower than one with a socket.
pub const TEST_LINK_BYTES: usize = READ_BYTES;

/// Links of the test kit that wait to be accepted. Further dials are refused, as with a listener of
/// the operating system.
pub const TEST_BACKLOG_LINKS: usize = 128;

const _: () = {
    assert!(LARGE_VALUES_BYTES_MAX >= VALUE_BYTES_MAX as u64, "the longest value must fit");
    assert!(FRAME_BYTES_MAX >= FRAME_BYTES_MAX_FLOOR);
    assert!(QUANTUM_BYTES + 64 <= FRAME_BYTES_MAX, "a turn must fit into one frame");
    assert!(VALUE_BYTES_MAX < 1 << 30, "a value's length must fit its prefix");
    assert!(
        NAME_BYTES_MAX + CODEC_BYTES_MAX + 16 * OLDER_TYPES_MAX + 128 <= CONTROL_BODY_BYTES_MAX
    );
    assert!(TEXT_BYTES_MAX + 64 <= CONTROL_BODY_BYTES_MAX);
    assert!(CREDENTIALS_BYTES_MAX + 256 <= HANDSHAKE_BODY_BYTES_MAX);
    assert!(
        2 * LISTED_SCHEMA_BYTES_MAX + NAME_BYTES_MAX + CODEC_BYTES_MAX + 128
            <= LISTING_PAGE_BYTES_MAX,
        "each channel must fit into a page"
    );
    assert!(LIST_TIMEOUT.as_millis() > DEAD_AFTER.as_millis());
    assert!(HEARTBEAT_AFTER.as_millis() < DEAD_AFTER.as_millis());
    assert!(
        SESSION_EXPIRY_MARGIN.as_millis() > DEAD_AFTER.as_millis() + HANDSHAKE_TIMEOUT.as_millis()
    );
    assert!(UNTAKEN_BYTES_MAX as u64 > WINDOW_BYTES_DEFAULT && UNTAKEN_BYTES_MAX < 1 << 31);
    assert!(WINDOW_VALUES_GROWN_MAX >= WINDOW_VALUES_DEFAULT);
    assert!(WINDOW_BYTES_GROWN_MAX >= WINDOW_BYTES_DEFAULT);
    assert!(
        WINDOW_BYTES_GROWN_MAX <= UNTAKEN_BYTES_MAX as u64,
        "the sender keeps what is in flight"
    );
    assert!(WINDOW_BYTES_DEFAULT >= WINDOW_BYTES_MIN && WINDOW_BYTES_DEFAULT <= WINDOW_BYTES_MAX);
};
