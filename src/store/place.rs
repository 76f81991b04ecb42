//! A folder, or a prefix of an object store, in which whole files appear or nothing does.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload,
};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;

use super::buckets::{blocking, patient};
use super::{FaultKind, StoreFault};

/// A folder or a prefix. Names below it have forward slashes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Place(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Folder(PathBuf),
    Prefix { store: Arc<dyn ObjectStore>, key: Key },
}

/// A piece of an upload, and the smallest that object stores take.
const PIECE: usize = 8 * 1024 * 1024;

/// Age at which an unfinished file is nobody's.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What unfinished files are called: a dot at the beginning, this at the end.
const UNFINISHED: &str = ".unfinished";

impl Place {
    pub(super) fn folder(path: PathBuf) -> Self {
        Self(Kind::Folder(path))
    }

    pub(super) fn prefix(store: Arc<dyn ObjectStore>, key: Key) -> Self {
        Self(Kind::Prefix { store, key })
    }

    /// The place below this one.
    pub fn child(&self, name: &str) -> Self {
        Self(match &self.0 {
            Kind::Folder(path) => Kind::Folder(path.join(name)),
            Kind::Prefix { store, key } => {
                let key = name.split('/').fold(key.clone(), |key, segment| key.join(segment));
                Kind::Prefix { store: Arc::clone(store), key }
            }
        })
    }

    /// The whole file; `None` where there is none.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreFault> {
        let outcome = match &self.child(name).0 {
            Kind::Folder(path) => {
                let path = path.clone();
                blocking(move || Ok(Bytes::from(fs::read(path)?))).await
            }
            Kind::Prefix { store, key } => {
                patient(async || Ok(store.get(key).await?.bytes().await?)).await
            }
        };
        match outcome {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) if fault.kind == FaultKind::Missing => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Writes the whole file unless there is one by that name: false then. Of several who try at the
    /// same time, one succeeds.
    pub async fn put_new(&self, name: &str, bytes: Bytes) -> Result<bool, StoreFault> {
        self.write(name, bytes, PutMode::Create).await
    }

