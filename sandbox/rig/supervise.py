"""Start programs, keep them running, stop them by process id.

A program may be given a listening socket as standard input, shared by all its instances (FastCGI). One
that ends by itself is started again after a growing pause, and the supervisor says so. Every child is in
a session of its own and is ended with whatever it started; all of them end when this process dies.
"""
import os
import select
import signal
import socket
import subprocess
import threading
import time

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_S = 10.0  # lived this long: the next pause is the first one again
STOP_S = 5.0


class Child:
    """One instance of a program: its process while it runs, its pause while it does not."""

    def __init__(self, spec, index):
        self.spec = spec
        self.index = index
        self.process = None
        self.pidfd = -1
        self.started = 0.0
        self.pause = FIRST_PAUSE_S
        self.due = None  # monotonic time of the next start; None: running or held
        self.starts = 0

    @property
    def label(self):
        return self.spec.name if self.spec.count == 1 else f"{self.spec.name}[{self.index}]"


class Spec:
    """A program: what to run, how often, with which socket."""

    def __init__(self, name, argv, count=1, sock=None, env=None, cwd=None):
        self.name = name
        self.argv = argv
        self.count = count
        self.sock = sock
        self.env = env
        self.cwd = cwd
        self.held = False


def listen_unix(path, backlog=511):
    """A listening unix socket, replacing what an earlier run left behind."""
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(path)
    os.chmod(path, 0o600)
    sock.listen(backlog)
    return sock


def listen_tcp(port=0):
    """A listening socket on 127.0.0.1; port 0 takes a free one."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(128)
    return sock


class Supervisor:
    def __init__(self, log_dir, say=print):
        self.log_dir = log_dir
        self.say = say
        self.specs = {}
        self.children = []
        self.lock = threading.RLock()
        self.stopping = False
        self.thread = None
        self.wake_r, self.wake_w = os.pipe()

    def add(self, spec):
        """Start every instance of a program; from now on it is kept running."""
        with self.lock:
            self.specs[spec.name] = spec
            for index in range(spec.count):
                child = Child(spec, index)
                self.children.append(child)
                self._start(child)
            if self.thread is None:
                self.thread = threading.Thread(target=self._watch, daemon=True)
                self.thread.start()
        self._poke()

    def _poke(self):
        os.write(self.wake_w, b"x")

    def log_path(self, name):
        return os.path.join(self.log_dir, name + ".log")

    def _start(self, child):
        spec = child.spec
        argv = ["setpriv", "--pdeathsig", "TERM", "--", *spec.argv]
        with open(self.log_path(spec.name), "ab", buffering=0) as log:
            child.process = subprocess.Popen(
                argv, stdin=spec.sock if spec.sock is not None else subprocess.DEVNULL,
                stdout=log, stderr=log, env=spec.env, cwd=spec.cwd, start_new_session=True)
        child.pidfd = os.pidfd_open(child.process.pid)
        child.started = time.monotonic()
        child.due = None
        child.starts += 1

    def _ended(self, child):
        status = child.process.wait()
        _kill_group(child.process.pid)
        os.close(child.pidfd)
        child.pidfd = -1
        child.process = None
        if self.stopping or child.spec.held:
            return
        lived = time.monotonic() - child.started
        if lived >= STEADY_S:
            child.pause = FIRST_PAUSE_S
        how = f"signal {-status}" if status < 0 else f"status {status}"
        self.say(f"{child.label} ended with {how} after {lived:.1f} s; starting it again in "
                 f"{child.pause:.1f} s (log: {self.log_path(child.spec.name)})")
        child.due = time.monotonic() + child.pause
        child.pause = min(child.pause * 2, LONGEST_PAUSE_S)

    def _watch(self):
        while not self.stopping:
            with self.lock:
                fds = {c.pidfd: c for c in self.children if c.pidfd != -1}
                dues = [c.due for c in self.children if c.due is not None]
            timeout = max(0.0, min(dues) - time.monotonic()) if dues else None
            ready, _, _ = select.select([self.wake_r, *fds], [], [], timeout)
            with self.lock:
                if self.wake_r in ready:
                    os.read(self.wake_r, 4096)
                if self.stopping:
                    return
                for fd in ready:
                    child = fds.get(fd)
                    if child is not None and child.pidfd == fd:
                        self._ended(child)
                for child in self.children:
                    if child.due is not None and child.due <= time.monotonic():
                        self._start(child)

    def child(self, name, index=0):
        for c in self.children:
            if c.spec.name == name and c.index == index:
                return c
        raise KeyError(f"no program {name}[{index}] here; there are: {', '.join(self.specs)}")

    def pids(self, name):
        with self.lock:
            return [c.process.pid for c in self.children if c.spec.name == name and c.process]

    def kill(self, name, index=0, sig=signal.SIGKILL):
        """Send a signal to one instance; it is started again unless the program is held."""
        with self.lock:
            child = self.child(name, index)
            if child.process is None:
                return None
            pid = child.process.pid
            child.pause = FIRST_PAUSE_S
            os.kill(pid, sig)
            return pid

    def hold(self, name, sig=signal.SIGTERM, timeout=STOP_S):
        """Stop a program and leave it stopped until release(). True when all ended in time."""
        with self.lock:
            self.specs[name].held = True
            mine = [c for c in self.children if c.spec.name == name]
            for c in mine:
                c.due = None
                if c.process:
                    os.kill(c.process.pid, sig)
        deadline = time.monotonic() + timeout
        clean = True
        for c in mine:
            process = c.process
            if process is None:
                continue
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                clean = False
                _kill_group(process.pid)
        while any(c.process for c in mine):  # until the watcher has noticed too
            self._poke()
            time.sleep(0.01)
        return clean

    def release(self, name):
        with self.lock:
            self.specs[name].held = False
            for c in self.children:
                if c.spec.name == name and c.process is None:
                    self._start(c)
        self._poke()

    def running(self):
        """[(label, pid or None, seconds, starts)] of all instances."""
        with self.lock:
            now = time.monotonic()
            return [(c.label, c.process.pid if c.process else None,
                     now - c.started, c.starts) for c in self.children]

    def stop(self, first=()):
        """End everything, the programs named in `first` before those they talk to: SIGTERM, a few seconds, then
        SIGKILL to what is left. Returns the labels that had to be killed."""
        with self.lock:
            self.stopping = True
        self._poke()
        if self.thread is not None:
            self.thread.join()
        live = [c for c in reversed(self.children) if c.process]
        killed = _end([c for c in live if c.spec.name in first]) + _end([c for c in live if c.spec.name not in first])
        for c in self.children:
            if c.pidfd != -1:
                os.close(c.pidfd)
                c.pidfd = -1
        for spec in self.specs.values():
            if spec.sock is not None:
                spec.sock.close()
        self.children = []
        os.close(self.wake_r)
        os.close(self.wake_w)
        return killed


def _end(children):
    """Ask these to end, and see to it; the labels of those that had to be killed."""
    killed = []
    for c in children:
        if c.process.poll() is None:
            os.kill(c.process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    for c in children:
        try:
            c.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            killed.append(c.label)
        _kill_group(c.process.pid)
        c.process.wait()
    return killed


def _kill_group(pid):
    """What a child left behind in its own session (its helpers, nginx's workers)."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
