use super::*;
use std::time::Instant;
struct Null(Lsn, Arc<dyn History>);
impl Log for Null {
    fn append(&mut self, batch: &Batch) -> Result<Lsn, LogError> {
        self.0 = batch.last();
        Ok(self.0)
    }
    fn reserve(&mut self, _: usize) -> Result<(), LogError> {
        Ok(())
    }
    fn seal(&mut self) -> Result<(), LogError> {
        Ok(())
    }
    fn history(&self) -> Arc<dyn History> {
        Arc::clone(&self.1)
    }
}
fn drive(log: Box<dyn Log>, each: u64, what: &str) {
    let (group, writer) = GroupCommit::<u64>::new(log, BatchLimits::default());
    let start = Instant::now();
    let mut batches = 0u64;
    std::thread::scope(|s| {
        let w = s.spawn(|| {
            let mut b = 0u64;
            writer
                .run(|c| {
                    b += 1;
                    if let Commit::Durable { items, .. } = c {
                        items.clear();
                    }
                })
                .unwrap();
            b
        });
        let a: Vec<_> = (0..2)
            .map(|_| {
                s.spawn(|| {
                    let p = [7u8; 200];
                    let mut over = 0u64;
                    for i in 0..each {
                        loop {
                            match group.append(&p, i) {
                                Ok(_) => break,
                                Err(AppendError::Overloaded) => {
                                    over += 1;
                                    std::thread::yield_now()
                                }
                                Err(e) => panic!("{e}"),
                            }
                        }
                    }
                    over
                })
            })
            .collect();
        for t in a {
            eprintln!("overloaded {}", t.join().unwrap());
        }
        group.close();
        batches = w.join().unwrap();
    });
    let secs = start.elapsed().as_secs_f64();
    eprintln!("{what}: {:.2} M appends/s, {} batches", each as f64 * 2.0 / secs / 1e6, batches);
}
#[test]
#[ignore = "perf"]
fn perf() {
    let empty = open(&SimulatedDisk::new()).unwrap().history();
    drive(Box::new(Null(Lsn::NONE, empty)), 3_000_000, "null log");
    let dir = tempfile::tempdir_in(std::env::var("HOME").unwrap()).unwrap();
    let disk: Arc<dyn crate::disk::Disk> = Arc::new(crate::disk::RealDisk);
    let log = SegmentLog::open(Arc::clone(&disk), dir.path(), Options::default()).unwrap();
    drive(Box::new(log), 1_500_000, "real disk");
    for _ in 0..2 {
        let t = Instant::now();
        let log = SegmentLog::open(Arc::clone(&disk), dir.path(), Options::default()).unwrap();
        eprintln!("open {:?}", t.elapsed());
        let t = Instant::now();
        let (mut n, mut bytes) = (0u64, 0usize);
        log.history()
            .cursor(Lsn::FIRST)
            .read(&mut |_, p| {
                n += 1;
                bytes += p.len() + 24;
                ControlFlow::Continue(())
            })
            .unwrap();
        let s = t.elapsed().as_secs_f64();
        eprintln!(
            "read {n} records, {:.2} M/s, {:.2} GB/s",
            n as f64 / s / 1e6,
            bytes as f64 / s / 1e9
        );
    }
    let mut log =
        SegmentLog::open(Arc::clone(&disk), &dir.path().join("x"), Options::default()).unwrap();
    for size in [1usize, 20, 300] {
        let mut took = Vec::new();
        for _ in 0..500 {
            let mut b = Batch::starting_at(log.history().last().next());
            for _ in 0..size {
                b.push(Payload::new(&[9; 200]).unwrap());
            }
            let t = Instant::now();
            log.append(&b).unwrap();
            took.push(t.elapsed());
        }
        took.sort();
        eprintln!("batch of {size}: p50 {:?} p99 {:?} max {:?}", took[250], took[495], took[499]);
    }
}
