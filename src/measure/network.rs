//! Small networks that are built into the program, prepared once and run on one thread.

use std::sync::{Arc, OnceLock};
use std::thread;

use rten::{Model, ModelOptions, RunOptions, ThreadPool, ValueView};

/// A network with one input, and its weights.
#[derive(Debug)]
pub(super) struct Network {
    weights: &'static [u8],
    model: OnceLock<Option<Model>>,
}

impl Network {
    /// Nothing is prepared yet.
    pub(super) const fn of(weights: &'static [u8]) -> Self {
        Self { weights, model: OnceLock::new() }
    }

    /// Prepared at the first call, for good. `None` where the weights cannot be read.
    pub(super) fn prepared(&self) -> Option<&Model> {
        let prepare = || ModelOptions::with_all_ops().load_static_slice(self.weights).ok();
        self.model.get_or_init(prepare).as_ref()
    }

    /// Every output in the graph's order, row-major. `None` where the network fails.
    ///
    /// Runs on one thread, so that the sums are added in the same order every time: on one that the caller
    /// keeps for it, as a new one for each run is often begun on a processor that is at work, while that of
    /// the caller falls idle.
    ///
    /// One of rayon's threads begins other work while it waits for another pool: a file would be judged in the
    /// middle of another, and would wait for ever for the network that the outer one is about to prepare. There
    /// a plain thread prepares it and waits for the pool, and the caller just waits for that thread.
    pub(super) fn run(&self, shape: &[usize], input: &[f32]) -> Option<Vec<Vec<f32>>> {
        let infer = || ALONE.with(|alone| self.run_on(alone, shape, input));
        if rayon::current_thread_index().is_none() {
            return infer();
        }
        thread::scope(|scope| {
            thread::Builder::new().spawn_scoped(scope, infer).ok()?.join().ok()?
        })
    }

    fn run_on(
        &self,
        pool: &Arc<ThreadPool>,
        shape: &[usize],
        input: &[f32],
    ) -> Option<Vec<Vec<f32>>> {
        let model = self.prepared()?;
        let input = ValueView::from_shape(shape, input).ok()?;
        let entry = *model.input_ids().first()?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let outputs =
            model.run(vec![(entry, input.into())], model.output_ids(), Some(options)).ok()?;
        let flat = |output: rten::Value| {
            output.into_tensor::<f32>().map(|tensor| tensor.into_data().to_vec())
        };
        outputs.into_iter().map(flat).collect()
    }
}

thread_local! {
    /// The thread that runs the networks of this one.
    static ALONE: Arc<ThreadPool> = Arc::new(ThreadPool::with_num_threads(1));
}
