"""Change a picture: the one whose path is given, or one that is painted first.

Usage: python image_edit.py [photo.jpg ["what to change"]]
"""

import sys
from pathlib import Path

from aki_client import Aki, Image

change = sys.argv[2] if len(sys.argv) > 2 else "Turn the astronaut into a polar bear"

with Aki() as aki:
    paint, edit = aki.z_image_turbo, aki.qwen_image_edit  # or others of your hub that do the same
    if len(sys.argv) > 1:
        picture: Path | Image = Path(sys.argv[1])
    else:
        print("painting a picture to change")
        picture = paint(prompt="An astronaut on Mars").images[0]
        print(f"before: {picture.save('.')}")

    # A picture may be a path, bytes, an open file, a Pillow image or another call's output.
    edited = edit(prompt=change, image=picture)

print(f"after:  {edited.images[0].save('.')}")
