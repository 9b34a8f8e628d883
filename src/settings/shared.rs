//! Where runs of one user keep what they share, whatever their projects are.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Folders for what all runs of this user share, the best first; none need exist: the folder of state by the XDG
/// base directories, then one of temporary files, which all users of a machine share, so that its name has the user's
/// number.
pub fn folders(process: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let given = |name: &str| process.get(name).map(PathBuf::from);
    let state = given("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let home = || Some(given("HOME")?.join(".local/state"));
    let state = state.or_else(home).filter(|path| path.is_absolute());
    let temporary = given("TMPDIR").unwrap_or_else(|| "/tmp".into());
    let state = state.map(|folder| folder.join("holdpoint"));
    let temporary = temporary.join(format!("holdpoint-{}", user()));
    state.into_iter().chain([temporary]).collect()
}

/// The number of the user that this process acts as.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_the_user_comes_first() {
        for (given, wanted) in [
            (
                vec![("XDG_STATE_HOME", "/s"), ("HOME", "/h")],
                vec!["/s/holdpoint", "/tmp/holdpoint-N"],
            ),
            (
                vec![("XDG_STATE_HOME", "s"), ("HOME", "/h")],
                vec!["/h/.local/state/holdpoint", "/tmp/holdpoint-N"],
            ),
            (vec![("HOME", ""), ("TMPDIR", "/t")], vec!["/t/holdpoint-N"]),
            (vec![], vec!["/tmp/holdpoint-N"]),
        ] {
            let given = given
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let own = format!("/holdpoint-{}", user());
            let wanted: Vec<_> = wanted
                .into_iter()
                .map(|folder| PathBuf::from(folder.replace("/holdpoint-N", &own)))
                .collect();
            assert_eq!(folders(&given.collect()), wanted);
        }
    }
}
