//! Placing `holiday` orders in process, durable and not.
//!
//! `BACKSTOCK_BENCH_SMALL=1` makes the network small, for the gate.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backstock_benches::holiday::{Orders, Size, postal_codes, set_up};
use backstock_benches::process::{cpu_time, resident_bytes};
use backstock_benches::run::{place_all, runtime};
use backstock_engine::disk::{Access, Disk, DiskFile, DiskLock, RealDisk};
use backstock_engine::engine::{Engine, OpenOptions};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tasks that place orders.
const TASKS: u64 = 2;

fn place(criterion: &mut Criterion) {
    let runtime = runtime();
    let size = Size::from_env();
    measure(criterion, &runtime, size, "durable", Arc::new(RealDisk));
    measure(criterion, &runtime, size, "not_durable", Arc::new(Unsynced(RealDisk)));
}

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    size: Size,
    name: &str,
    disk: Arc<dyn Disk>,
) {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = runtime.block_on(async {
        let options = OpenOptions::new(directory.path());
        let (engine, _) = Engine::open(&options, disk, postal_codes()).await.expect("it opens");
        set_up(&engine, size).await;
        engine
    });
    let status = engine.status();
    println!(
        "{name}: {} pairs, {} bytes a pair",
        status.pairs,
        resident_bytes() / status.pairs as u64
    );
    let (mut series, mut placed, mut cpu) = (0, 0, Duration::ZERO);
    let mut group = criterion.benchmark_group("place_holiday");
    let orders = size.orders_in_a_run();
    group.throughput(Throughput::Elements(orders));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                let lists = (0..TASKS).map(|_| {
                    series += 1;
                    Orders::new(size, series).take(share(orders)).collect()
                });
                let lists = lists.collect();
                let before = cpu_time();
                took += runtime.block_on(place_all(&engine, lists)).took;
                cpu += cpu_time().saturating_sub(before);
                placed += orders;
            }
            took
        });
    });
    group.finish();
    let cpu_ns = cpu.as_nanos() / u128::from(placed.max(1));
    println!("{name}: {cpu_ns} ns of processor time an order, {placed} orders");
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    runtime.block_on(engine.shut_down());
}

fn share(orders: u64) -> usize {
    usize::try_from(orders.div_ceil(TASKS)).expect("orders fit memory")
}

/// A disk that says it synced and did not: what durability costs is the
/// difference.
struct Unsynced(RealDisk);

struct UnsyncedFile(Box<dyn DiskFile>);

impl Disk for Unsynced {
    fn create_dir_all(&self, dir: &Path) -> std::io::Result<()> {
        self.0.create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        self.0.list(dir)
    }

    fn entries(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        self.0.entries(dir)
    }

    fn open(&self, path: &Path, access: Access) -> std::io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(UnsyncedFile(self.0.open(path, access)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        self.0.remove(path)
    }

    fn sync_dir(&self, _: &Path) -> std::io::Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path) -> std::io::Result<DiskLock> {
        self.0.lock(path)
    }
}

impl DiskFile for UnsyncedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        self.0.write_at(bytes, offset)
    }

    fn preallocate(&self, bytes: u64) -> std::io::Result<()> {
        self.0.preallocate(bytes)
    }

    fn set_len(&self, bytes: u64) -> std::io::Result<()> {
        self.0.set_len(bytes)
    }

    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Ok(())
    }
}

criterion_group!(benches, place);
criterion_main!(benches);
