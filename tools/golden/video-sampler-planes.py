"""Hashes of the decoded planes of every fixture, by the ffmpeg program, for packages/video-sampler.

Run with: python tools/golden/video-sampler-planes.py  (after `npx tsx packages/video-sampler/test/make-fixtures.ts`)
FFMPEG_BIN names the program. Written with FFmpeg 5.1.9 (its version is in the file); any version since 4.4 gives the
same planes, an older one reports no damage. Needs Python's standard library only.
"""
import json, os, re, subprocess
from pathlib import Path

ffmpeg = os.environ.get("FFMPEG_BIN", "ffmpeg")
test = Path(__file__).resolve().parents[2] / "packages/video-sampler/test"


def run(*args):
    done = subprocess.run([ffmpeg, "-hide_banner", "-nostdin", *args], capture_output=True, text=True, errors="replace")
    return done.stdout, done.stderr


def source(path):
    return ["-threads", "1", "-noautorotate", "-copyts", "-i", str(path), "-map", "0:V:0"]


def planes(path):
    """Presentation time and MD5 of every frame that comes out, in the stream's own ticks and pixel format."""
    out, log = run(*source(path), "-vsync", "passthrough", "-enc_time_base", "-1", "-f", "framemd5", "-")
    frames = [[field.strip() for field in line.split(",")] for line in out.splitlines() if line and line[0] != "#"]
    return {
        "timeBase": re.search(r"^#tb 0: (\S+)", out, re.M).group(1),
        "pts": [int(frame[2]) for frame in frames],
        "md5": [frame[5] for frame in frames],
    }


def damaged(path):
    """Times of the frames that ffmpeg calls corrupt: the warning comes right before the decoder's line about the frame."""
    _, log = run("-debug_ts", *source(path), "-vsync", "passthrough", "-f", "null", "-")
    times, warned = [], False
    for line in log.splitlines():
        warned |= "corrupt decoded frame" in line
        if warned and "decoder -> " in line:
            times.append(int(re.search(r"best_effort_ts:(-?\d+)", line).group(1)))
            warned = False
    return times


if __name__ == "__main__":
    version = re.search(r"ffmpeg version (\S+)", run("-version")[0]).group(1)
    files = {}
    for path in sorted((test / "fixtures").iterdir()):
        files[path.name] = {**planes(path), "damaged": damaged(path)}
        print(path.name, len(files[path.name]["md5"]), "frames,", len(set(files[path.name]["md5"])), "distinct")
    target = test / "golden/planes.json"
    entries = ",\n".join(f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in files.items())
    target.write_text(f'{{"ffmpeg":{json.dumps(version)},"files":{{\n{entries}\n}}}}\n')
