"""The figure itself: a block toy of our own, with a rounded-box head, mitten hands, a barrel body and short round legs.

Millimetres; the base's top is y = 0. Everything on the head is turned with it (`HEAD_YAW`), everything that is held
is placed by `grip`.
"""

import numpy as np

from .sdf import Array, Shape, Vec, ball, box, cyl, loft, path, pill, rotation, smooth

HEAD_C = (0.0, 29.9, 0.0)
HEAD_H = (6.2, 5.3, 5.6)
HEAD_R = 4.2
HEAD_TOP = HEAD_C[1] + HEAD_H[1]
HEAD_YAW = 9.0
"""The head looks a little towards the camera."""

HEAD = box(HEAD_C, HEAD_H, HEAD_R)
NECK = cyl((0, 24.2, 0), 2.7, 1.4, 0.3)
TORSO = loft(
    (9.6, 11.2, 14.6, 18.6, 22.0, 24.3), (5.5, 6.1, 6.5, 6.3, 5.6, 4.2), (4.1, 4.6, 5.0, 4.7, 4.1, 3.2), 3.4, 1.3
)
HIPS = box((0, 8.5, 0), (5.4, 1.8, 4.1), 1.5)
LEG = pill((3.2, 2.2, 0), (3.2, 8.0, 0), 2.75, 2.95).both()
SHOE = box((3.3, 1.75, 0.9), (2.95, 1.75, 4.2), 1.65).both()

SHOULDER = (5.8, 21.1, 0.0)
POSES: dict[str, tuple[Vec, Vec]] = {  # elbow and wrist of the arm at x > 0
    "down": ((8.2, 17.2, -0.6), (9.0, 13.5, 1.0)),
    "hold": ((9.0, 17.0, 0.2), (10.2, 15.7, 4.4)),
    "up": ((10.2, 22.6, -0.2), (11.8, 26.6, 0.9)),
    "hip": ((11.5, 17.0, -1.6), (8.7, 12.9, 1.3)),
    "out": ((9.8, 19.0, 1.0), (13.0, 18.9, 3.4)),
}


def arm(pose: str) -> Shape:
    elbow, wrist = POSES[pose]
    shoulder = smooth(0.8, ball(SHOULDER, 2.5), path([SHOULDER, elbow, wrist], 2.35, 1.95, 1.6))
    u = _unit(np.subtract(wrist, elbow))
    cut = Shape(lambda p: sum((p[i] - np.float32(wrist[i])) * u[i] for i in range(3)))  # type: ignore[arg-type,return-value]
    cuff = cyl((0, 0, 0), 2.15, 0.55, 0.4).place(_frame(u), np.subtract(wrist, u * 0.3))
    return smooth(0.2, shoulder & cut, cuff)


def hand(pose: str) -> Shape:
    """A mitten: one soft block and a thumb."""
    elbow, wrist = POSES[pose]
    u = _unit(np.subtract(wrist, elbow))
    palm = smooth(0.6, box((0, 2.1, 0), (1.45, 1.9, 2.0), 1.3), cyl((0, 0.3, 0), 1.5, 0.7, 0.3))
    thumb = pill((-0.9, 1.2, 0.6), (-1.5, 2.5, 1.5), 0.95, 0.75)
    return smooth(0.4, palm, thumb).place(_frame(u), wrist)


GRIP_AT = (-10.55, 15.3, 6.4)
GRIP = rotation(5, 12, 7)


def grip(item: Shape) -> Shape:
    """From an item's own frame into the raised hand at x < 0; y runs along the grip, z away from the figure."""
    return item.place(GRIP, GRIP_AT)


def turned(worn: Shape) -> Shape:
    return worn.turn(y=HEAD_YAW)


def side(shape: Shape, letter: str) -> Shape:
    return shape.mirror() if letter == "R" else shape


def _unit(v: Array) -> Array:
    return np.asarray(v / np.linalg.norm(v), np.float32)


def _frame(u: Array) -> Array:
    """Columns: side, along u, towards the viewer."""
    z = np.array([0, 0, 1], np.float32) - u * u[2]
    z = _unit(z) if np.linalg.norm(z) > 0.2 else _unit(np.array([0, 1, 0], np.float32) - u * u[1])
    return np.stack([np.cross(u, z), u, z], 1)
