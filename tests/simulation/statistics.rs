//! How much has happened: a simulation in which nothing does shows nothing.

use std::collections::BTreeMap;

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Totals over one run, or over many.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Statistics {
            $($(#[$doc])* pub(crate) $name: u64,)*
            /// Frames that were read, by the numbers of their kinds.
            pub(crate) kinds: BTreeMap<u8, u64>,
        }

        impl Statistics {
            /// Adds what another run has counted.
            pub(crate) fn add(&mut self, other: &Statistics) {
                $(self.$name += other.$name;)*
                for (kind, count) in &other.kinds {
                    *self.kinds.entry(*kind).or_default() += count;
                }
            }

            /// Names and numbers.
            pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

statistics! {
    links_dialled,
    links_cut,
    /// Cut in one direction only.
    links_cut_one_way,
    /// Given up because nothing came.
    links_silent,
    handshakes_given_up,
    resumes,
    /// Without the exporter's knowing that the older link was dead.
    resumes_over_living_links,
    frames_repeated,
    /// Frames that end inside of a value.
    frames_partial,
    /// Older attempts that came behind newer ones.
    resumes_superseded,
    /// Attempts with a token that is not valid any more.
    tokens_refused,
    /// Somebody has repeated a Hello.
    hellos_echoed,
    /// The exporter has admitted a link and the importer has not heard of it.
    welcomes_lost,
    sessions_begun,
    importers_expired,
    exporters_expired,
    sides_died,
    /// The importer has begun its next life while the exporter kept a session for the last one.
    sessions_replaced,
    goodbyes_said,
    goodbyes_heard,
    channels_opened,
    channels_of_exporters,
    channels_refused,
    /// Refusals with what the other side has.
    documents_shown,
    /// By whoever was shown one.
    documents_answered,
    channels_completed,
    hangups,
    requests_answered,
    requests_taken_out_of_order,
    requests_cancelled,
    /// Cancelled before they were taken.
    requests_passed_over,
    /// Answers to requests that an earlier session has answered as well.
    answers_repeated,
    windows_grown,
    values_sent,
    /// Left out by senders, before values that they have sent.
    values_skipped,
    values_delivered,
    values_rejected,
    requests_rejected,
    answers_rejected,
    rejections_told_with_others,
    channels_ended_by_rejections,
    values_lost_by_hangups,
    /// Given back by lost sessions, to be sent in the next one.
    values_returned,
    /// Delivered by a lost session and again by the next one.
    values_repeated,
    values_discarded,
    syncs_kept,
    drains_kept,
    waits_broken,
}
