// The processes below VS Code's, as Linux tells of them: which they are, and whom they talk to.
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** A file of a process; empty if that has just ended. */
export function told(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** A process and all below it. */
export function below(ancestor) {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(pids.map((pid) => [pid, Number(/^PPid:\s*(\d+)/m.exec(told(pid, "status"))?.[1] ?? 0)]));
  const isBelow = (pid) => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === ancestor) return true;
    return false;
  };
  return pids.filter(isBelow);
}

/** How often it is looked whom they talk to: what comes and goes in between is not seen. */
const LOOK_MS = 250;

/** Of an address in the system's tables, four bytes to a word with the last first. */
const ANY = /^0+$/;
const LOOPBACK = /^(0000000000000000FFFF0000)?[0-9A-F]{6}7F$|^0{24}01000000$/;
const LISTENS = "0A";

/** Notes every socket of a process and of those below it that reaches, or can be reached from, beyond loopback. */
export function watchSockets(ancestor) {
  const outside = new Set();
  const look = () => {
    const owners = new Map(below(ancestor).flatMap((pid) => sockets(pid).map((inode) => [inode, pid])));
    for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
      for (const line of told("self", `net/${table}`).split("\n").slice(1)) {
        const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
        const pid = owners.get(inode);
        if (pid === undefined) continue;
        const [here, there] = [local, remote].map((address) => address.split(":")[0]);
        const isOpen = ANY.test(there) && !LOOPBACK.test(here) && (state === LISTENS || table.startsWith("udp"));
        const isAway = !ANY.test(there) && !LOOPBACK.test(there);
        if (isOpen || isAway) outside.add(`${table} ${local} to ${remote} of ${told(pid, "cmdline").replaceAll("\0", " ")}`);
      }
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    /** What was seen until now. */
    outside() {
      look();
      return [...outside];
    },
    stop: () => clearInterval(timer),
  };
}

/** The inodes of a process's sockets. */
function sockets(pid) {
  let files = [];
  try {
    files = readdirSync(`/proc/${pid}/fd`);
  } catch {}
  return files.flatMap((file) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${file}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
