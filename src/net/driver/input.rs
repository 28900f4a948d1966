//! Room for what is read from a link.
//!
//! Frames that were read share their buffer with what came after them, so it can be used again only when
//! nobody holds them. A frame that was begun must then move, and a long one should not.

use bytes::BytesMut;

use crate::limits::{CHUNK_BYTES, FRAME_BYTES_MAX, READ_BYTES};
use crate::wire::{HEADER_BYTES, frame_bytes};

/// A frame that is read to its end and no further than the header of the next one: so only a header
/// moves, and each long frame has a buffer of its own. Frames of many small values are shorter, and
/// several of them are read at once.
const LONG_BYTES: usize = CHUNK_BYTES + 4 * 1024;

/// The beginning of a frame that is not moved if there is room for the rest behind it.
const HEAVY_BYTES: usize = READ_BYTES / 4;

/// The length of a buffer: room for two of the longest frames, so that a read behind the beginning of one
/// is not a short one.
const BUFFER_BYTES: usize = 2 * FRAME_BYTES_MAX;

/// Makes room behind `input`, which holds the beginning of a frame or nothing. Returns how many bytes may
/// be read. No buffer is longer than two of the longest frames and a little.
pub(super) fn make_room(input: &mut BytesMut) -> usize {
    // A length that makes no sense is noticed when the frame is decoded.
    let frame_bytes = frame_bytes(input).filter(|bytes| *bytes <= HEADER_BYTES + FRAME_BYTES_MAX);
    let missing = frame_bytes.map_or(0, |bytes| bytes.saturating_sub(input.len()));
    let is_long = missing > 0 && frame_bytes.is_some_and(|bytes| bytes >= LONG_BYTES);
    let is_heavy = missing > 0 && input.len() >= HEAVY_BYTES;
    let needed = if is_long || is_heavy { missing } else { READ_BYTES };
    if input.capacity() - input.len() < needed && !input.try_reclaim(needed) {
        let bytes = input.len() + needed + HEADER_BYTES;
        let mut next = BytesMut::with_capacity(bytes.max(BUFFER_BYTES));
        next.extend_from_slice(input);
        *input = next;
    }
    let room = input.capacity() - input.len();
    if is_long { room.min(missing + HEADER_BYTES) } else { room }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::id::ChannelId;
    use crate::wire::{Frame, Sequenced, decode, encode};

    /// A data frame whose run is so long.
    fn data(bytes: usize) -> Vec<u8> {
        let data = crate::wire::Data {
            channel: ChannelId(1),
            values: 1,
            partial: None,
            spent: crate::wire::Spent::default(),
            run: vec![7; bytes].into(),
        };
        let mut frame = BytesMut::new();
        encode(&Frame::Data(data), 1, &mut frame);
        frame.to_vec()
    }

    const CAPACITY_MAX: usize = 2 * (FRAME_BYTES_MAX + HEADER_BYTES);

    struct Reader {
        input: BytesMut,
        runs: Vec<Bytes>,
        reads: usize,
        moved_bytes: usize,
        capacity_max: usize,
        /// Where in memory it has begun to read: the first and the last place.
        places: (usize, usize),
    }

    /// Reads a stream that is always there, and keeps what was read if asked to.
    fn read(mut stream: &[u8], keeps_runs: bool) -> Reader {
        let (input, runs) = (BytesMut::new(), Vec::new());
        let places = (usize::MAX, 0);
        let mut reader = Reader { input, runs, reads: 0, moved_bytes: 0, capacity_max: 0, places };
        while !stream.is_empty() {
            let (place, begun_bytes) = (reader.input.as_ptr(), reader.input.len());
            let room = make_room(&mut reader.input);
            if reader.input.as_ptr() != place {
                reader.moved_bytes += begun_bytes;
            }
            assert!(room > 0);
            let place = reader.input.as_ptr().addr();
            reader.places = (reader.places.0.min(place), reader.places.1.max(place));
            reader.capacity_max = reader.capacity_max.max(reader.input.capacity());
            let (now, later) = stream.split_at(room.min(stream.len()));
            reader.input.extend_from_slice(now);
            stream = later;
            reader.reads += 1;
            while let Some(Sequenced { frame: Frame::Data(data), .. }) =
                decode(&mut reader.input, FRAME_BYTES_MAX).unwrap()
            {
                if keeps_runs {
                    reader.runs.push(data.run);
                }
            }
        }
        assert!(reader.input.is_empty());
        reader
    }

    #[test]
    fn long_frames_do_not_move() {
        let longest = FRAME_BYTES_MAX - 12;
        let stream = data(longest).repeat(100);
        for keeps_runs in [false, true] {
            let reader = read(&stream, keeps_runs);
            // Of the one behind the first read, when nobody knew yet that they are long, a part came too.
            let moved_max = 100 * HEADER_BYTES + FRAME_BYTES_MAX;
            assert!(reader.moved_bytes <= moved_max, "{}", reader.moved_bytes);
            assert!(reader.reads <= 102, "{}", reader.reads);
            assert!(reader.capacity_max <= CAPACITY_MAX);
        }
    }

    #[test]
    fn short_frames_are_read_many_at_once() {
        for bytes in [1, 100, 1000, 10_000] {
            let stream = data(bytes).repeat(4 * 1024 * 1024 / (bytes + 32));
            for keeps_runs in [false, true] {
                let reader = read(&stream, keeps_runs);
                assert!(reader.reads <= 2 + stream.len() / READ_BYTES * 5 / 4, "{}", reader.reads);
                assert!(reader.capacity_max <= CAPACITY_MAX);
            }
        }
    }

    #[test]
    fn a_buffer_that_nobody_holds_is_used_again() {
        for bytes in [1, 1000, 10_000, 16_384, 20_000, 40_000, 65_000] {
            let (first, last) = read(&data(bytes).repeat(300), false).places;
            assert!(last - first < BUFFER_BYTES, "{bytes}: {} bytes", last - first);
        }
    }

    #[test]
    fn frames_of_all_lengths_are_read_with_little_memory() {
        let lengths = [1, 60_000, 40_000, 5, 20_000, 65_000, 33_000, 16_000, 300, 50_000];
        let stream: Vec<u8> = (0..500).flat_map(|at| data(lengths[at * 7 % 10])).collect();
        let reader = read(&stream, true);
        let run_lengths = reader.runs.iter().map(Bytes::len);
        assert!(run_lengths.eq((0..500).map(|at| lengths[at * 7 % 10])));
        assert!(reader.capacity_max <= CAPACITY_MAX);
        assert!(reader.moved_bytes < stream.len() / 4, "{} bytes", reader.moved_bytes);
    }
}