    /// Writes the whole file over what may be there.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreFault> {
        self.write(name, bytes, PutMode::Overwrite).await.map(|_| ())
    }

    async fn write(&self, name: &str, bytes: Bytes, mode: PutMode) -> Result<bool, StoreFault> {
        match &self.child(name).0 {
            Kind::Folder(path) => {
                let (path, over) = (path.clone(), mode == PutMode::Overwrite);
                blocking(move || Ok(Draft::of(&path)?.filled(&bytes)?.commit(over)?)).await
            }
            Kind::Prefix { store, key } => {
                // What was written though the answer got lost is there already, which is as good.
                patient(async || {
                    let options = PutOptions { mode: mode.clone(), ..PutOptions::default() };
                    match store.put_opts(key, PutPayload::from_bytes(bytes.clone()), options).await
                    {
                        Ok(_) => Ok(true),
                        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                        Err(error) => Err(error.into()),
                    }
                })
                .await
            }
        }
    }

    /// Writes the file from one of this machine, over what may be there, without holding it in memory.
    pub async fn put_file(&self, name: &str, from: &Path) -> Result<(), StoreFault> {
        let from = from.to_owned();
        match &self.child(name).0 {
            Kind::Folder(path) => {
                let path = path.clone();
                blocking(move || {
                    let mut draft = Draft::of(&path)?;
                    io::copy(&mut File::open(from)?, &mut draft.file)?;
                    draft.commit(true)?;
                    Ok(())
                })
                .await
            }
            Kind::Prefix { store, key } => {
                patient(|| uploaded(store.as_ref(), key, from.clone())).await
            }
        }
    }

    /// Copies the file to one of this machine, without holding it in memory; false where there is none.
    pub async fn copy_to(&self, name: &str, mut to: File) -> Result<bool, StoreFault> {
        match &self.child(name).0 {
            Kind::Folder(path) => {
                let path = path.clone();
                blocking(move || match File::open(path) {
                    Ok(mut from) => Ok(io::copy(&mut from, &mut to).map(|_| true)?),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                    Err(error) => Err(error.into()),
                })
                .await
            }
            Kind::Prefix { store, key } => {
                let mut pieces = match store.get(key).await {
                    Ok(got) => got.into_stream(),
                    Err(object_store::Error::NotFound { .. }) => return Ok(false),
                    Err(error) => return Err(error.into()),
                };
                while let Some(piece) = pieces.next().await {
                    let piece = piece?;
                    to = blocking(move || {
                        to.write_all(&piece)?;
                        Ok(to)
                    })
                    .await?;
                }
                Ok(true)
            }
        }
    }

    /// Removes the file, if there is one.
    pub async fn delete(&self, name: &str) -> Result<(), StoreFault> {
        let outcome = match &self.child(name).0 {
            Kind::Folder(path) => {
                let path = path.clone();
                blocking(move || Ok(fs::remove_file(path)?)).await
            }
            Kind::Prefix { store, key } => patient(async || Ok(store.delete(key).await?)).await,
        };
        outcome.or_else(|fault| if fault.kind == FaultKind::Missing { Ok(()) } else { Err(fault) })
    }

    /// Every file below, links not followed. Ends with a fault, or when all were named.
    pub fn list(&self) -> mpsc::Receiver<Result<String, StoreFault>> {
        let (found, listing) = mpsc::channel(256);
        match self.0.clone() {
            Kind::Folder(root) => {
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = walk(&root, &found) {
                        // Nobody listens any more when this fails.
                        let _ = found.blocking_send(Err(error.into()));
                    }
                });
            }
            Kind::Prefix { store, key } => {
                tokio::spawn(async move {
                    let mut objects = store.list(Some(&key));
                    while let Some(object) = objects.next().await {
                        let listed = object.map_err(StoreFault::from).map(|object| {
                            let whole = object.location.as_ref();
                            let name = whole.strip_prefix(key.as_ref()).unwrap_or(whole);
                            name.trim_start_matches('/').to_owned()
                        });
                        // The place itself may be an object.
                        if listed.as_ref().is_ok_and(String::is_empty) {
                            continue;
                        }
                        if found.send(listed).await.is_err() {
                            return;
                        }
                    }
                });
            }
        }
        listing
    }

    /// Removes what writers left unfinished an hour ago and more: they were killed. Stores keep nothing
    /// of that kind.
    pub async fn sweep(&self) {
        let Kind::Folder(root) = self.0.clone() else {
            return;
        };
        let old = |entry: &fs::DirEntry| {
            let written = entry.metadata().and_then(|about| about.modified()).ok();
            written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > ABANDONED)
        };
        let swept = blocking(move || {
            for entry in fs::read_dir(root)?.flatten() {
                if is_unfinished(&entry.file_name().to_string_lossy()) && old(&entry) {
                    // Somebody else may have been faster.
                    let _ = fs::remove_file(entry.path());
                }
            }
            Ok(())
        });
        // What stays is not listed and harms nobody.
        let _ = swept.await;
    }

    /// The folder, where this is one of this machine.
    pub fn as_folder(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Folder(path) => Some(path),
            Kind::Prefix { .. } => None,
        }
    }
}

/// Sends a file of this machine in pieces, or at once where there is only one.
async fn uploaded(store: &dyn ObjectStore, key: &Key, from: PathBuf) -> Result<(), StoreFault> {
    let mut pieces = pieces_of(from);
    let first = pieces.recv().await.transpose()?.unwrap_or_default();
    if first.len() < PIECE {
        store.put(key, PutPayload::from_bytes(first)).await?;
        return Ok(());
    }
    let mut upload = store.put_multipart_opts(key, PutMultipartOptions::default()).await?;
    upload.put_part(PutPayload::from_bytes(first)).await?;
    while let Some(piece) = pieces.recv().await {
        upload.put_part(PutPayload::from_bytes(piece?)).await?;
    }
    upload.complete().await?;
    Ok(())
}

