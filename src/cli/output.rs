//! What the commands print.

use std::io::{self, Write};

/// Writes to standard output. Whoever reads it may have had enough (`| head`); that is no fault.
///
/// # Errors
/// If it cannot be written for another reason.
pub fn print(text: &str) -> io::Result<()> {
    written(&mut io::stdout().lock(), text)
}

/// Writes a line about the output to standard error, if anybody reads that.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn written(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
