"""PyAV's two ways to take frames by index, for bench.ts: decode everything, or seek to each. Prints CPU seconds of the better one.

usage: python pyav_sample.py FILE 0,30,60
"""
import sys, time
import av

path, indices = sys.argv[1], [int(index) for index in sys.argv[2].split(",")]


def image(frame):
    return frame.to_ndarray(width=224, height=224, format="rgb24", interpolation="BICUBIC")


def decode_all():
    wanted = set(indices)
    with av.open(path) as container:
        return [image(frame) for i, frame in enumerate(container.decode(video=0)) if i in wanted]


def seek_each():
    out = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        for index in indices:
            pts = round(index / float(stream.average_rate) / float(stream.time_base)) + (stream.start_time or 0)
            container.seek(pts, stream=stream)
            out.append(image(next(frame for frame in container.decode(stream) if frame.pts >= pts)))
    return out


best = float("inf")
for way in (decode_all, seek_each):
    start = time.process_time()
    assert len(way()) == len(indices)
    best = min(best, time.process_time() - start)
print(best)
