"""Frames by index through PyAV, decord2 and torchcodec, for bench.ts. Prints CPU seconds of each as JSON; null where it does not load.

usage: python peers_sample.py FILE 0,30,60
PyAV: the better of decoding everything and seeking to each. One decoder thread everywhere, frames of 224 x 224.
"""
import json, sys, time

path, indices = sys.argv[1], [int(index) for index in sys.argv[2].split(",")]


def pyav():
    import av

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

    return min(timed(decode_all), timed(seek_each))


def decord():
    import decord as library

    return timed(lambda: library.VideoReader(path, ctx=library.cpu(0), width=224, height=224, num_threads=1).get_batch(indices).asnumpy())


def torchcodec():
    import torch
    from torchcodec.decoders import VideoDecoder

    torch.set_num_threads(1)
    # Frames keep their size: without the resize of the others it has less to do.
    return timed(lambda: VideoDecoder(path, num_ffmpeg_threads=1, seek_mode="approximate").get_frames_at(indices).data)


def timed(way):
    start = time.process_time()
    assert len(way()) == len(indices)
    return time.process_time() - start


def tried(way):
    try:
        return way()
    except Exception as error:  # not installed, or its libraries do not load here
        print(f"{way.__name__}: {error}"[:200], file=sys.stderr)
        return None


print(json.dumps({way.__name__: tried(way) for way in (pyav, decord, torchcodec)}))
