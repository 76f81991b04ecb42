//! The system calls that a worker process may make once files may come.
//!
//! Each is here because judging cannot do without it. None of them names a file, a socket or another
//! process. `docs/security.md` says the same in prose, and a test compares the two.

use std::collections::BTreeMap;

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

/// One condition on an argument, counted from 0.
type Condition = (u8, SeccompCmpArgLen, SeccompCmpOp, u64);

/// A call, and the alternatives under which it may be made: none = always.
type Call = (libc::c_long, Vec<Condition>);

/// Memory, which must never become executable, pipes that are open already, waiting, clocks, threads
/// of the process itself, and the way to its end.
fn allowed() -> Vec<Call> {
    let always = [
        // The pipes. There are no other descriptors, and none can be made.
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_close,
        libc::SYS_ppoll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        libc::SYS_restart_syscall,
        // Memory.
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        // Waiting for its own threads, and giving way to them.
        libc::SYS_futex,
        libc::SYS_sched_yield,
        // Threads begin and end: a network runs on one of its own.
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_sigaltstack,
        libc::SYS_sched_getaffinity,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_exit,
        libc::SYS_exit_group,
        // Time used, and seeds of hash tables.
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        // A crash ends by the signal that tells what it was.
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigprocmask,
    ];
    let executable = u64::from(libc::PROT_EXEC.unsigned_abs());
    let thread = (libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD).unsigned_abs();
    let thread = u64::from(thread);
    let own = u64::from(std::process::id());
    let number = |number: i32| u64::from(number.unsigned_abs());
    let crash = |signal| (libc::SYS_rt_sigaction, vec![(0, Dword, Eq, number(signal))]);
    always
        .into_iter()
        .map(|call| (call, Vec::new()))
        .chain([
            (libc::SYS_mmap, vec![(2, Dword, MaskedEq(executable), 0)]),
            (libc::SYS_mprotect, vec![(2, Dword, MaskedEq(executable), 0)]),
            // A thread and never a process.
            (libc::SYS_clone, vec![(0, Qword, MaskedEq(thread), thread)]),
            (libc::SYS_prctl, vec![(0, Dword, Eq, number(libc::PR_SET_NAME))]),
            // Its own limit of processor time, anew for each file.
            (libc::SYS_prlimit64, vec![(0, Dword, Eq, 0), (1, Dword, Eq, libc::RLIMIT_CPU as u64)]),
            (libc::SYS_tgkill, vec![(0, Dword, Eq, own)]),
            crash(libc::SIGSEGV),
            crash(libc::SIGBUS),
            crash(libc::SIGABRT),
        ])
        .collect()
}

/// Calls that libraries make and live without, and the error that they get.
fn refused() -> Vec<(Call, i32)> {
    let to_read = u64::from((libc::O_RDONLY | libc::O_CLOEXEC).unsigned_abs());
    vec![
        // A new way to start a thread, whose arguments no filter can see: they fall back on the old one.
        ((libc::SYS_clone3, Vec::new()), libc::ENOSYS),
        // A network that asks how many cores there are looks for a quota, which Landlock refuses too. To
        // open a file in any other way is none of their habits.
        ((libc::SYS_openat, vec![(2, Dword, Eq, to_read)]), libc::EACCES),
    ]
}

/// Puts the list in force for every thread of this process.
pub(super) fn leave_only_these() -> Result<(), seccompiler::Error> {
    // Of several filters the strictest answer counts: an error before leave, death before an error.
    let mut allowed = allowed();
    for (call, error) in refused() {
        allowed.push(call.clone());
        let error = SeccompAction::Errno(error.unsigned_abs());
        put_in_force(vec![call], SeccompAction::Allow, error)?;
    }
    put_in_force(allowed, SeccompAction::KillProcess, SeccompAction::Allow)
}

fn put_in_force(
    calls: Vec<Call>,
    others: SeccompAction,
    these: SeccompAction,
) -> Result<(), seccompiler::Error> {
    let mut rules = BTreeMap::new();
    for (call, conditions) in calls {
        let alternatives: &mut Vec<SeccompRule> = rules.entry(call).or_default();
        if !conditions.is_empty() {
            alternatives.push(rule(conditions)?);
        }
    }
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, others, these, architecture)?;
    apply_filter_all_threads(&BpfProgram::try_from(filter)?)
}

fn rule(conditions: Vec<Condition>) -> Result<SeccompRule, BackendError> {
    let conditions = conditions.into_iter().map(|(argument, length, operator, value)| {
        SeccompCondition::new(argument, length, operator, value)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}
