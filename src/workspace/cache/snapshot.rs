//! One folder's snapshot: a head that says whose it is and who wrote it, the folder's path, the graph's own bytes.
//!
//! Nothing of it is used before the head, the path and the file's length have been found right; the graph checks its
//! own part in the same way.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::time::SystemTime;

use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::Xxh3;

use super::super::directory::Directory;
use super::build;
use super::identity::Identity;
use super::place::Place;
use crate::graph::{Graph, LoadError, Saved};
use crate::lang;

/// First of all bytes; read on a machine of the other byte order it is another number.
const MAGIC: u64 = u64::from_le_bytes(*b"coppice1");
/// Changes with every change of the head.
const FORMAT: u64 = 2;
/// Longest path of a folder; systems have shorter ones.
const PATH_BYTES_MAX: u64 = 64 << 10;

/// Of the file that is in place, and of the one that is being written.
pub const KIND: &str = "graph";
pub const KIND_UNFINISHED: &str = "graph-new";

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Head {
    magic: u64,
    format: u64,
    /// The program that wrote it.
    build: u64,
    /// What its packs knew.
    packs: u64,
    device: u64,
    inode: u64,
    looked_ns: i64,
    path_len: u64,
    graph_len: u64,
    /// Of all fields before and of the path.
    hash: u64,
}

const HEAD_LEN: u64 = size_of::<Head>() as u64;

/// Why there is no snapshot to be had.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    #[error("there is none")]
    NotThere,
    #[error("another version of coppice wrote it")]
    OtherBuild,
    #[error("it is of another folder")]
    OtherFolder,
    #[error("another directory has been at the folder's place")]
    OtherDirectory(Directory),
    #[error("it is damaged")]
    Damaged,
    #[error(transparent)]
    Graph(#[from] LoadError),
    #[error("it cannot be read: {0}")]
    Read(io::Error),
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Missing::NotThere,
            io::ErrorKind::UnexpectedEof => Missing::Damaged,
            _ => Missing::Read(error),
        }
    }
}

/// A snapshot whose head is right; its graph has not been read yet.
pub struct Found {
    /// When the look at the disk began that the graph is from, in nanoseconds since the epoch.
    pub looked_ns: i64,
    /// The directory that was looked at. On another device it may be another one of the same number.
    pub directory: Directory,
    /// Its size on disk.
    pub bytes: u64,
    saved: Saved<File>,
}

impl Found {
    /// Memory that the graph takes while and after it is read.
    pub fn memory_bytes(&self) -> u64 {
        self.saved.memory_bytes()
    }

    /// # Errors
    /// If the graph's part of the file is not whole and right.
    pub fn load(self) -> Result<Graph, Missing> {
        Ok(self.saved.load()?)
    }
}

/// Looks for the folder's snapshot.
///
/// # Errors
/// If there is none that can be used.
pub fn find(place: &Place, identity: &Identity) -> Result<Found, Missing> {
    let mut file = place.open_file(&identity.file(KIND))?;
    let meta = file.metadata()?;
    let mut head = Head::zeroed();
    file.read_exact(bytemuck::bytes_of_mut(&mut head))?;
    if head.magic != MAGIC || head.format != FORMAT {
        return Err(Missing::OtherBuild);
    }
    let lengths = [HEAD_LEN, head.path_len, head.graph_len];
    let whole = lengths.iter().try_fold(0u64, |sum, len| sum.checked_add(*len));
    if head.path_len > PATH_BYTES_MAX || whole != Some(meta.len()) {
        return Err(Missing::Damaged);
    }
    let mut path = vec![0; head.path_len as usize];
    file.read_exact(&mut path)?;
    if head.hash != hash_of(&head, &path) {
        return Err(Missing::Damaged);
    }
    if head.build != build() || head.packs != lang::fingerprint() {
        return Err(Missing::OtherBuild);
    }
    if path != identity.path {
        return Err(Missing::OtherFolder);
    }
    let directory = Directory { device: head.device, inode: head.inode };
    if directory.inode != identity.directory.inode {
        return Err(Missing::OtherDirectory(directory));
    }
    // For those who make room, oldest first, this is its latest use. It may belong to a process that only reads.
    let _ = file.set_modified(SystemTime::now());
    let saved = Saved::open(file)?;
    if saved.disk_bytes() != Some(head.graph_len) {
        return Err(Missing::Damaged);
    }
    Ok(Found { looked_ns: head.looked_ns, directory, bytes: meta.len(), saved })
}

/// Writes the folder's snapshot: aside, synced, then put in the place of the one before. Returns its size. The caller
/// holds the folder's lock.
///
/// # Errors
/// If that fails; what is there stays as it is.
pub fn write(place: &Place, identity: &Identity, looked_ns: i64, graph: &Graph) -> io::Result<u64> {
    let unfinished = identity.file(KIND_UNFINISHED);
    let written = write_aside(place, &unfinished, identity, looked_ns, graph)
        .and_then(|bytes| place.rename(&unfinished, &identity.file(KIND)).map(|()| bytes));
    if written.is_err() {
        // On a full disk it is in the way of everybody.
        let _ = place.remove(&unfinished);
    }
    written
}

fn write_aside(
    place: &Place,
    name: &str,
    identity: &Identity,
    looked_ns: i64,
    graph: &Graph,
) -> io::Result<u64> {
    let mut file = place.create(name)?;
    let save = graph.saving()?;
    let path = &identity.path;
    let mut head = Head {
        magic: MAGIC,
        format: FORMAT,
        build: build(),
        packs: lang::fingerprint(),
        device: identity.directory.device,
        inode: identity.directory.inode,
        looked_ns,
        path_len: path.len() as u64,
        graph_len: save.disk_bytes(),
        hash: 0,
    };
    head.hash = hash_of(&head, path);
    let mut out = BufWriter::new(&mut file);
    out.write_all(bytemuck::bytes_of(&head))?;
    out.write_all(path)?;
    save.write(&mut out)?;
    out.flush()?;
    drop(out);
    file.sync_all()?;
    Ok(HEAD_LEN + head.path_len + head.graph_len)
}

