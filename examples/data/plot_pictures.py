"""
====================
A folder of pictures
====================

Some pictures are already sorted into folders named after their classes; the others are in a folder
called *unsorted*. On the command line, ``fewlabels spread photos/ --sort-into sorted/`` sorts the
rest. This example does the same in Python.
"""

# %%
# Letters in many typefaces
# -------------------------
# We draw eight letters in the typefaces that come with Matplotlib, slightly rotated and shifted,
# and save them as PNG files. Three pictures of each letter are in a folder of their own, and all
# others are unsorted.

import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

rng = np.random.default_rng(0)
fonts = [
    path
    for path in sorted(Path(mpl.get_data_path(), "fonts", "ttf").glob("*.ttf"))
    if path.stem.startswith(("DejaVu", "STIXGeneral", "cmr", "cmb", "cmss", "cmtt"))
    and "Display" not in path.stem
]


def drawn(letter, font):
    picture = Image.new("L", (48, 48), 255)
    place = (24 + rng.integers(-4, 5), 24 + rng.integers(-4, 5))
    kind = ImageFont.truetype(str(font), int(rng.integers(24, 34)))
    ImageDraw.Draw(picture).text(place, letter, font=kind, fill=0, anchor="mm")
    return picture.rotate(rng.normal(0, 8), fillcolor=255)


folder = Path(tempfile.mkdtemp())
letters = [letter for letter in "ABEGKRSX" for _ in range(50)]
seen = dict.fromkeys("ABEGKRSX", 0)
truth = {}
for number, letter in enumerate(letters):
    seen[letter] += 1
    home = folder / (letter if seen[letter] <= 3 else "unsorted")
    home.mkdir(exist_ok=True)
    drawn(letter, fonts[rng.integers(len(fonts))]).save(home / f"{number:03d}.png")
    truth[f"{number:03d}.png"] = letter

# %%
# Read the folder, and fit
# ------------------------
# The name of the folder is the label. ``points_`` shows which features were computed.

from fewlabels import FewLabelsClassifier
from fewlabels.io import read_picture_folder

pictures = read_picture_folder(folder)
model = FewLabelsClassifier().fit(pictures, pictures.values("folder"))
print(model.points_)

names = [Path(path).name for path in pictures.values("path")]
is_new = np.array([label is None for label in pictures.values("folder")])
right = np.array([truth[name] for name in names]) == model.transduction_
print(f"{np.sum(~is_new)} labelled; {right[is_new].mean():.1%} of {is_new.sum()} others are right")

# %%
# Pictures to check by hand
# -------------------------
# These are the answers that the model is least sure of, with their probabilities.

import matplotlib.pyplot as plt

confidence = np.where(is_new, model.label_distributions_.max(axis=1), 2)
figure, axes = plt.subplots(2, 6, figsize=(9, 3.6), layout="constrained")
paths = pictures.values("path")
for point, ax in zip(np.argsort(confidence), axes.flat, strict=False):
    ax.imshow(Image.open(folder / paths[point]), cmap="gray")
    ax.set_title(f"{model.transduction_[point]} ({confidence[point]:.2f})")
    ax.set_axis_off()
figure.suptitle("The least probable answers")
plt.show()
