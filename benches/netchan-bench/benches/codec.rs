//! What it costs to encode and decode a value, with each codec.
//!
//! `cargo bench -p netchan-bench --bench codec`

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use netchan::channel::{Bincode, Codec, MessagePack, Postcard, Raw};
use netchan_bench::{Block, Item, Tick};

/// The payload of a block.
const BLOCK_BYTES: usize = 1024;

/// A number as long as those of values that have been sent for a while.
const NUMBER: u64 = 1_000_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    codecs(&mut criterion);
    criterion.final_summary();
}

fn codecs(criterion: &mut Criterion) {
    measure::<Tick, Bincode>(criterion, "tick", 0);
    measure::<Tick, Postcard>(criterion, "tick", 0);
    measure::<Tick, MessagePack>(criterion, "tick", 0);
    measure::<Block, Bincode>(criterion, "block-1k", BLOCK_BYTES);
    measure::<Block, Postcard>(criterion, "block-1k", BLOCK_BYTES);
    measure::<Block, MessagePack>(criterion, "block-1k", BLOCK_BYTES);
    measure::<Bytes, Raw>(criterion, "bytes-1k", BLOCK_BYTES);
}

fn measure<V: Item, C: Codec<V>>(criterion: &mut Criterion, name: &str, bytes: usize) {
    let value = V::new(NUMBER, bytes);
    let mut encoded = Vec::new();
    C::encode(&value, &mut encoded).expect("values of works can be encoded");
    let decoded = C::decode(&encoded).expect("what was encoded can be decoded");
    assert_eq!(decoded.number(), NUMBER);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("encode", C::NAME), |bencher| {
        let mut output = Vec::with_capacity(encoded.len());
        bencher.iter(|| {
            output.clear();
            C::encode(black_box(&value), &mut output)
        });
    });
    group.bench_function(BenchmarkId::new("decode", C::NAME), |bencher| {
        bencher.iter(|| C::decode(black_box(&encoded)));
    });
    group.finish();
}
