//! A phase of a run: all callers play their schedules at the same time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::alarm::Ringer;
use super::answers::{Answers, Tally};
use super::drive::{Caller, Pipe};
use super::error::LoadError;
use super::progress::Screen;
use super::recorder::{Record, Recorder, Shared};
use super::schedule::{Plan, Schedule};
use super::text::real;
use crate::process::cpu_time;

/// What a phase is.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// What it is called.
    pub name: &'static str,
    /// What each caller does.
    pub plan: Plan,
    /// About how long it lasts.
    pub lasts: Duration,
    /// Whether placed orders are cancelled, changed and shipped.
    pub churns: bool,
    /// Seeds the schedules.
    pub seed: u64,
}

/// Its results.
pub struct Ran {
    /// What was answered.
    pub tally: Tally,
    /// Latency and throughput.
    pub record: Shared,
    /// From its beginning to the last answer.
    pub took: Duration,
    /// Processor time meanwhile.
    pub cpu: Duration,
}

impl Ran {
    /// Orders answered in a second.
    pub fn orders_per_second(&self) -> f64 {
        real(self.tally.answered()) / self.took.as_secs_f64()
    }
}

impl Phase {
    /// Lets all callers play, and gives them back.
    pub async fn run<P: Pipe>(
        self,
        callers: Vec<Caller<P>>,
        screen: Screen,
    ) -> Result<(Vec<Caller<P>>, Ran), LoadError> {
        let (began, cpu_before) = (Instant::now(), cpu_time());
        let record = Record::new(began, self.lasts);
        let ticking = screen.running(self.name, &record);
        // In a closed loop no order waits for a time.
        let alarms = || callers.iter().map(|caller| Arc::clone(&caller.alarm)).collect();
        let _ringer = self.plan.rate.map(|_| Ringer::start(alarms()));
        let playing: Vec<_> = callers
            .into_iter()
            .zip(self.seed..)
            .map(|(mut caller, seed)| {
                let schedule = Schedule::new(self.plan, began, seed);
                let answers = Answers::new(Recorder::new(&record), self.churns);
                tokio::spawn(async move {
                    let tally = caller.play(schedule, answers).await?;
                    Ok::<_, LoadError>((caller, tally))
                })
            })
            .collect();
        let (mut callers, mut tally) = (Vec::new(), Tally::default());
        for task in playing {
            let (caller, part) = task.await.expect("no panic")?;
            callers.push(caller);
            tally.add(part);
        }
        drop(ticking);
        let (took, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu_before));
        Ok((callers, Ran { tally, record: Arc::clone(&record), took, cpu }))
    }
}
