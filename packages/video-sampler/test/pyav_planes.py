"""Hashes of the decoded planes of every frame by PyAV, one JSON line per file, for compare-files.ts.

usage: python pyav_planes.py FILE ...
"""
import hashlib, json, sys
import av

av.logging.set_level(av.logging.PANIC)


def planes(frame):
    digest = hashlib.md5()
    for index, plane in enumerate(frame.planes):
        data = memoryview(plane)
        # One plane of several components is packed; of more planes each holds one component.
        packed = len(frame.planes) == 1
        bits = frame.format.padded_bits_per_pixel if packed else frame.format.components[min(index, len(frame.format.components) - 1)].bits
        width = plane.width * ((bits + 7) // 8)
        for row in range(plane.height):
            digest.update(data[row * plane.line_size:row * plane.line_size + width])
    return digest.hexdigest()


for path in sys.argv[1:]:
    hashes = []
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1  # with threads an error in one packet costs frames of others
            for packet in container.demux(stream):
                try:
                    hashes += [planes(frame) for frame in packet.decode()]
                except av.error.FFmpegError:
                    pass  # damage in one packet does not end the video
    except Exception:
        pass  # what came until then counts
    print(json.dumps({"path": path, "md5": hashes}), flush=True)
