//! What a worker process can still do once files may come: nothing but read and write its own pipes.
//!
//! It shuts itself in, in two steps. The first is taken before it has a second thread, and cuts it off
//! from all files and from the network (Landlock), for itself and for every thread that it starts. The
//! second is taken last, and leaves it the few calls that judging needs (seccomp, [`calls`]). A kernel
//! that lacks one of them still gives the other: which are in force goes to the owner, who decides
//! whether that is enough.
//!
//! [`calls`]: super::calls

use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::set_no_new_privs;

/// The layers by the names that `GetServerInfo` uses, from the outermost.
pub(super) const LAYERS: [&str; 4] = [PROCESS, RLIMIT, LANDLOCK, SECCOMP];

const PROCESS: &str = "process";
const RLIMIT: &str = "rlimit";
const LANDLOCK: &str = "landlock";
const SECCOMP: &str = "seccomp";

/// Takes all files and the network from this thread and those that it will start, and its memory from
/// whoever might look into it. Tells the version of Landlock that is in force; `None` = none.
pub(super) fn cut_off() -> io::Result<Option<u8>> {
    // No program that it could start would have more rights than it has.
    set_no_new_privs(true)?;
    // Neither a core dump nor a debugger of the same user gets at the file that is judged.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(landlock())
}

/// With no rule that allows anything, all that is handled is refused. What this kernel does not know
/// is left out; what it knows and does not grant must not look as if it were in force.
fn landlock() -> Option<u8> {
    // The newest version that this was written for: what a later one adds is not handled.
    let all = ABI::V7;
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(all))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(all)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(all)))
        .and_then(Ruleset::create)
        .and_then(|ruleset| ruleset.restrict_self());
    match ruleset.ok()? {
        status if status.ruleset == RulesetStatus::NotEnforced => None,
        status => match status.landlock {
            LandlockStatus::Available { effective_abi, .. } => {
                u8::try_from(effective_abi as i32).ok()
            }
            _ => None,
        },
    }
}

/// Leaves all threads of this process the calls that judging needs, for good. Any other one ends the
/// process. Tells the layers that are in force from now on.
pub(super) fn close(landlock: Option<u8>) -> Vec<String> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let seccomp = super::calls::leave_only_these().is_ok();
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let seccomp = false;
    let in_force = [(PROCESS, true), (RLIMIT, true), (LANDLOCK, landlock.is_some())];
    let in_force = in_force.into_iter().chain([(SECCOMP, seccomp)]);
    in_force.filter(|(_, is)| *is).map(|(name, _)| name.to_owned()).collect()
}

/// What an operator can do where a layer is missing.
pub(super) fn remedy(layer: &str) -> &'static str {
    match layer {
        LANDLOCK => {
            "needs Linux 5.13 or later with \"landlock\" among its security modules (/sys/kernel/security/lsm), and a container runtime that permits the landlock_* calls"
        }
        SECCOMP => {
            "needs Linux on x86_64 or aarch64 with seccomp filters (CONFIG_SECCOMP_FILTER), and a container runtime that permits the seccomp call"
        }
        _ => "needs files to be judged in worker processes (isolation \"process\", on Linux)",
    }
}