fn walk(root: &Path, found: &mpsc::Sender<Result<String, StoreFault>>) -> io::Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // A place that nothing was written to yet.
            Err(error) if folder == root && is_nothing(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
                if is_unfinished(&name) {
                    continue;
                }
                let name = name.replace('\\', "/");
                if found.blocking_send(Ok(name)).is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn is_unfinished(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.starts_with('.') && last.ends_with(UNFINISHED)
}

/// The pieces of a file of this machine, all but the last of one size.
fn pieces_of(path: PathBuf) -> mpsc::Receiver<Result<Bytes, StoreFault>> {
    let (send, pieces) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        use std::io::Read;
        let read = || -> io::Result<()> {
            let file = File::open(path)?;
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                (&file).take(PIECE as u64).read_to_end(&mut piece)?;
                if piece.is_empty() || send.blocking_send(Ok(piece.into())).is_err() {
                    return Ok(());
                }
            }
        };
        if let Err(error) = read() {
            let _ = send.blocking_send(Err(error.into()));
        }
    });
    pieces
}

/// A file under another name beside its own, gone again unless it is committed.
struct Draft {
    path: PathBuf,
    own: PathBuf,
    file: File,
}

impl Draft {
    fn of(own: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = own.parent().unwrap_or_else(|| Path::new(""));
        fs::create_dir_all(folder)?;
        let name = own.file_name().unwrap_or_default().to_string_lossy();
        // Machines that share a disk may share process ids: a name that is taken is not taken over.
        let (path, file) = loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".{name}.{}-{number}{UNFINISHED}", std::process::id()));
            match File::create_new(&path) {
                Ok(file) => break (path, file),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        Ok(Self { path, own: own.to_owned(), file })
    }

    fn filled(mut self, bytes: &[u8]) -> io::Result<Self> {
        self.file.write_all(bytes)?;
        Ok(self)
    }

    /// Gives the file its name: all of it is on the disk by then. False where the name is taken and
    /// may not be taken over.
    fn commit(self, over: bool) -> io::Result<bool> {
        self.file.sync_all()?;
        if over {
            fs::rename(&self.path, &self.own)?;
        } else {
            // A rename would replace silently; a second name for a file cannot.
            match fs::hard_link(&self.path, &self.own) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        if let Some(folder) = self.own.parent() {
            // Not every file system lets folders be synced; the file itself is safe.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(true)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename it is no longer there.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_there_whole_or_not_at_all_and_the_first_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::folder(folder.path().join("out"));
        assert_eq!(place.get("a/b").await.unwrap(), None);
        assert!(place.put_new("a/b", Bytes::from_static(b"one")).await.unwrap());
        assert!(!place.put_new("a/b", Bytes::from_static(b"two")).await.unwrap());
        assert_eq!(place.get("a/b").await.unwrap().unwrap(), "one");
        place.put("a/b", Bytes::from_static(b"three")).await.unwrap();
        assert_eq!(place.get("a/b").await.unwrap().unwrap(), "three");
        let mut listing = place.list();
        let only = listing.recv().await.unwrap().unwrap();
        assert_eq!(only, "a/b");
        assert!(listing.recv().await.is_none(), "no draft is left");
        place.delete("a/b").await.unwrap();
        place.delete("a/b").await.unwrap();
    }

    #[tokio::test]
    async fn of_many_writers_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::folder(folder.path().to_owned());
        let writers: Vec<_> = (0..16u8)
            .map(|n| {
                let place = place.clone();
                tokio::spawn(async move { place.put_new("x", vec![n; 9999].into()).await.unwrap() })
            })
            .collect();
        let mut won = 0;
        for writer in writers {
            won += usize::from(writer.await.unwrap());
        }
        let bytes = place.get("x").await.unwrap().unwrap();
        assert!(won == 1 && bytes.len() == 9999 && bytes.iter().all(|byte| *byte == bytes[0]));
    }
}
