//! URIs and paths.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use parking_lot::RwLock;
use tower_lsp::gen_lsp_types::Uri;

/// The path that a file URI names; `None` for anything that is no file of this machine.
pub fn to_path(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme() != "file" {
        return None;
    }
    let path = uri.to_file_path().ok()?;
    // Without the separators that some clients put at the end.
    Some(path.components().collect()).filter(|p: &PathBuf| p.is_absolute())
}

/// The URI of a path.
pub fn of_path(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path).ok()
}

/// The name of a folder that came without one.
pub fn folder_name(path: &Path) -> String {
    match path.components().next_back() {
        Some(Component::Normal(name)) => name.to_string_lossy().into_owned(),
        _ => path.to_string_lossy().into_owned(),
    }
}

/// How the client writes the URIs of what it has open: there are several ways to escape the same path, and clients
/// compare what they get with what they know.
#[derive(Default)]
pub struct OpenUris(RwLock<HashMap<PathBuf, Uri>>);

impl OpenUris {
    pub fn opened(&self, path: &Path, uri: &Uri) {
        self.0.write().insert(path.to_owned(), uri.clone());
    }

    pub fn closed(&self, path: &Path) {
        self.0.write().remove(path);
    }

    /// The client's URI of the path, or ours.
    pub fn of(&self, path: &Path) -> Option<Uri> {
        self.0.read().get(path).cloned().or_else(|| of_path(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, path: Option<&str>) {
        assert_eq!(to_path(&Uri::parse(uri).unwrap()), path.map(PathBuf::from), "{uri}");
    }

    #[test]
    #[cfg(unix)]
    fn uris_are_paths_where_they_are_files() {
        check("file:///a/b.py", Some("/a/b.py"));
        check("file:///a/b/", Some("/a/b"));
        check("file://localhost/a", Some("/a"));
        check("file:///a%20b/%C3%BC/100%25%23.py", Some("/a b/ü/100%#.py"));
        check("file:///a%ZZb.py", Some("/a%ZZb.py"));
        check("file:///a/../b", Some("/b"));
        check("file:///", Some("/"));
        check("untitled:Untitled-1", None);
        check("https://example.com/a.py", None);
        check("git:/a.py?ref=HEAD", None);
        check("urn:x", None);
    }

    #[test]
    #[cfg(unix)]
    fn paths_come_back_through_their_uris() {
        for path in ["/a", "/a b", "/100%25 #?&+", "/a b%20c", "/ünïcödé 漢/x.py"] {
            assert_eq!(to_path(&of_path(Path::new(path)).unwrap()).unwrap(), Path::new(path));
        }
        assert_eq!((folder_name(Path::new("/a/b")), folder_name(Path::new("/"))), ("b".into(), "/".into()));
    }

    #[test]
    fn an_open_file_keeps_the_client_s_spelling() {
        let uris = OpenUris::default();
        let (path, theirs) = (Path::new("/a+b.py"), Uri::parse("file:///a%2Bb.py").unwrap());
        uris.opened(path, &theirs);
        assert_eq!(uris.of(path), Some(theirs));
        uris.closed(path);
        assert_eq!(uris.of(path).unwrap().as_str(), "file:///a+b.py");
    }
}
