"""Hashes of the decoded planes of every frame by PyAV, one JSON line per file, for compare-files.ts.

usage: python pyav_planes.py FILE ...
"""
import hashlib, json, sys
import av

av.logging.set_level(av.logging.PANIC)


def planes(frame):
    digest = hashlib.md5()
    for plane, component in zip(frame.planes, range(len(frame.planes))):
        data = memoryview(plane)
        bits = frame.format.components[min(component, len(frame.format.components) - 1)].bits
        packed = len(frame.planes) == 1 and len(frame.format.components) > 1
        width = plane.width * ((bits + 7) // 8) * (len(frame.format.components) if packed else 1)
        for row in range(plane.height):
            digest.update(data[row * plane.line_size:row * plane.line_size + width])
    return digest.hexdigest()


for path in sys.argv[1:]:
    hashes = []
    try:
        with av.open(path) as container:
            for frame in container.decode(video=0):
                hashes.append(planes(frame))
    except Exception:
        pass  # what came until then counts
    print(json.dumps({"path": path, "md5": hashes}), flush=True)
