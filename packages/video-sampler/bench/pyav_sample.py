"""PyAV's two ways to sample, for bench.ts: decode everything, or seek to each target. Prints CPU seconds of the better one.

usage: python pyav_sample.py FILE fps|uniform NUMBER MAX
"""
import sys, time
import av, numpy as np

path, kind, number, most = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])


def targets(stream, count):
    if kind == "uniform":
        return np.linspace(0, count - 1, int(number), dtype=int)
    every = np.arange(0, count, float(stream.average_rate) / number).astype(int)
    return every if len(every) <= most else every[np.linspace(0, len(every) - 1, most, dtype=int)]


def image(frame):
    return frame.to_ndarray(width=224, height=224, format="rgb24", interpolation="BICUBIC")


def decode_all():
    with av.open(path) as container:
        stream = container.streams.video[0]
        wanted = set(targets(stream, stream.frames).tolist())
        return [image(frame) for i, frame in enumerate(container.decode(stream)) if i in wanted]


def seek_each():
    out = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        for index in targets(stream, stream.frames).tolist():
            pts = round(index / float(stream.average_rate) / float(stream.time_base)) + (stream.start_time or 0)
            container.seek(pts, stream=stream)
            out.append(image(next(frame for frame in container.decode(stream) if frame.pts >= pts)))
    return out


best = float("inf")
for way in (decode_all, seek_each):
    for _ in range(2):
        start = time.process_time()
        frames = way()
        best = min(best, time.process_time() - start)
        if time.process_time() - start > 20: break
print(best, len(frames))
