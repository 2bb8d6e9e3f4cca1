"""Disks to be filled and to lose their power. They need root, loop devices and FUSE."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from programs import NotRun, kill, wait_for


def need(*tools: str) -> None:
    """Says that the machine cannot, instead of passing."""
    if os.geteuid() != 0:
        raise NotRun("it needs root, to mount disks")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise NotRun(f"not installed: {', '.join(missing)}")


def sh(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True,
                          text=True).stdout.strip()


def try_sh(*command: str | Path) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=True).returncode == 0


def attach(file: Path) -> str:
    """A loop device over the file."""
    done = subprocess.run(["losetup", "-f", "--show", str(file)], capture_output=True, text=True)
    if done.returncode != 0:
        raise NotRun(f"no loop device: {done.stderr.strip()}")
    return done.stdout.strip()


def fill_with(place: Path, content: Path) -> None:
    """Moves a folder's content onto the disk that is mounted at its place."""
    sh("cp", "-a", f"{content}/.", place)
    sh("chmod", "--reference", content, place)
    sh("chown", "--reference", content, place)
    shutil.rmtree(content)
    sh("sync", "-f", place)


@dataclass
class SmallDisk:
    """An ext4 of so many MiB in a file, mounted over a folder whose content it takes."""

    image: Path
    place: Path
    mebibytes: int
    loop: str | None = None

    def begin(self) -> None:
        need("losetup", "mkfs.ext4", "mount")
        with open(self.image, "wb") as image:
            image.truncate(self.mebibytes << 20)
        self.loop = attach(self.image)
        sh("mkfs.ext4", "-q", "-m", "0", self.loop)
        aside = self.place.with_name("aside")
        self.place.rename(aside)
        self.place.mkdir()
        sh("mount", self.loop, self.place)
        fill_with(self.place, aside)

    def fill(self, but_mebibytes: int = 0) -> Path:
        """Takes all that is free but so much. Returns the file to be deleted again."""
        ballast = self.place / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            left = os.statvfs(self.place)
            size = left.f_bavail * left.f_frsize - (max(1, but_mebibytes) << 20)
            os.posix_fallocate(file.fileno(), 0, size)
            if but_mebibytes > 0:
                return ballast
            # To the last byte, which nobody can be promised.
            file.seek(0, os.SEEK_END)
            block = bytes(1 << 16)
            while True:
                try:
                    file.write(block)
                except OSError:
                    if len(block) == 1:
                        return ballast
                    block = block[:len(block) // 2]

    def end(self) -> None:
        try_sh("umount", "-l", self.place)
        if self.loop is not None:
            try_sh("losetup", "-d", self.loop)


@dataclass
class FaultDisk:
    """An ext4 on a disk with a cache that is gone when its power is cut.

    nbdkit keeps what is written in a cache and writes it to the image when it is told to flush;
    kill -9 of nbdkit is the power cut.
    """

    image: Path
    place: Path
    mebibytes: int = 600
    loop: str | None = None
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.image.parent

    def begin(self) -> None:
        need("nbdkit", "nbdfuse", "losetup", "mkfs.ext4", "e2fsck", "mount")
        if not os.path.exists("/dev/fuse"):
            raise NotRun("no /dev/fuse")
        with open(self.image, "wb") as image:
            image.truncate(self.mebibytes << 20)
        aside = self.place.with_name("aside")
        self.place.rename(aside)
        self.place.mkdir()
        self.power_on(make=True)
        fill_with(self.place, aside)

    def power_on(self, make: bool = False) -> None:
        """Through the cache; what the image holds is what survived."""
        socket, fuse = self.folder / "nbd.sock", self.folder / "nbd"
        socket.unlink(missing_ok=True)
        nbdkit = subprocess.Popen(
            ["nbdkit", "-f", "-U", socket, "--filter=cache", "file", self.image,
             "cache=writeback", "cache-max-size=4G"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes = [nbdkit]
        wait_for("nbdkit", socket.exists, 20)
        fuse.touch()
        self.processes.append(subprocess.Popen(
            ["nbdfuse", fuse, f"nbd+unix://?socket={socket}"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for("nbdfuse", lambda: fuse.stat().st_size > 0, 20)
        self.loop = attach(fuse)
        if make:
            sh("mkfs.ext4", "-q", self.loop)
        else:
            # The file system's own journal; 1 is "mended".
            done = subprocess.run(["e2fsck", "-p", self.loop], capture_output=True, text=True)
            if done.returncode > 1:
                raise OSError(f"e2fsck: {done.stdout}")
        sh("mount", self.loop, self.place)

    def cut(self) -> None:
        """The power goes: what was not flushed is gone."""
        kill(self.processes[0].pid)
        self.processes[0].wait()

    def take_off(self) -> None:
        """After a cut, when nobody uses it any more."""
        try_sh("umount", "-l", self.place)
        if self.loop is not None:
            try_sh("losetup", "-d", self.loop)
            self.loop = None
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []
        try_sh("umount", "-l", self.folder / "nbd")

    end = take_off