fn hash_of(head: &Head, path: &[u8]) -> u64 {
    let fields = bytemuck::bytes_of(head);
    let mut hash = Xxh3::new();
    hash.update(&fields[..fields.len() - size_of::<u64>()]);
    hash.update(path);
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::modules::Layout;
    use crate::workspace::testing::scaled;
    use proptest::prelude::*;
    use std::fs;
    use tempfile::TempDir;

    struct Kept {
        dir: TempDir,
        place: Place,
        identity: Identity,
    }

    fn kept() -> Kept {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(&dir.path().join("cache")).unwrap();
        let identity = Identity::of(dir.path()).unwrap();
        let graph = Fixture::parse("//- /a.py\ndef f(): return g()\n//- /b.py\nclass C: pass\n").graph();
        write(&place, &identity, 7, &graph).unwrap();
        Kept { dir, place, identity }
    }

    impl Kept {
        fn bytes(&self) -> Vec<u8> {
            fs::read(self.place.path(&self.identity.file(KIND))).unwrap()
        }

        fn put(&self, bytes: &[u8]) {
            fs::write(self.place.path(&self.identity.file(KIND)), bytes).unwrap();
        }

        fn load(&self) -> Result<Graph, Missing> {
            find(&self.place, &self.identity).and_then(Found::load)
        }
    }

    #[test]
    fn what_was_written_is_found_by_its_folder_alone() {
        let kept = kept();
        let found = find(&kept.place, &kept.identity).unwrap();
        assert_eq!((found.looked_ns, found.bytes), (7, kept.bytes().len() as u64));
        let promised = found.memory_bytes();
        let graph = found.load().unwrap();
        assert!(graph.file("a.py").is_some() && graph.heap_bytes() as u64 <= promised);
        let mut other = kept.identity.clone();
        other.directory.inode += 1;
        let Err(Missing::OtherDirectory(there)) = find(&kept.place, &other) else {
            panic!("another directory")
        };
        assert_eq!(there, kept.identity.directory);
        // A device may have another number from one start of the system to the next.
        let mut renumbered = kept.identity.clone();
        renumbered.directory.device += 1;
        let found = find(&kept.place, &renumbered).unwrap();
        assert_eq!(found.directory, kept.identity.directory);
        let elsewhere = Identity::of(&kept.dir.path().join("cache")).unwrap();
        assert!(matches!(find(&kept.place, &elsewhere), Err(Missing::NotThere)));
        // Under the other's name it is still of its own folder.
        fs::copy(kept.place.path(&kept.identity.file(KIND)), kept.place.path(&elsewhere.file(KIND))).unwrap();
        assert!(matches!(find(&kept.place, &elsewhere), Err(Missing::OtherFolder)));
    }

    #[test]
    fn other_builds_and_packs_are_not_believed() {
        let kept = kept();
        let bytes = kept.bytes();
        for field in [0, 1, 2, 3] {
            let mut head: Head = bytemuck::pod_read_unaligned(&bytes[..HEAD_LEN as usize]);
            *[&mut head.magic, &mut head.format, &mut head.build, &mut head.packs][field] ^= 1;
            kept.put(&rehashed(head, &bytes));
            assert!(matches!(kept.load(), Err(Missing::OtherBuild)), "field {field}");
        }
    }

    fn rehashed(mut head: Head, bytes: &[u8]) -> Vec<u8> {
        let at = HEAD_LEN as usize;
        let path = bytes[at..].get(..head.path_len as usize).unwrap_or_default();
        head.hash = hash_of(&head, path);
        [bytemuck::bytes_of(&head), &bytes[at..]].concat()
    }

    #[test]
    fn hostile_lengths_under_a_right_checksum_are_refused() {
        let kept = kept();
        let bytes = kept.bytes();
        let head: Head = bytemuck::pod_read_unaligned(&bytes[..HEAD_LEN as usize]);
        let hostile = [0, 1, u64::MAX, u64::MAX - HEAD_LEN, 1 << 62, 1 << 40, head.graph_len - 1];
        for len in hostile {
            kept.put(&rehashed(Head { path_len: len, ..head }, &bytes));
            assert!(kept.load().is_err(), "path of {len}");
            kept.put(&rehashed(Head { graph_len: len, ..head }, &bytes));
            assert!(kept.load().is_err(), "graph of {len}");
            // The sum of both is right.
            let path_len = head.path_len.wrapping_add(head.graph_len).wrapping_sub(len);
            kept.put(&rehashed(Head { graph_len: len, path_len, ..head }, &bytes));
            assert!(kept.load().is_err(), "both, {len}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(scaled(100) as u32))]

        #[test]
        fn a_flipped_byte_is_seen(at in any::<prop::sample::Index>(), change in 1u8..) {
            let kept = kept();
            let mut bytes = kept.bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            kept.put(&bytes);
            prop_assert!(kept.load().is_err());
        }

        #[test]
        fn a_cut_off_or_longer_file_is_seen(at in any::<prop::sample::Index>(), more in 1usize..100) {
            let kept = kept();
            let mut bytes = kept.bytes();
            kept.put(&bytes[..at.index(bytes.len())]);
            prop_assert!(kept.load().is_err());
            bytes.extend(std::iter::repeat_n(0, more));
            kept.put(&bytes);
            prop_assert!(kept.load().is_err());
        }
    }
}
